"""The loop that everything goes through: from a source's events to the rules that match."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mypy_extensions import i64

from tercel.capture.savefile.blocks import DUMP_STATE_ONLY
from tercel.capture.source import Source
from tercel.engine.plan import STAGE_NAME, STAGE_PROCESS
from tercel.engine.rows import Row
from tercel.engine.table import Table
from tercel.events.event import Event, MalformedEventError
from tercel.state.context import Context
from tercel.state.dispatch import CHANGES_FACTS
from tercel.state.machine import Machine

# How many events one call works through at most: less than two milliseconds even when each of them is looked at.
SLICE: Final = 1024
_NEVER: Final = (1 << 63) - 1
_NONE: Final[list[int]] = []


class Pump:
    """Moves over the windows of a source and says which rules match which events.

    `matched` is called with the number of a rule and the context of the event, which is only valid meanwhile; `timed`
    is called with an event's time once that is later than `due`, before the event is processed, and returns when to
    call next. Both times are in ns since the epoch.
    """

    def __init__(
        self,
        machine: Machine,
        table: Table,
        matched: Callable[[int, Context], object],
        timed: Callable[[int], int] | None = None,
    ) -> None:
        """Start with nothing counted."""
        self.events: i64 = 0
        self.skimmed: i64 = 0
        self.malformed: int = 0
        self.last_malformed: str = ""
        self.due: i64 = _NEVER if timed is None else -1
        self._machine: Machine = machine
        self._table: Table = table
        self._matched: Callable[[int, Context], object] = matched
        self._timed: Callable[[int], int] | None = timed

    def use(self, table: Table, matched: Callable[[int, Context], object]) -> None:
        """Judge by another table from now on: from the event on for which `timed` is called, when that calls this."""
        self._table = table
        self._matched = matched

    def run(self, source: Source) -> bool:
        """Work through some events of the source's window; return False when that is used up.

        The interpreter's lock is held meanwhile and signals wait: call it from a loop that is not compiled.
        """
        machine = self._machine
        concerns = self._table.concerns
        done: i64 = 0
        going = True
        while done < SLICE:
            if not source.advance():
                going = False
                break
            event = source.event
            done += 1
            if event.ts > self.due:
                self._look_at_clock(event.ts)
                concerns = self._table.concerns
            try:
                # Events that a recording kept for the state alone are nobody's concern.
                if concerns[event.type_id] and not event.flags & DUMP_STATE_ONLY:
                    self._decide(event)
                else:
                    self.skimmed += 1
                    machine.skim(event)
            except MalformedEventError as error:
                self._note(error)
        self.events += done
        return going

    def _look_at_clock(self, now: i64) -> None:
        timed = self._timed
        if timed is not None:
            self.due = timed(now)

    def _note(self, error: MalformedEventError) -> None:
        self.malformed += 1
        self.last_malformed = str(error)

    def _decide(self, event: Event) -> None:
        """Bring the state up to date and tell which rules match; what is known to match none is not looked at."""
        machine = self._machine
        table = self._table
        if table.is_aside():
            ctx = machine.process(event)
            self._tell(ctx, table.plain(ctx))
            return
        start = table.root(event.type_id)
        if start.stage == STAGE_NAME:
            # The table may be emptied meanwhile: what the root was is nothing to begin with any more.
            machine.context.event = event
            start = table.named(machine.context, start)
        if self._is_settled(event, start):
            self.skimmed += 1
            machine.skim(event)
            return
        ctx = machine.process(event)
        row = table.decide(ctx, start)
        self._tell(ctx, table.holding(ctx, row) if row.entries else _NONE)

    def _is_settled(self, event: Event, row: Row) -> bool:
        """Return whether no rule can match an event, from where its type and name lead and from its thread."""
        if not row.entries:
            return True
        if row.stage != STAGE_PROCESS or CHANGES_FACTS[event.type_id]:
            return False
        machine = self._machine
        thread = machine.known_thread(event.tid)
        if thread is None:
            return False
        table = self._table
        end = table.known(thread, row, machine.epoch + table.generation)
        return end is not None and not end.entries

    def _tell(self, ctx: Context, rules: list[int]) -> None:
        """Tell the rules that match, and note whether a field that they asked about could not be decoded.

        All rules have been asked by then: telling a match may turn the context to another descriptor.
        """
        for rule in rules:
            self._matched(rule, ctx)
        error = ctx.malformed
        if error is not None:
            ctx.malformed = None
            self._note(error)
