"""`tercel rules explain`: why rules match the events of a capture, or do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tercel.cli.rules_support import CommandError, Reading, load, rule_named, show, with_capture
from tercel.rules.explain import Explainer
from tercel.rules.explain_text import explanation_text, overview_text, summary_text, verdicts_text
from tercel.rules.nearest import summarize

if TYPE_CHECKING:
    import argparse

    from tercel.rules.loader import RuleLoader
    from tercel.rules.rule import Rule
    from tercel.state.context import Context

_NOT_SHOWN: Final = "it tells the state at the beginning, or it could not be decoded"


def explain(arguments: argparse.Namespace) -> None:
    """Explain what the options ask for; raises CommandError."""
    loader = load(arguments.rules)
    rule = None if arguments.rule is None else rule_named(loader, arguments.rule)

    def work(reading: Reading) -> None:
        command = _Command(loader, reading, as_json=arguments.json)
        if arguments.event is not None:
            command.event(arguments.event, rule)
        elif rule is not None:
            command.rule(rule)
        else:
            command.overview()

    with_capture(arguments.capture, loader, work)


class _Command:
    """One invocation: what is asked about the events of an opened capture."""

    def __init__(self, loader: RuleLoader, reading: Reading, *, as_json: bool) -> None:
        self._explainer = Explainer(loader)
        self._reading = reading
        self._as_json = as_json

    def event(self, number: int, rule: Rule | None) -> None:
        """Explain a rule, or all that are asked, at one event."""
        ctx = self._find(number)
        if ctx is None:
            return
        explainer = self._explainer
        if rule is not None:
            found = explainer.explain(rule, ctx)
            show(explanation_text(found), found.as_json(), as_json=self._as_json)
            return
        event = explainer.facts(ctx)
        verdicts = [explainer.explain(candidate, ctx) for candidate in explainer.candidates(ctx)]
        value: dict[str, object] = {"event": event.as_json(), "rules": [verdict.short_json() for verdict in verdicts]}
        show(verdicts_text(event, verdicts, len(explainer.rules)), value, as_json=self._as_json)

    def rule(self, rule: Rule) -> None:
        """Sum up a rule over all events."""
        (summary,) = summarize(self._explainer, [rule], self._reading.contexts())
        show(summary_text(summary), summary.as_json(), as_json=self._as_json)

    def overview(self) -> None:
        """Sum up every rule in force in one line."""
        rules = [rule for rule in self._explainer.rules if rule.enabled]
        summaries = summarize(self._explainer, rules, self._reading.contexts())
        value: dict[str, object] = {"rules": [summary.short_json() for summary in summaries]}
        show(overview_text(summaries), value, as_json=self._as_json)

    def _find(self, number: int) -> Context | None:
        """Return the context of an event; None where the capture cannot be read up to it."""
        last = 0
        for ctx in self._reading.contexts():
            last = ctx.event.num
            if last == number:
                return ctx
            if last > number:
                break
        if self._reading.error is not None:
            return None
        if last > number:
            raise CommandError(f"no rule sees event {number}: {_NOT_SHOWN}")
        raise CommandError(f"there is no event {number}: the last one has the number {last}")
