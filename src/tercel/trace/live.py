"""What a live capture offers to those who print or record it; whoever starts the program hands in how to open one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Protocol, Self

from tercel.capture.source import Source, SourceStats
from tercel.state.machine import Machine

_SECOND: Final = 1_000_000_000


class Live(Protocol):
    """A capture of the machine that the program runs on.

    `fill` brings the next events, for `reader.advance` to go through; it returns every now and then even when there
    are none, and False once `stop` was called and everything that had been captured by then was handed out. `losses`
    are sentences that begin with how many events they speak of. `repairs` counts how often, since events were lost, the
    state was read again; that happens in `fill`.
    """

    malformed: int
    repairs: int

    @property
    def reader(self) -> Source:
        """The source of the events."""

    @property
    def stats(self) -> SourceStats:
        """What was read so far."""

    def __enter__(self) -> Self:
        """Return the capture."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> object:
        """Detach from the kernel."""

    def fill(self) -> bool:
        """Bring the next events into memory."""

    def stop(self) -> None:
        """Capture nothing further."""

    def losses(self) -> list[str]:
        """Return a sentence for each kind of event that was lost."""


# Opens a live capture that tells a machine what it finds; raises CaptureError with the reason why it cannot.
OpenLive = Callable[[Machine], Live]


@dataclass(frozen=True, slots=True)
class Watching:
    """How this machine is watched: `open` begins to capture, `clock` gives the time in ns since the epoch.

    `stopped` says whether somebody asked to stop.
    """

    open: OpenLive
    clock: Callable[[], int]
    stopped: Callable[[], bool]


class Lifetime:
    """Says when a live run is to stop: when somebody asks for it, or after so many seconds (0: never)."""

    def __init__(self, watching: Watching, seconds: int) -> None:
        """Begin now."""
        self._watching = watching
        self._end = watching.clock() + seconds * _SECOND if seconds else None
        self._is_over = False

    def end_if_due(self, capture: Live) -> None:
        """Stop the capture, once, when it is time; it goes on to hand out what it has."""
        if self._is_over:
            return
        watching = self._watching
        if watching.stopped() or (self._end is not None and watching.clock() >= self._end):
            self._is_over = True
            capture.stop()


def begin_time(reader: Source, clock: Callable[[], int]) -> int:
    """Return when what is in memory begins, which is still to be advanced to; now if nothing is."""
    if not reader.advance():
        return clock()
    reader.hold()
    return reader.event.ts


def lost_events(losses: list[str]) -> int:
    """Return how many events sentences about losses speak of."""
    first = (sentence.partition(" ")[0] for sentence in losses)
    return sum(int(word) for word in first if word.isdecimal())
