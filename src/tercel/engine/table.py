"""The lazy table: from what is known of process, descriptor and event to the rules that are still undecided.

Each event type has a root, a row that holds its rules. A row asks one field; each answer of the field's matcher leads
to another row, made when it is first needed, with what the answer leaves of the rules. Fields of the process come
first, then those of the descriptor, then those of the event (`plan`). So all that the process decides is decided once
per thread (`Standing`), all that its descriptor decides once per descriptor (`FdStanding`), and an event starts from
there: most often at a row without rules. A row with few rules asks no more fields; these rules are evaluated.

Everything is bounded (`Limits`). When rows or formulas have become too many, all are let go of and made anew as needed
(`generation` tells those who remember rows); when values have, they are. Where that happens again too soon, the table
stands aside for a while and rules are evaluated as they are written.
"""

from __future__ import annotations

from typing import Final, cast

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from tercel.engine.atoms import Atoms
from tercel.engine.formula import FALSE, TRUE, Pool, Specializer, guard
from tercel.engine.matcher import Answer, Matcher
from tercel.engine.plan import STAGE_EVENT, STAGE_FD, STAGE_NAME, STAGE_PROCESS, Plan, Planner
from tercel.engine.rows import Entry, FdStanding, Row, Standing
from tercel.events.table import EVENT_COUNT
from tercel.filters.evaluate import Predicate
from tercel.state.context import Context
from tercel.state.dispatch import CHANGES_FACTS
from tercel.state.model import FdInfo, ThreadInfo

# Rules in all rows together, formulas, values, and answers of one field: what is kept at most. An entry takes eight
# bytes; each rule has its share of them.
MOST_ENTRIES: Final = 200_000
ENTRIES_OF_RULE: Final = 500
MOST_FORMULAS: Final = 200_000
MOST_VALUES: Final = 32_768
MOST_ANSWERS: Final = 4_096
# When the table was emptied before it served so many events, as many events pass it by.
SOON: Final = 50_000
_FOREVER: Final = 1 << 62

# Rows with fewer rules than this are not indexed by what rules need.
_PLAIN_ROW: Final = 12
_NUMBER_BITS: Final = 40
# Longer texts count as several values; the longest are matched each time that they are met.
_TEXT_OF_VALUE: Final = 64
_HEAVIEST_VALUE: Final = 65


class Limits:
    """How much a table keeps at most, by default what suits a sensor; and what counts as emptied too soon."""

    def __init__(
        self,
        entries: int = MOST_ENTRIES,
        formulas: int = MOST_FORMULAS,
        values: int = MOST_VALUES,
        answers: int = MOST_ANSWERS,
        soon: int = SOON,
    ) -> None:
        """Keep the numbers."""
        self.entries: i64 = entries
        self.formulas: i64 = formulas
        self.values: i64 = values
        self.answers: i64 = answers
        self.soon: i64 = soon


class Counters:
    """What the table holds and did."""

    def __init__(self) -> None:
        """Start at zero."""
        self.rows: i64 = 0
        self.entries: i64 = 0
        self.values: i64 = 0
        self.standings: i64 = 0
        self.evaluated: i64 = 0
        self.emptied: i64 = 0
        self.values_forgotten: i64 = 0
        self.passed_by: i64 = 0

    def as_dict(self) -> dict[str, int]:
        """Return the counters by name."""
        return {
            "rows": self.rows,
            "entries": self.entries,
            "values": self.values,
            "standings": self.standings,
            "evaluated": self.evaluated,
            "emptied": self.emptied,
            "values_forgotten": self.values_forgotten,
            "passed_by": self.passed_by,
        }


