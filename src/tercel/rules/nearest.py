"""Over all events of a capture: how often a rule matched, what it failed on, and which event came closest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tercel.rules.parts import Conjunct, conjuncts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tercel.rules.explain import Explainer
    from tercel.rules.findings import Explanation
    from tercel.rules.rule import Rule
    from tercel.state.context import Context


class Summary:
    """What a rule found in all events that it is asked about.

    `failed[i]` counts the events for which the i-th of its parts was the first that did not hold. `closest` is the
    event, among those that did not match, for which the fewest parts failed, the first of these.
    """

    def __init__(self, rule: Rule, explainer: Explainer) -> None:
        """Start with no event."""
        self.rule = rule
        self.place = explainer.place(rule)
        self.conjuncts: list[Conjunct] = conjuncts(explainer.parts(rule))
        self.failed = [0] * len(self.conjuncts)
        self.events = 0
        self.matched = 0
        self.first_match: Explanation | None = None
        self.closest: Explanation | None = None
        self.closest_failed = len(self.conjuncts) + 1
        self._explainer = explainer
        self._predicates = [explainer.predicate(rule, conjunct.part.node) for conjunct in self.conjuncts]

    def look(self, ctx: Context) -> None:
        """Take the event of a context in, one of those that the rule is asked about."""
        self.events += 1
        failed = self._failed(ctx)
        if failed == 0:
            self.matched += 1
            if self.first_match is None:
                self.first_match = self._explainer.explain(self.rule, ctx)
        elif failed < self.closest_failed:
            self.closest_failed = failed
            self.closest = self._explainer.explain(self.rule, ctx)

    def _failed(self, ctx: Context) -> int:
        """Return how many parts fail, counting no further than matters, and note the first."""
        failed = 0
        for index, predicate in enumerate(self._predicates):
            if predicate.evaluate(ctx):
                continue
            failed += 1
            if failed == 1:
                self.failed[index] += 1
            if failed >= self.closest_failed:
                break
        return failed

    def as_json(self) -> dict[str, object]:
        """Return the summary for programs."""
        return {
            "rule": self.rule.name,
            "place": {"file": self.place.name, "line": self.place.line, "column": self.place.column},
            "enabled": self.rule.enabled,
            "events": self.events,
            "matched": self.matched,
            "parts": [
                {"text": item.part.text, "macros": list(item.macros), "exception": item.part.exception, "failed": count}
                for item, count in zip(self.conjuncts, self.failed, strict=True)
            ],
            "first_match": None if self.first_match is None else self.first_match.as_json(),
            "closest": None if self.closest is None else self.closest.as_json(),
            "closest_failed": None if self.closest is None else self.closest_failed,
        }

    def short_json(self) -> dict[str, object]:
        """Return the summary without parts and trees."""
        first, closest = self.first_match, self.closest
        return {
            "rule": self.rule.name,
            "events": self.events,
            "matched": self.matched,
            "first_match": None if first is None else first.event.num,
            "closest": None if closest is None else closest.event.num,
            "closest_failed": None if closest is None else self.closest_failed,
            "reason": None if closest is None else closest.reason,
        }


def summarize(explainer: Explainer, rules: list[Rule], contexts: Iterable[Context]) -> list[Summary]:
    """Return a summary of each of the rules over all events."""
    summaries = [Summary(rule, explainer) for rule in rules]
    chosen = {id(summary.rule): summary for summary in summaries}
    by_type = [[chosen[id(rule)] for rule in found if id(rule) in chosen] for found in explainer.by_type]
    for ctx in contexts:
        for summary in by_type[ctx.event.info.id]:
            summary.look(ctx)
    return summaries
