"""Fuzz every target on the sources, then replay what was found on the installed form: `python -m tests.fuzz`.

The guided fuzzer sees the sources only, so they are what is fuzzed; the inputs it keeps are then replayed on what is
installed, which is the compiled form where there is a C compiler.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import subprocess
import sys
from pathlib import Path
from typing import TextIO

from tests.fuzz.targets import TARGETS
from tests.paths import ROOT

FOUND = ROOT / "build" / "fuzz"
SUMMARY = ("stat::", "ran ", "replayed ", "Done ", "fault ", "SUMMARY")


def run(words: list[str], env: dict[str, str], log: TextIO | None) -> bool:
    """Run one worker, passing on what matters of what it says; return whether it found no fault."""
    command = [sys.executable, "-m", "tests.fuzz.worker", *words]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    text = done.stdout.decode(errors="replace")
    lines = text.splitlines()
    shown = [line for line in lines if line.startswith(SUMMARY)] if done.returncode == 0 else lines[-60:]
    for line in shown:
        print(f"  {line}", flush=True)
        if log:
            log.write(f"  {line}\n")
    return done.returncode == 0


def fuzz(name: str, seconds: int, log: TextIO | None) -> bool:
    """Fuzz one target and replay its corpus on the installed form."""
    corpus = FOUND / name
    bare = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    steps = (
        (f"{name}: {seconds} s on the sources", ["--seconds", str(seconds)], {**bare, "PYTHONPATH": str(ROOT / "src")}),
        (f"{name}: its corpus on the installed form", ["--replay"], bare),
    )
    for title, options, env in steps:
        print(title, flush=True)
        if log:
            log.write(f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M:%S} {title}\n")
            log.flush()
        if not run([name, str(corpus), *options], env, log):
            return False
    return True


def main() -> int:
    """Fuzz the targets named, or all; fail when one has a fault."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", help="targets (default: all)")
    parser.add_argument("--seconds", type=int, default=20, help="for each target (default 20)")
    parser.add_argument("--log", type=Path, help="folder for a log of this run")
    arguments = parser.parse_args()
    names = arguments.targets or [target.name for target in TARGETS]
    log = None
    if arguments.log:
        arguments.log.mkdir(parents=True, exist_ok=True)
        log = (arguments.log / f"{dt.datetime.now(dt.UTC):%Y-%m-%d-%H%M}.txt").open("w")
    faulty = [name for name in names if not fuzz(name, arguments.seconds, log)]
    verdict = f"faults in {', '.join(faulty)}" if faulty else "no faults"
    print(verdict)
    if log:
        log.write(f"{verdict}\n")
        log.close()
    return 1 if faulty else 0


if __name__ == "__main__":
    sys.exit(main())
