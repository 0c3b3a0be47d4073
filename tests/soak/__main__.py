"""Keep a sensor busy for long and look at what grows: `python -m tests.soak`, as root."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, TextIO

from tests.soak.processes import short_lived
from tests.soak.pushdown import random_policies
from tests.soak.starts import starts_in_a_storm
from tests.soak.twins import twins

Say = Callable[[str], None]

# Each runs for so many seconds, says what it measures, and returns what is wrong, nothing if all is well.
TARGETS: Final[dict[str, Callable[[float, Path, Say], list[str]]]] = {
    "processes": short_lived,
    "starts": starts_in_a_storm,
    "pushdown": random_policies,
    "twins": twins,
}


def printer(log: TextIO | None) -> Say:
    """Return what prints a line and writes it into the log with the time."""

    def say(text: str) -> None:
        print(text, flush=True)
        if log:
            log.write(f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M:%S} {text}\n")
            log.flush()

    return say


def run_all(names: list[str], seconds: float, say: Say) -> list[str]:
    """Run targets one after the other; return what is wrong."""
    found = []
    for name in names:
        say(f"{name}: {seconds:g} s")
        with tempfile.TemporaryDirectory(prefix="tercel-soak-") as folder:
            faults = TARGETS[name](seconds, Path(folder), lambda text: say(f"  {text}"))
        found += [f"{name}: {fault}" for fault in faults]
    return found


def main() -> int:
    """Run the targets named, or all; fail when one finds a fault."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("targets", nargs="*", help=f"targets (default: all): {', '.join(TARGETS)}")
    parser.add_argument("--seconds", type=float, default=600, help="for each target (default 600)")
    parser.add_argument("--log", type=Path, help="folder for a log of this run")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.targets if name not in TARGETS]
    if unknown:
        parser.error(f"no such target: {', '.join(unknown)}; there are {', '.join(TARGETS)}")
    if os.geteuid() != 0:
        parser.error("watching the machine needs root")
    log = None
    if arguments.log:
        arguments.log.mkdir(parents=True, exist_ok=True)
        what = "-".join(arguments.targets) or "all"
        log = (arguments.log / f"{what}-{dt.datetime.now(dt.UTC):%Y-%m-%d-%H%M}.txt").open("x")
    say = printer(log)
    faults = run_all(arguments.targets or list(TARGETS), arguments.seconds, say)
    for fault in faults:
        say(f"fault {fault}")
    say(f"{len(faults)} faults" if faults else "no faults")
    if log:
        log.close()
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
