"""Follows captures, files or the running machine: hands their events to the state, the rules and who wants matches."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Protocol

from tercel.api import Capture
from tercel.engine.pump import Pump

if TYPE_CHECKING:
    from collections.abc import Callable

    from tercel.capture.source import Source, SourceStats
    from tercel.rules.rule import Rule
    from tercel.rules.ruleset import Ruleset
    from tercel.sensor.drops import DropMonitor
    from tercel.state.context import Context
    from tercel.state.machine import Machine


class Followed(Protocol):
    """A capture: of a file, or of the machine as long as that is watched."""

    malformed: int

    @property
    def reader(self) -> Source:
        """The source of the events."""

    @property
    def stats(self) -> SourceStats:
        """What was read so far."""

    def fill(self) -> bool:
        """Bring the next events into memory; False at the end."""


class Replay:
    """One pass over capture files, or over what happens on the machine.

    `on_match` receives each rule that matched and the context of the event; it must take from the context what it
    needs before it returns. `between` is called between slices of events and ends the replay by returning False:
    signals and progress are looked after there, never inside a slice.
    """

    def __init__(
        self,
        machine: Machine,
        ruleset: Ruleset,
        on_match: Callable[[Rule, Context], object],
        between: Callable[[Followed], bool],
        drops: DropMonitor | None = None,
    ) -> None:
        """Nothing is read before `run`."""
        self.sources: list[SourceStats] = []
        self._machine = machine
        machine.keeps_entries = ruleset.asks_exits()
        self._between = between
        self._undecoded = 0

        def matched(number: int, ctx: Context) -> None:
            on_match(ruleset.matched(number), ctx)

        self._pump = Pump(machine, ruleset.table, matched, None if drops is None else drops.look)

    @property
    def events(self) -> int:
        """How many events rules could have matched."""
        return self._pump.events

    @property
    def skimmed(self) -> int:
        """How many of them no rule had to be asked about."""
        return self._pump.skimmed

    @property
    def malformed(self) -> int:
        """How many events could not be decoded."""
        return self._pump.malformed + self._undecoded

    @property
    def last_malformed(self) -> str:
        """What was wrong with the last of them."""
        return self._pump.last_malformed

    def run(self, path: str | BinaryIO) -> bool:
        """Replay one capture; return whether to go on with the next.

        Raises CaptureError when the capture cannot be read to its end; everything before has then been processed.
        """
        with Capture(path, self._machine) as capture:
            return self.follow(capture)

    def follow(self, capture: Followed) -> bool:
        """Go through the events of an open capture; return whether to go on with the next one."""
        pump = self._pump
        between = self._between
        self.sources.append(capture.stats)
        reader = capture.reader
        try:
            while capture.fill():
                # Each slice ends soon, so that signals are seen and other threads get their turn.
                while pump.run(reader):
                    if not between(capture):
                        return False
                if not between(capture):
                    return False
        finally:
            self._undecoded += capture.malformed
        return True