class Table:
    """Decides which rules match; `by_type` has the numbers of the rules for each event type, in their order."""

    def __init__(
        self,
        predicates: list[Predicate],
        by_type: list[list[int]],
        *,
        first_only: bool,
        plain: bool = False,
        limits: Limits | None = None,
    ) -> None:
        """Take the rules' conditions; rows are made when events need them, with `plain` never."""
        self.limits: Limits = Limits(MOST_ENTRIES + ENTRIES_OF_RULE * len(predicates)) if limits is None else limits
        self.generation: i64 = 0
        self.counters: Counters = Counters()
        self.first_only: bool = first_only
        # By event type: 1 when a rule is about it.
        self.concerns: bytes = bytes([1 if rules else 0 for rules in by_type])
        self._predicates: list[Predicate] = predicates
        self._by_type: list[list[int]] = by_type
        self._atoms: Atoms | None = None
        self._pool: Pool = Pool()
        self._plans: dict[int, Plan] = {}
        self._empty: Row = Row(Plan([], [], []), [])
        self._roots: list[Row | None] = [None] * EVENT_COUNT
        self._rows: list[Row] = []
        self._merged: dict[bytes, Row] = {}
        # How many rows threads remember something from.
        self._starts: i64 = 0
        self._served: i64 = 0
        # How many of the events to come are decided without the table.
        self._aside: i64 = _FOREVER if plain else 0

    # What the loop asks.

    def root(self, type_id: i64) -> Row:
        """Return the row that events of a type start from."""
        root = self._roots[type_id]
        return self._make_root(type_id) if root is None else root

    def is_aside(self) -> bool:
        """Return whether the next event is to be decided without the table."""
        if self._aside <= 0:
            return False
        self._aside -= 1
        self.counters.passed_by += 1
        return True

    def named(self, ctx: Context, root: Row) -> Row:
        """Return where the name of an event leads that its type does not tell; it needs no state."""
        return self._through(ctx, root, STAGE_NAME) if root.stage == STAGE_NAME else root

    def known(self, thread: ThreadInfo, start: Row, stamp: i64) -> Row | None:
        """Return where the thread's facts lead from a row, None when that is not known yet."""
        remembered = thread.standing
        if remembered is None:
            return None
        standing = cast("Standing", remembered)
        index: i64 = start.index
        if standing.stamp != stamp or standing.owner is not self or index < 0 or index >= len(standing.rows):
            return None
        return standing.rows[index]

    def decide(self, ctx: Context, root: Row) -> Row:
        """Return the row to be evaluated for an event whose state has been brought up to date."""
        row = self.named(ctx, root)
        if row.stage == STAGE_PROCESS:
            thread = ctx.thread
            row = self._through(ctx, row, STAGE_PROCESS) if thread is None else self._of_thread(ctx, thread, row)
        if row.stage == STAGE_FD:
            fd = ctx.fd
            row = self._through(ctx, row, STAGE_FD) if fd is None else self._of_fd(ctx, fd, row)
        if row.stage == STAGE_EVENT:
            row = self._through(ctx, row, STAGE_EVENT)
        self._served += 1
        return row

    def match(self, ctx: Context) -> list[int]:
        """Return the numbers of the rules that match an event whose state has been brought up to date."""
        if self.is_aside():
            return self.plain(ctx)
        row = self.decide(ctx, self.root(ctx.event.type_id))
        return self.holding(ctx, row) if row.entries else []

    def holding(self, ctx: Context, row: Row) -> list[int]:
        """Return the numbers of a row's rules whose open remainder holds."""
        found: list[int] = []
        for entry in row.entries:
            self.counters.evaluated += 1
            if entry.formula.evaluate(ctx):
                found.append(entry.rule)
                if self.first_only:
                    break
        return found

    def plain(self, ctx: Context) -> list[int]:
        """Return the same without the table: each rule's condition is evaluated as it is written."""
        found: list[int] = []
        for rule in self._by_type[ctx.event.type_id]:
            if self._predicates[rule].evaluate(ctx):
                found.append(rule)
                if self.first_only:
                    break
        return found

    def _of_thread(self, ctx: Context, thread: ThreadInfo, start: Row) -> Row:
        """Return where the thread's facts lead, and have the thread remember it."""
        machine = ctx.machine
        stamp: i64 = machine.epoch + self.generation
        row = self.known(thread, start, stamp)
        if row is not None:
            return row
        row = self._through(ctx, start, STAGE_PROCESS)
        if CHANGES_FACTS[ctx.event.type_id] or machine.epoch + self.generation != stamp:
            # Facts that have just changed mostly change again before the thread's next event of the type; and when the
            # table was emptied on the way, the rows it began with will not be met again.
            return row
        if start.index < 0:
            start.index = self._starts
            self._starts += 1
        remembered = thread.standing
        standing = None if remembered is None else cast("Standing", remembered)
        if standing is None or standing.stamp != stamp or standing.owner is not self:
            standing = Standing(self, stamp)
            thread.standing = standing
            self.counters.standings += 1
            machine.watch(thread)
        standing.put(start.index, row)
        return row

    def _of_fd(self, ctx: Context, fd: FdInfo, start: Row) -> Row:
        """Return where the descriptor's facts lead, and have the descriptor remember it."""
        remembered = fd.standing
        if remembered is not None:
            standing = cast("FdStanding", remembered)
            if standing.start is start:
                return standing.end
        end = self._through(ctx, start, STAGE_FD)
        fd.standing = FdStanding(start, end)
        return end

    def _through(self, ctx: Context, start: Row, stage: i64) -> Row:
        """Follow the answers of the fields of a stage."""
        row = start
        while row.stage == stage:
            matcher = row.matcher
            if matcher is None:
                break
            value = matcher.value(ctx)
            if value is None:
                answer = matcher.missing
            else:
                found = matcher.remembered.get(value)
                answer = self._ask(matcher, value) if found is None else found
            number: i64 = answer.number
            children = row.children
            child = children[number] if number < len(children) else None
            row = self._grow(row, matcher, answer) if child is None else child
        return row

    # What happens once.

    def _ask(self, matcher: Matcher, value: object) -> Answer:
        """Match a value that was not met before, and remember it."""
        answer = matcher.ask(value)
        weight = _weight(value)
        if weight > min(_HEAVIEST_VALUE, self.limits.values):
            return answer
        if self.counters.values + weight > self.limits.values:
            self._forget_values()
        matcher.remembered[value] = answer
        self.counters.values += weight
        return answer

    def _forget_values(self) -> None:
        atoms = self._atoms
        if atoms is not None:
            for matcher in atoms.matchers.values():
                matcher.forget()
        self.counters.values_forgotten += self.counters.values
        self.counters.values = 0

    def _grow(self, row: Row, matcher: Matcher, answer: Answer) -> Row:
        """Make the row that an answer leads to."""
        if self._is_full(answer):
            # The row at hand is let go of as well, but its entries still say what is undecided.
            entries, place = row.entries, row.place
            self._let_go()
            return self._row(row.plan, self._left_of(entries, Specializer(self._pool, place, answer.truths)))
        child = self._row(row.plan, self._successors(row, answer))
        children = row.children
        while len(children) <= answer.number:
            children.append(None)
            self.counters.entries += 1
        children[answer.number] = child
        return child

    def _is_full(self, answer: Answer) -> bool:
        limits = self.limits
        if self.counters.entries > limits.entries or answer.number >= limits.answers:
            return True
        return self._pool.size() > limits.formulas

    def _successors(self, row: Row, answer: Answer) -> list[Entry]:
        """Return the entries that an answer leaves."""
        rest = Specializer(self._pool, row.place, answer.truths)
        if len(row.entries) < _PLAIN_ROW:
            return self._left_of(row.entries, rest)
        free = row.free
        if free is None:
            free = _index(row)
            self.counters.entries += len(row.entries)
        wanted = set(row.others)
        for atom in answer.truths:
            positions = row.guarded.get(atom)
            if positions is not None:
                wanted.update(positions)
        entries = row.entries
        asked = self._left_of([entries[position] for position in sorted(wanted)], rest)
        return self._cut(_merged(free, asked)) if asked else free

    def _left_of(self, entries: list[Entry], rest: Specializer) -> list[Entry]:
        left: list[Entry] = []
        for entry in entries:
            formula = rest.rest(entry.formula)
            if formula is entry.formula:
                left.append(entry)
            elif formula is not FALSE:
                left.append(Entry(entry.rule, formula))
        return self._cut(left)

    def _cut(self, entries: list[Entry]) -> list[Entry]:
        """Leave out what stands behind a rule that matches anyway, where only the first match counts."""
        if self.first_only:
            for at, entry in enumerate(entries):
                if entry.formula is TRUE:
                    return entries[: at + 1]
        return entries

    def _row(self, plan: Plan, entries: list[Entry]) -> Row:
        """Return the row of some entries: equal ones are the same row."""
        if not entries:
            return self._empty
        writer = BytesWriter()
        for entry in entries:
            write_i64_le(writer, (entry.rule << _NUMBER_BITS) + entry.formula.number)
        key = writer.getvalue()
        row = self._merged.get(key)
        if row is None:
            row = self._new_row(plan, entries)
            self._merged[key] = row
        return row

    def _new_row(self, plan: Plan, entries: list[Entry]) -> Row:
        row = Row(plan, entries)
        self._rows.append(row)
        self.counters.rows += 1
        # The key by which the row is found takes as much again as its entries.
        self.counters.entries += 16 + 2 * len(entries)
        return row

    def _make_root(self, type_id: i64) -> Row:
        plan = self._plans.get(type_id)
        if plan is None:
            atoms = self._atoms
            if atoms is None:
                atoms = Atoms(self._predicates)
                self._atoms = atoms
            plan = Planner(type_id, atoms, self._pool).plan(self._by_type[type_id], self._predicates)
            self._plans[type_id] = plan
            # The plan's formulas are kept, and no measure of what the table's rows have brought about.
            self._pool.forget()
        entries = self._cut([Entry(rule, formula) for rule, formula in plan.formulas])
        root = self._new_row(plan, entries) if entries else self._empty
        self._roots[type_id] = root
        return root

    def _let_go(self) -> None:
        """Let go of all rows, and of what was made for them; whoever remembers rows notices by `generation`."""
        self.generation += 1
        for row in self._rows:
            row.clear()
        self._rows = []
        self._merged = {}
        self._roots = [None] * EVENT_COUNT
        self._starts = 0
        self._pool.forget()
        self._forget_values()
        atoms = self._atoms
        if atoms is not None:
            for matcher in atoms.matchers.values():
                if matcher.answers() >= self.limits.answers:
                    matcher.forget_answers()
        counters = self.counters
        counters.rows = 0
        counters.entries = 0
        counters.emptied += 1
        if self._served < self.limits.soon and self._aside <= 0:
            self._aside = self.limits.soon
        self._served = 0


