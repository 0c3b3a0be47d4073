"""`tercel record`: writes what happens on this machine to capture files."""

from __future__ import annotations

import argparse
import sys
from typing import Final

from tercel.capture.source import CaptureError
from tercel.cli.live import add_live_options, watching
from tercel.cli.trace import fail, with_hint
from tercel.filters.errors import FilterError
from tercel.sensor.control import Control
from tercel.trace.record import Recording, RecordOptions
from tercel.trace.rotation import RotationOptions

_MEGABYTE: Final = 1_000_000
_COMPAT: Final = "0.29"
_EPILOG: Final = """\
examples:
  tercel record -w all.scap
  tercel record -w shells.scap.gz -z -M 60 "proc.name in (bash, sh)"
  tercel record -w ring.scap -C 100 -W 10
  tercel record -w "%Y%m%d-%H%M%S.scap" -G 3600 -W 24
  tercel record -w old.scap --compat 0.29"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    add = parser.add_argument
    add("-w", "--write", required=True, metavar="FILE", help="capture file to write, - for standard output")
    add("-z", "--compress", action="store_true", help="compress with gzip")
    add("-C", "--file-size", type=_positive, default=0, metavar="MB", help="begin another file after so many million "
        "bytes")  # fmt: skip
    add("-G", "--seconds", type=_positive, default=0, metavar="SECONDS", help="begin another file after so much time; "
        "FILE may have patterns such as %%H%%M%%S")  # fmt: skip
    add("-e", "--events", type=_positive, default=0, metavar="EVENTS", help="begin another file after so many events")
    add("-W", "--limit", type=_positive, default=0, metavar="COUNT", help="with -C, -G or -e: keep so many files")
    add("-n", "--numevents", type=_positive, default=0, metavar="N", help="stop after N events that pass the filter")
    add("-M", type=_positive, default=0, dest="duration", metavar="SECONDS", help="stop after so many seconds")
    add("--compat", choices=(_COMPAT,), help="write what sysdig 0.29 can read")
    add_live_options(parser)
    add("filter", nargs="*", metavar="FILTER", help="condition that events have to meet; words are joined")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number above 0")
    return int(text)


def _mistake(arguments: argparse.Namespace) -> str:
    """Return what is wrong with the combination of options."""
    rotates = arguments.file_size or arguments.seconds or arguments.events
    if arguments.limit and not rotates:
        return "-W says how many files to keep; say with -C, -G or -e when to begin another"
    if arguments.write == "-" and rotates:
        return "standard output is one file; name a file with -w for -C, -G and -e"
    return ""


def options_of(arguments: argparse.Namespace) -> RecordOptions:
    """Return what the command line asks for."""
    files = RotationOptions(
        path=arguments.write,
        compress=arguments.compress,
        size=arguments.file_size * _MEGABYTE,
        seconds=arguments.seconds,
        events=arguments.events,
        keep=arguments.limit,
        classic=arguments.compat == _COMPAT,
    )
    return RecordOptions(files, " ".join(arguments.filter), arguments.numevents, arguments.duration)


def run(arguments: argparse.Namespace) -> int:
    """Record until somebody stops it; 0, or 1 with a message on standard error."""
    mistake = _mistake(arguments)
    if mistake:
        return fail(mistake)
    name = "standard output" if arguments.write == "-" else arguments.write
    with Control() as control:
        try:
            watch = watching(arguments, control)
            recording = Recording(options_of(arguments), watch, lambda: _say(f"recording to {name}"))
        except FilterError as error:
            return fail(with_hint(error))
        return _finish(recording)


def _finish(recording: Recording) -> int:
    status = 0
    try:
        recording.run()
    except CaptureError as error:
        reason = error.__cause__ or error.__context__
        if isinstance(reason, BrokenPipeError):
            # Nobody reads what is written to standard output any more.
            raise reason from None
        status = fail(str(error))
    if recording.has_begun:
        _say(recording.summary())
    for remark in recording.remarks():
        _say(remark)
    return status


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
