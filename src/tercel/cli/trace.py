"""`tercel trace`: prints, filters and writes the events of this machine or of capture files."""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from typing import Final

from tercel.capture.source import CaptureError
from tercel.cli.live import add_live_options, watching
from tercel.fields.options import BUFFER_BASE64, BUFFER_HEX, BUFFER_HEX_ASCII, BUFFER_LINES, BUFFER_TEXT
from tercel.fields.registry import Registry
from tercel.filters.errors import UNKNOWN_FIELD, FilterError
from tercel.filters.format import FormatError
from tercel.rules.hints import Hints
from tercel.sensor.control import Control
from tercel.trace.formats import line_format
from tercel.trace.options import TraceOptions
from tercel.trace.session import Trace

_TIME_MODES: Final = {
    "h": "time of day",
    "a": "seconds since the epoch",
    "r": "seconds since the first event",
    "d": "seconds since the call's entry",
    "D": "seconds since the line before",
}
_BUFFERS: Final = {"b": BUFFER_BASE64, "x": BUFFER_HEX, "X": BUFFER_HEX_ASCII, "A": BUFFER_LINES}
_EPILOG: Final = """\
examples:
  tercel trace "proc.name=cat and evt.type=openat"
  tercel trace -r capture.scap
  tercel trace -r capture.scap "evt.type=openat and fd.name startswith /etc"
  tercel trace -r capture.scap -p "%evt.time %proc.name %fd.name" proc.name=cat
  tercel trace -r capture.scap -w smaller.scap -z proc.name=cat"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    add = parser.add_argument
    add("-r", "--read", action="append", default=[], metavar="CAPTURE", help="capture to read, - for standard input; "
        "several are read one after the other; without, events are those of this machine")  # fmt: skip
    add("-p", "--print", dest="format", metavar="FORMAT", help="format of a line, or c, k, m for containers")
    add("-w", "--write", default="", metavar="FILE", help="write the events to a capture instead of printing them")
    add("-z", "--compress", action="store_true", help="with -w: compress with gzip")
    add("-n", "--numevents", type=_count, default=0, metavar="N", help="stop after N events that pass the filter")
    add("-M", type=_count, default=0, dest="duration", metavar="SECONDS", help="stop after so much time of the events, "
        "or, live, of the clock")  # fmt: skip
    add("-q", "--quiet", action="store_true", help="print nothing")
    add("-t", "--timetype", choices=_TIME_MODES, default="h", metavar="|".join(_TIME_MODES), help="evt.outputtime as "
        + ", ".join(f"{key}: {text}" for key, text in _TIME_MODES.items()))  # fmt: skip
    add("-j", "--json", action="store_true", help="print each event as a line of JSON")
    add("-d", "--displayflt", action="store_true", help="with -w: the filter decides only about printing")
    add("-D", "--debug", action="store_true", help="print the capture's internal events too")
    add("-v", "--verbose", action="store_true", help="do not cut buffers; say at the end how much was read")
    add("-A", "--print-ascii", action="store_const", const="A", dest="buffers", help="buffers as text, with line ends")
    add("-b", "--print-base64", action="store_const", const="b", dest="buffers", help="buffers as base64")
    add("-x", "--print-hex", action="store_const", const="x", dest="buffers", help="buffers in hexadecimal")
    add("-X", "--print-hex-ascii", action="store_const", const="X", dest="buffers", help="both ways")
    add_live_options(parser, all_flags=("--all",))
    add("--unbuffered", action="store_true", help="flush after every batch of lines")
    add("filter", nargs="*", metavar="FILTER", help="condition that events have to meet; words are joined")


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is not a number")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Trace the captures; 0, or 1 with a message on standard error."""
    options = TraceOptions(
        captures=tuple(arguments.read),
        filter=" ".join(arguments.filter),
        format=line_format(arguments.format, terminal=sys.stdout.isatty() and not arguments.json),
        write=arguments.write,
        compress=arguments.compress,
        limit=arguments.numevents,
        duration=arguments.duration,
        json=arguments.json,
        quiet=arguments.quiet,
        internal=arguments.debug,
        display_filter=arguments.displayflt,
        time_mode=arguments.timetype,
        buffer_format=_BUFFERS.get(arguments.buffers, BUFFER_TEXT),
        full_buffers=arguments.verbose,
        unbuffered=arguments.unbuffered,
    )
    with Control() as control:
        try:
            trace = Trace(options, sys.stdout, lambda: bool(control.stopped_by), watching(arguments, control))
            return _finish(trace, control, verbose=arguments.verbose)
        except FilterError as error:
            return fail(with_hint(error))
        except FormatError as error:
            return fail(f"format error at index {error.index}: {error}")


def _finish(trace: Trace, control: Control, *, verbose: bool) -> int:
    status = 0
    try:
        with control.reading() if trace.reads_files else nullcontext():
            trace.run()
    except CaptureError as error:
        # Compiled code keeps the context of what it raises, and not the cause.
        reason = error.__cause__ or error.__context__
        if isinstance(reason, BrokenPipeError):
            # Nobody reads what is written to standard output any more.
            raise reason from None
        status = fail(str(error))
    for remark in trace.remarks():
        print(remark, file=sys.stderr)
    if verbose:
        print(f"Captured events: {trace.events}, printed or written: {trace.matched}", file=sys.stderr)
    return status


def with_hint(error: FilterError) -> str:
    """Return the error, and the nearest known field where it names none."""
    hint = Hints().field(error.name, Registry.syscall()) if error.kind == UNKNOWN_FIELD else ""
    return f"{error.located()} ({hint})" if hint else error.located()


def fail(message: str) -> int:
    """Print an error; return the status to end with."""
    print(f"Error: {message}", file=sys.stderr)
    return 1