def _weight(value: object) -> i64:
    """Return as how many values a value counts; of a list every item does."""
    letters: i64 = 0
    items: i64 = 1
    if isinstance(value, (str, bytes)):
        letters = len(value)
    elif isinstance(value, tuple):
        items += len(value)
        for item in value:
            if isinstance(item, (str, bytes)):
                letters += len(item)
    return items + letters // _TEXT_OF_VALUE


def _index(row: Row) -> list[Entry]:
    """Divide a row's entries by what they need of its field; return those that do not ask it."""
    free: list[Entry] = []
    place = row.place
    for position, entry in enumerate(row.entries):
        if entry.formula.first != place:
            free.append(entry)
        else:
            atoms = guard(entry.formula, place)
            for atom in atoms:
                row.guarded.setdefault(atom, []).append(position)
            if not atoms:
                row.others.append(position)
    row.free = free
    return free


def _merged(left: list[Entry], right: list[Entry]) -> list[Entry]:
    """Return the entries of two lists, each in the order of its rules, in that order."""
    merged: list[Entry] = []
    at: i64 = 0
    end: i64 = len(right)
    for entry in left:
        while at < end and right[at].rule < entry.rule:
            merged.append(right[at])
            at += 1
        merged.append(entry)
    while at < end:
        merged.append(right[at])
        at += 1
    return merged
