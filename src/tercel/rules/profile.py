"""What rules cost and where they end: how often each part of a condition is asked, holds, and rules the event out.

Conditions are evaluated plainly, from left to right, by counters that stand in the place of the evaluator's boolean
nodes. Every rule is asked about every event of its types, as with `rule_matching: all`. Counts are exact. Time is that
of the checks alone, taken for a sample of the events. A normal run shares work between rules and asks far less.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from tercel.rules.parts import NOT, OR, Part, conjuncts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tercel.filters.evaluate import Predicate
    from tercel.rules.explain import Explainer
    from tercel.rules.rule import Rule
    from tercel.state.context import Context

# How often the clock is read to find out what reading it costs.
_CLOCK_TRIES: Final = 100


class Stopwatch:
    """Measures with a clock of nanoseconds; what reading the clock costs is left out."""

    def __init__(self, clock: Callable[[], int]) -> None:
        """Find out what reading the clock costs."""
        self.clock = clock
        readings = [clock() for _ in range(_CLOCK_TRIES)]
        self.cost = min(after - before for before, after in pairwise(readings))


class PartCount:
    """The counts of one part of a condition.

    `evaluated` tells how often it was asked, `held` how often it held, `ruled_out` for how many events it was the part
    that ended the evaluation of the rule; only parts that must hold do that, and their other counts follow from it.
    `nanoseconds` is the time of the part's checks in the sample.
    """

    __slots__ = ("children", "evaluated", "held", "macros", "own", "part", "predicate", "ruled_out")

    def __init__(self, part: Part, macros: tuple[str, ...], predicate_of: Callable[[Part], Predicate]) -> None:
        """Start at zero; parts without parts are answered by their predicate."""
        self.part = part
        self.macros = macros
        self.evaluated = 0
        self.held = 0
        self.ruled_out = 0
        self.own = 0
        self.children = [PartCount(child, child.macros, predicate_of) for child in part.children]
        self.predicate = predicate_of(part)

    @property
    def nanoseconds(self) -> int:
        """The time of the checks below, in the sample."""
        return self.own + sum(child.nanoseconds for child in self.children)

    def ask(self, ctx: Context, watch: Stopwatch | None = None) -> bool:
        """Return the part's answer and count it; `watch` is there for events of the sample."""
        self.evaluated += 1
        holds = self._children_hold(ctx, watch) if self.children else self._check_holds(ctx, watch)
        self.held += holds
        return holds

    def _check_holds(self, ctx: Context, watch: Stopwatch | None) -> bool:
        if watch is None:
            return self.predicate.evaluate(ctx)
        started = watch.clock()
        holds = self.predicate.evaluate(ctx)
        self.own += max(watch.clock() - started - watch.cost, 0)
        return holds

    def _children_hold(self, ctx: Context, watch: Stopwatch | None) -> bool:
        kind = self.part.kind
        if kind == NOT:
            return not self.children[0].ask(ctx, watch)
        # What ends it early: a part that does not hold, or one that does.
        ending = kind == OR
        for child in self.children:
            if child.ask(ctx, watch) == ending:
                return ending
        return not ending


class RuleCount:
    """The counts of one rule; `shadowed` are matches that an earlier rule keeps from being reported as the first."""

    def __init__(self, rule: Rule, explainer: Explainer) -> None:
        """Start at zero."""
        self.rule = rule
        self.place = explainer.place(rule)
        self.evaluated = 0
        self.matched = 0
        self.shadowed = 0
        self.sampled = 0
        self.parts = [
            PartCount(item.part, item.macros, lambda part: explainer.predicate(rule, part.node))
            for item in conjuncts(explainer.parts(rule))
        ]
        # Nearly all events end at one of the first parts: what is asked there is no more than the evaluator itself.
        self._asks = [part.ask if part.children else part.predicate.evaluate for part in self.parts]

    @property
    def nanoseconds(self) -> int:
        """The time of the rule's checks in the sample."""
        return sum(part.nanoseconds for part in self.parts)

    def ask(self, ctx: Context) -> bool:
        """Return whether the rule matches, and count what was asked for that."""
        self.evaluated += 1
        for index, ask in enumerate(self._asks):
            if not ask(ctx):
                self.parts[index].ruled_out += 1
                return False
        self.matched += 1
        return True

    def ask_timed(self, ctx: Context, watch: Stopwatch) -> bool:
        """Do the same and take the time."""
        self.evaluated += 1
        self.sampled += 1
        for part in self.parts:
            if not part.ask(ctx, watch):
                part.ruled_out += 1
                return False
        self.matched += 1
        return True

    def settle(self) -> None:
        """Set what follows from the events that were ruled out: a part is asked when all before it held."""
        asked = self.evaluated
        for part in self.parts:
            part.evaluated = asked
            asked -= part.ruled_out
            part.held = asked


class Profile:
    """The counts of all rules in force over the events of a capture.

    `events` counts all events, `asked` those that at least one rule is about, `sampled` those of them that were timed:
    one in `every`.
    """

    def __init__(self, explainer: Explainer, clock: Callable[[], int], every: int) -> None:
        """Start with no event."""
        self.rules = [RuleCount(rule, explainer) for rule in explainer.rules if rule.enabled]
        self.events = 0
        self.asked = 0
        self.sampled = 0
        self.every = every
        self._watch = Stopwatch(clock)
        counts = {id(count.rule): count for count in self.rules}
        self._by_type = [[counts[id(rule)] for rule in found if id(rule) in counts] for found in explainer.by_type]

    @property
    def nanoseconds(self) -> int:
        """The time of all checks in the sample."""
        return sum(rule.nanoseconds for rule in self.rules)

    def run(self, contexts: Iterable[Context]) -> None:
        """Take all events in."""
        for ctx in contexts:
            self.events += 1
            rules = self._by_type[ctx.event.info.id]
            if rules:
                self._ask(rules, ctx)
        for rule in self.rules:
            rule.settle()

    def _ask(self, rules: list[RuleCount], ctx: Context) -> None:
        watch = self._watch if self.asked % self.every == 0 else None
        self.asked += 1
        self.sampled += watch is not None
        is_first = True
        for rule in rules:
            if rule.ask(ctx) if watch is None else rule.ask_timed(ctx, watch):
                rule.shadowed += not is_first
                is_first = False
