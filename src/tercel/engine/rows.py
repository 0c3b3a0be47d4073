"""What the table is made of: rows of undecided rules, and what threads and descriptors remember of them."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from tercel.engine.formula import Formula
from tercel.engine.matcher import Matcher
from tercel.engine.plan import STAGE_DONE, STAGE_EVENT, Plan

# Rules that fields of the event leave undecided are evaluated once they are this few: more share most of their fields.
_FEW_RULES: Final = 1


class Entry:
    """A rule with what is still open of its condition."""

    def __init__(self, rule: i64, formula: Formula) -> None:
        """Keep the rule's number and the formula."""
        self.rule: i64 = rule
        self.formula: Formula = formula


class Row:
    """Rules that are undecided, in their order, and the field to be asked about next.

    `stage` is the field's; past all stages no field is asked any more, and `entries` are to be evaluated.
    """

    def __init__(self, plan: Plan, entries: list[Entry]) -> None:
        """Find the first field that the entries ask about; there are no successors yet."""
        self.plan: Plan = plan
        self.entries: list[Entry] = entries
        self.matcher: Matcher | None = None
        self.stage: i64 = STAGE_DONE
        # Where threads remember what follows from this row, once one of them does.
        self.index: i64 = -1
        self.children: list[Row | None] = []
        # Entries that do not ask the field; those that need one of its atoms, by atom; the others. Made with the
        # first successor.
        self.free: list[Entry] | None = None
        self.guarded: dict[int, list[int]] = {}
        self.others: list[int] = []
        place: i64 = len(plan.matchers)
        for entry in entries:
            place = min(place, entry.formula.first)
        self.place: i64 = place
        if place < len(plan.matchers):
            stage: i64 = plan.stages[place]
            if stage != STAGE_EVENT or len(entries) > _FEW_RULES:
                self.stage = stage
                self.matcher = plan.matchers[place]

    def clear(self) -> None:
        """Let go of everything: threads and descriptors may remember the row for long."""
        self.entries = []
        self.children = []
        self.free = None
        self.guarded = {}
        self.others = []


class Standing:
    """Where a thread's facts have led in a table, from each row that they were asked at.

    It is good while `stamp` is the table's.
    """

    def __init__(self, owner: object, stamp: i64) -> None:
        """Start knowing nothing; `owner` is the table."""
        self.owner: object = owner
        self.stamp: i64 = stamp
        self.rows: list[Row | None] = []

    def put(self, index: i64, row: Row) -> None:
        """Remember where the facts led from the row of an index."""
        while len(self.rows) <= index:
            self.rows.append(None)
        self.rows[index] = row


class FdStanding:
    """Where a descriptor's facts led from a row."""

    def __init__(self, start: Row, end: Row) -> None:
        """Keep both rows."""
        self.start: Row = start
        self.end: Row = end
