"""The real command, in this process for thousands of tries, in one of its own where limits and signals matter."""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import IO

from tercel.cli.main import main

# Room for the interpreter, its libraries and everything that bad input may make the command hold on to.
MEMORY_MIB = 1024

# An error says where: an offset in a capture, a place in a text.
PLACE = re.compile(r"offset \d+|near byte \d+|:\d+:\d+|line \d+|column \d+")

_COMMAND = (sys.executable, "-m", "tercel")
# A shell sets the limits, so that nothing has to run between fork and exec.
_LIMITED = ("/bin/sh", "-c", 'ulimit -v "$0" && ulimit -c 0 && exec "$@"')


@dataclass(frozen=True)
class Outcome:
    """How a command ended and what it printed."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines of standard output."""
        return self.out.splitlines()

    @property
    def errors(self) -> list[str]:
        """The lines of standard error that are errors."""
        return [line for line in self.err.splitlines() if line.startswith("Error: ")]


def run_main(*words: str) -> Outcome:
    """Run the command line in this process; an exception that it lets out is the test's."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main(list(words))
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
    return Outcome(status, out.getvalue(), err.getvalue())


def run_process(
    *words: str | bytes,
    stdin: IO[bytes] | int | None = subprocess.DEVNULL,
    stdout: IO[bytes] | int = subprocess.PIPE,
    memory_mib: int = MEMORY_MIB,
    timeout: float = 15,
) -> Outcome:
    """Run the command in a process of its own with limited memory and time; a signal that ends it fails the test."""
    done = subprocess.run(
        limited(words, memory_mib),
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=timeout,
        check=False,
    )
    err = done.stderr.decode()
    assert done.returncode >= 0, f"ended by signal {-done.returncode}: {err}"
    return Outcome(done.returncode, (done.stdout or b"").decode(), err)


def limited(words: tuple[str | bytes, ...], memory_mib: int = MEMORY_MIB) -> list[str | bytes]:
    """Return the command line that runs the command with so much address space and no core dump."""
    return [*_LIMITED, str(memory_mib << 10), *_COMMAND, *words]


def assert_reading_or_error(outcome: Outcome) -> None:
    """Assert that a capture was either read, or refused in one message with a place."""
    assert outcome.status in {0, 1}, outcome
    assert "Traceback" not in outcome.err, outcome.err
    assert len(outcome.errors) == outcome.status, outcome.err
    for error in outcome.errors:
        assert PLACE.search(error), error
