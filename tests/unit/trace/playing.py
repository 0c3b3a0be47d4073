"""A live capture that plays a capture file: what is in it happens at once, and then nothing more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from tercel.api import Capture
from tercel.capture.source import CaptureError
from tercel.state.machine import Machine
from tercel.trace.live import Live, Watching

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND


class Playing(Capture):
    """Hands out a file's events, then empty windows, until it is stopped."""

    def __init__(self, source: str | BinaryIO, machine: Machine, lost: list[str]) -> None:
        """Open the file."""
        super().__init__(source, machine)
        self.stops = 0
        self.repairs = 0
        self._lost = lost

    def fill(self) -> bool:
        """Bring the next events into memory; without any, go on until somebody stops it."""
        return super().fill() or not self.stops

    def stop(self) -> None:
        """Note it."""
        self.stops += 1

    def losses(self) -> list[str]:
        """Return what the test says was lost."""
        return self._lost


class Clock:
    """Moves on by a step whenever somebody looks at it."""

    def __init__(self, step: int = SECOND // 10) -> None:
        """Start at the events' time."""
        self.now = START
        self.step = step

    def __call__(self) -> int:
        """Return the time in ns since the epoch."""
        self.now += self.step
        return self.now


class Asked:
    """Somebody who asks to stop at the n-th time he is asked whether he did; -1 is never."""

    def __init__(self, turn: int) -> None:
        """Say when."""
        self.turn = turn

    def __call__(self) -> bool:
        """Return whether it is time."""
        self.turn -= 1
        return self.turn == 0


def watching(
    path: Path | str, stop_at: int = 2, clock: Callable[[], int] | None = None, lost: list[str] | None = None
) -> Watching:
    """Return a machine to watch on which happens what a capture file holds."""

    def opener(machine: Machine) -> Live:
        return Playing(str(path), machine, lost or [])

    return Watching(opener, clock or Clock(), Asked(stop_at))


def refusing() -> Watching:
    """Return a machine that cannot be watched."""

    def opener(machine: Machine) -> Live:
        raise CaptureError("live capture needs CAP_BPF and CAP_PERFMON")

    return Watching(opener, Clock(), Asked(-1))
