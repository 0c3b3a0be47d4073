"""Run a program and say what it cost."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median


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


@dataclass
class Sample:
    """What a command cost, several times, on a capture of a few events and on one of `events`."""

    events: int
    few_events: int
    few: list[Cost] = field(default_factory=list)
    many: list[Cost] = field(default_factory=list)

    @property
    def failure(self) -> str:
        """What the first run that failed said; an empty text when none did."""
        failed = [cost for cost in self.few + self.many if cost.status != 0]
        return f"status {failed[0].status}: {failed[0].errors[-400:]}" if failed else ""

    @property
    def few_cpu(self) -> float:
        """CPU seconds on a few events: starting, loading rules, ending."""
        return median(cost.cpu for cost in self.few)

    @property
    def many_cpu(self) -> float:
        """CPU seconds on many events."""
        return median(cost.cpu for cost in self.many)

    @property
    def per_event(self) -> float:
        """CPU seconds for one event, what the command costs on a few events taken off."""
        # A difference that drowns in noise counts as a tenth of a millisecond rather than nothing.
        return max(self.many_cpu - self.few_cpu, 1e-4) / (self.events - self.few_events)

    @property
    def rate(self) -> float:
        """Events per CPU second."""
        return 1 / self.per_event

    @property
    def spread(self) -> float:
        """The dearest run less the cheapest, as a part of the median."""
        costs = [cost.cpu for cost in self.many]
        return (max(costs) - min(costs)) / self.many_cpu

    @property
    def memory_mib(self) -> float:
        """The most that any run had resident."""
        return max(cost.memory_mib for cost in self.few + self.many)
