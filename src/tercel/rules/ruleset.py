"""The rules that are in force, by event type, and what they have detected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tercel.engine.table import Table
from tercel.events.table import EVENT_BY_ENUM, EVENTS
from tercel.events.types import EF_UNUSED
from tercel.filters.evaluate import All, Any, Negation
from tercel.rules.priorities import DEBUG, PRIORITY_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tercel.filters.evaluate import Predicate
    from tercel.filters.filter import Filter
    from tercel.rules.exits import ExitRules
    from tercel.rules.rule import Rule
    from tercel.rules.selection import Selection
    from tercel.state.context import Context

FIRST: Final = "first"
ALL: Final = "all"

ENTER_VISIBLE: Final = "visible"
ENTER_HIDDEN: Final = "hidden"
ENTER_AUTO: Final = "auto"  # hidden from the rules of files whose engine version knows exit events only

# Samples of processor time that old recorders put into their captures: nothing that a process did.
_UNSEEN: Final[frozenset[int]] = frozenset({EVENT_BY_ENUM["PROCINFO_E"]})
_NONE: Final[list[Rule]] = []
# Entries of calls; events that come without an exit are not entries of anything, whatever their direction says.
_CALL_ENTRIES: Final = frozenset(
    info.id for info in EVENTS if info.is_enter and not EVENTS[info.id + 1].flags & EF_UNUSED
)


class Ruleset:
    """Compiled rules in the order of their definition.

    Each event type has the list of the enabled rules whose condition can hold for it, so that an event costs nothing
    where no rule is about its type. The `table` made of them decides which match; with `plain` set it evaluates each
    condition as it is written. `min_priority` leaves out the less severe rules for good; a selection switches the
    others on and off. With `exits` the source has no entries of calls, and these conditions are asked instead of the
    rules' own. Events for which one of `ignored` holds concern no rule.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        matching: str = FIRST,
        min_priority: int = DEBUG,
        enter_events: str = ENTER_AUTO,
        selection: Selection | None = None,
        *,
        plain: bool = False,
        exits: ExitRules | None = None,
        ignored: Sequence[Filter] = (),
    ) -> None:
        """Index the rules that are severe enough and selected."""
        self.rules: list[Rule] = [rule for rule in rules if rule.priority <= min_priority]
        self._all: bool = matching == ALL
        self._plain: bool = plain
        self._enter_events: str = enter_events if exits is None else ENTER_HIDDEN
        self._exits: ExitRules | None = exits
        self.ignored: Sequence[Filter] = ignored
        self._unless: Predicate | None = Negation(Any([one.predicate for one in ignored])) if ignored else None
        if selection is not None:
            selection.apply(self.rules)
        self.by_type: list[list[Rule]] = []
        self._table: Table | None = None
        self.reindex()

    def reindex(self) -> None:
        """Build the index anew, after rules were switched on or off."""
        by_type: list[list[Rule]] = [_NONE] * len(EVENTS)
        for rule in self.rules:
            if not rule.enabled:
                continue
            hidden = self._hides_enter(rule)
            for number in self.ids_of(rule):
                if number in _UNSEEN or (hidden and number in _CALL_ENTRIES):
                    continue
                if by_type[number] is _NONE:
                    by_type[number] = []
                by_type[number].append(rule)
        self.by_type = by_type
        self._table = None

    @property
    def table(self) -> Table:
        """What decides which rules match, by their places in `rules`."""
        table = self._table
        if table is None:
            numbers = {id(rule): number for number, rule in enumerate(self.rules)}
            by_type = [[numbers[id(rule)] for rule in rules] for rules in self.by_type]
            predicates = [self.predicate_of(rule) for rule in self.rules]
            table = Table(predicates, by_type, first_only=not self._all, plain=self._plain)
            self._table = table
        return table

    def matched(self, number: int) -> Rule:
        """Count a match of the rule at a place, and return the rule."""
        rule = self.rules[number]
        rule.matches += 1
        return rule

    def match(self, ctx: Context) -> Sequence[Rule]:
        """Return the rules that match the context's event, and count them: at most one unless all are asked for."""
        if not self.by_type[ctx.event.info.id]:
            return _NONE
        return [self.matched(number) for number in self.table.match(ctx)]

    def rule(self, name: str) -> Rule | None:
        """Return a rule by name, or None."""
        return next((rule for rule in self.rules if rule.name == name), None)

    def filter_of(self, rule: Rule) -> Filter:
        """Return what decides whether a rule matches: its own condition, or what stands in for it."""
        stand_in = None if self._exits is None else self._exits.stand_ins.get(rule)
        return rule.filter if stand_in is None or stand_in.filter is None else stand_in.filter

    def predicate_of(self, rule: Rule) -> Predicate:
        """Return what has to hold for an event for a rule to match it."""
        predicate = self.filter_of(rule).predicate
        return predicate if self._unless is None else All([self._unless, predicate])

    def ids_of(self, rule: Rule) -> frozenset[int]:
        """Return the event types that a rule is about, or what stands in for its condition."""
        stand_in = None if self._exits is None else self._exits.stand_ins.get(rule)
        return rule.event_ids if stand_in is None or stand_in.filter is None else stand_in.event_ids

    def event_ids(self) -> frozenset[int]:
        """Return the event types that at least one enabled rule is about."""
        return frozenset(number for number, rules in enumerate(self.by_type) if rules)

    def asks_exits(self) -> bool:
        """Return whether an enabled rule knows exits only, so that these need what their entries say."""
        return self._exits is None and any(rule.exit_only and rule.enabled for rule in self.rules)

    def detections(self) -> int:
        """Return how many matches there were."""
        return sum(rule.matches for rule in self.rules)

    def by_rule(self) -> dict[str, int]:
        """Return the matches of each rule that had any, in the order of the rules."""
        return {rule.name: rule.matches for rule in self.rules if rule.matches}

    def by_priority(self) -> dict[int, int]:
        """Return the matches of each priority that had any, the most severe first."""
        counts = [0] * len(PRIORITY_NAMES)
        for rule in self.rules:
            counts[rule.priority] += rule.matches
        return {priority: count for priority, count in enumerate(counts) if count}

    def notes(self) -> list[str]:
        """Return remarks on enabled rules that cannot see all that they ask for."""
        if self._exits is None:
            return []
        return [note for rule, note in self._exits.notes if rule.enabled and rule in self.rules]

    def _hides_enter(self, rule: Rule) -> bool:
        if self._enter_events == ENTER_AUTO:
            return rule.exit_only
        return self._enter_events == ENTER_HIDDEN
