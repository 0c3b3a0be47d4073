"""`tercel doctor`: what live capture finds on this machine, and what each missing thing costs."""

from __future__ import annotations

import argparse
import sys
from typing import Final

_EPILOG: Final = """\
The exit status is 0 when live capture can run here, 1 otherwise. With --running it is 0 when every thread of the
running sensor has given up what it does not need.

HOST_ROOT is respected: in a container, set it to where the machine's files are mounted.

examples:
  tercel doctor
  tercel doctor --json
  tercel doctor --running"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    parser.add_argument("-j", "--json", action="store_true", help="print JSON")
    parser.add_argument("-q", "--quiet", action="store_true", help="print only what keeps live capture from running")
    parser.add_argument(
        "--running",
        nargs="?",
        type=_process_id,
        const=0,
        metavar="PID",
        help="show what the threads of the running sensor may do; it is searched for unless its process id is given",
    )
    parser.add_argument("--root", default="", metavar="DIR", help="examine the /sys and /proc below this directory")


def run(arguments: argparse.Namespace) -> int:
    """Examine the machine or the running sensor; return the exit status."""
    if arguments.running is not None:
        return _show_running(arguments.running, as_json=arguments.json)
    return _show_machine(arguments.root, as_json=arguments.json, quiet=arguments.quiet)


def _show_machine(root: str, *, as_json: bool, quiet: bool) -> int:
    from tercel.alerts.jsontext import json_line
    from tercel.sensor.doctor.check import FAIL, can_run, examine_all
    from tercel.sensor.doctor.checks import CHECKS
    from tercel.sensor.doctor.context import Context
    from tercel.sensor.doctor.report import report_json, report_text

    findings = examine_all(CHECKS, Context(root.rstrip("/")))
    if quiet:
        findings = [finding for finding in findings if finding.status == FAIL]
    if findings or not quiet:
        print(json_line(report_json(findings)) if as_json else report_text(findings))
    return 0 if can_run(findings) else 1


def _show_running(pid: int, *, as_json: bool) -> int:
    from tercel.alerts.jsontext import json_line
    from tercel.sensor.doctor.running import NotRunningError, find_sensors, running_json, running_text

    try:
        sensors = find_sensors(pid)
    except NotRunningError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(json_line(running_json(sensors)) if as_json else running_text(sensors))
    return 1 if any(sensor.excess() for sensor in sensors) else 0


def _process_id(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"'{text}' is no process id: expected a whole number from 1 on")
    return int(text)
