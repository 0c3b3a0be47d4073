"""Table and plain evaluation side by side: the same rules on the same events have to give the same matches."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

from tercel.capture.savefile.reader import SavefileReader
from tercel.engine.pump import Pump
from tercel.engine.table import Limits, Table
from tercel.events.event import MalformedEventError
from tercel.events.table import EVENT_COUNT
from tercel.filters.evaluate import Predicate
from tercel.filters.filter import Compiler, Filter
from tercel.filters.parser import parse
from tercel.state.context import Context
from tercel.state.machine import Machine
from tests.unit.engine.conditions import REGISTRY

# The number of an event, as its capture counts them, and the numbers of the rules that match it.
Matches = list[tuple[int, list[int]]]


class Rules:
    """Conditions, compiled; where they are even in number, every third knows exits only, as rules of newer files do."""

    def __init__(self, conditions: list[str]) -> None:
        """Compile with extractors of its own: some of them remember what they were asked for."""
        compiler = Compiler(REGISTRY)
        exits = Compiler(REGISTRY.exit_only(), plain=compiler)
        filters: list[Filter] = []
        self.asks_exits = len(conditions) % 2 == 0
        for number, text in enumerate(conditions):
            chosen = exits if self.asks_exits and number % 3 == 2 else compiler
            filters.append(chosen.compile(parse(text)))
        self.predicates: list[Predicate] = [condition.predicate for condition in filters]
        self.by_type: list[list[int]] = [[] for _ in range(EVENT_COUNT)]
        for number, condition in enumerate(filters):
            for type_id in condition.event_types:
                self.by_type[type_id].append(number)

    def table(self, *, first_only: bool, limits: Limits | None = None) -> Table:
        """Return a table of the rules."""
        return Table(self.predicates, self.by_type, first_only=first_only, limits=limits)

    def matches(self, ctx: Context, *, first_only: bool) -> list[int]:
        """Return the numbers of the rules that match, each asked as it is written."""
        found: list[int] = []
        for number in self.by_type[ctx.event.type_id]:
            if self.predicates[number].evaluate(ctx):
                found.append(number)
                if first_only:
                    break
        return found


def contexts(data: bytes, *, keeps_entries: bool = False) -> Iterator[Context]:
    """Yield the context of each event of a capture that can be decoded."""
    machine = Machine()
    machine.keeps_entries = keeps_entries
    reader = SavefileReader(io.BytesIO(data), machine)
    while reader.fill():
        while reader.advance():
            try:
                ctx = machine.process(reader.event)
            except MalformedEventError:
                continue
            yield ctx


def differences(
    data: bytes,
    conditions: list[str],
    *,
    first_only: bool,
    limits: Limits | None = None,
    look: Callable[[Table], None] | None = None,
) -> list[str]:
    """Return where a table's matches are not those of plain evaluation; `look` is called after every event."""
    rules = Rules(conditions)
    table = Rules(conditions).table(first_only=first_only, limits=limits)
    found: list[str] = []
    for ctx in contexts(data, keeps_entries=rules.asks_exits):
        expected = rules.matches(ctx, first_only=first_only)
        got = table.match(ctx)
        if got != expected:
            event = ctx.event
            texts = [conditions[number] for number in sorted({*got} ^ {*expected})]
            found.append(f"event {event.num} {event.info.enum} of {event.tid}: {got}, not {expected}: {texts}")
        if look is not None:
            look(table)
    return found


def plain_matches(data: bytes, conditions: list[str], *, first_only: bool) -> Matches:
    """Return the matches of plain evaluation, every event fully processed."""
    rules = Rules(conditions)
    found: Matches = []
    for ctx in contexts(data, keeps_entries=rules.asks_exits):
        numbers = rules.matches(ctx, first_only=first_only)
        if numbers:
            found.append((ctx.event.num, numbers))
    return found


def pumped_matches(
    data: bytes, conditions: list[str], *, first_only: bool, limits: Limits | None = None
) -> tuple[Matches, Pump]:
    """Return what a pump calls back for, in the order of the calls, and the pump."""
    rules = Rules(conditions)
    machine = Machine()
    machine.keeps_entries = rules.asks_exits
    reader = SavefileReader(io.BytesIO(data), machine)
    found: Matches = []

    def matched(number: int, ctx: Context) -> None:
        if not found or found[-1][0] != ctx.event.num:
            found.append((ctx.event.num, []))
        found[-1][1].append(number)

    pump = Pump(machine, rules.table(first_only=first_only, limits=limits), matched)
    while reader.fill():
        while pump.run(reader):
            pass
    return found, pump
