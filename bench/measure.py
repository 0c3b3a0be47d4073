"""Run a program and say what it cost."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """The resources one run took."""

    wall: float
    cpu: float
    memory_mib: float
    status: int
    errors: str


def measure(command: Sequence[str], env: Mapping[str, str] | None = None) -> Cost:
    """Run a command to its end, its output thrown away, and return its cost."""
    started = time.perf_counter()
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, **(env or {})},
    ) as process:
        assert process.stderr is not None  # noqa: S101 - asked for with PIPE
        errors = process.stderr.read().decode(errors="replace")
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, process.returncode, errors.strip())


def best_of(times: int, command: Sequence[str], env: Mapping[str, str] | None = None) -> Cost:
    """Return the cheapest of several runs: what else the machine does only ever adds."""
    return min((measure(command, env) for _ in range(times)), key=lambda cost: cost.cpu)
