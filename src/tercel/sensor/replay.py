"""Follows captures, files or the running machine: hands their events to the state, the rules and who wants matches."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Protocol

from tercel.api import Capture
from tercel.capture.savefile.blocks import MARKED
from tercel.engine.pump import Pump
from tercel.sensor.drops import NEVER

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
    signals and progress are looked after there, never inside a slice. `on_marked` receives the rule and the context of
    a match that there should not be: of an event that the probe took for one that no rule can match.
    """

    def __init__(
        self,
        machine: Machine,
        ruleset: Ruleset,
        on_match: Callable[[Rule, Context], object],
        between: Callable[[Followed], bool],
        drops: DropMonitor | None = None,
        on_marked: Callable[[Rule, Context], object] | None = None,
    ) -> None:
        """Nothing is read before `run`."""
        self.sources: list[SourceStats] = []
        self._machine = machine
        machine.keeps_entries = ruleset.asks_exits()
        self._between = between
        self._undecoded = 0

        self._on_match = on_match
        self._on_marked = on_marked
        self._drops = drops
        # A ruleset that is to follow, and the time of the last event that it is not for.
        self._next: Ruleset | None = None
        self._next_after = NEVER
        self._pump = Pump(machine, ruleset.table, self._matched(ruleset), self._look)

    def use(self, ruleset: Ruleset, after: int) -> None:
        """Judge events that are later than a time, in ns since the epoch, by another ruleset."""
        self._next = ruleset
        self._next_after = after
        self._pump.due = min(self._pump.due, after)

    def _matched(self, ruleset: Ruleset) -> Callable[[int, Context], object]:
        on_match, on_marked = self._on_match, self._on_marked

        def matched(number: int, ctx: Context) -> None:
            rule = ruleset.matched(number)
            is_marked = ctx.event.flags & MARKED
            on_match(rule, ctx)
            if is_marked and on_marked is not None:
                on_marked(rule, ctx)

        return matched

    def _look(self, now: int) -> int:
        """Do what is due at an event's time; return when something is due again."""
        due = NEVER if self._drops is None else self._drops.look(now)
        following = self._next
        if following is not None and now > self._next_after:
            self._next = None
            self._next_after = NEVER
            self._machine.keeps_entries = following.asks_exits()
            self._pump.use(following.table, self._matched(following))
        return min(due, self._next_after)

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
