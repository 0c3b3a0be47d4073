"""The sentence that says why a rule matches an event, does not match it, or is not asked about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tercel.events.table import EVENTS
from tercel.filters.event_types import event_names
from tercel.rules.parts import AND, NOT

if TYPE_CHECKING:
    from tercel.rules.findings import EventFacts, Finding
    from tercel.rules.rule import Rule

DOES_NOT_MATCH: Final = "the rule does not match: "
_MOST_PHRASES: Final = 3
_MOST_TYPES: Final = 8
_WIDTH: Final = 160


class Decisive:
    """A part without parts on which the answer rests; `wanted` is the answer with which the rule would match."""

    __slots__ = ("exception", "finding", "wanted")

    def __init__(self, finding: Finding, wanted: bool, exception: str) -> None:
        """Keep the values."""
        self.finding = finding
        self.wanted = wanted
        self.exception = exception

    def phrase(self) -> str:
        """Return what the part found, and what that means where it is not plain."""
        finding = self.finding
        values = "; ".join(value.sentence(with_type=not finding.holds) for value in finding.values)
        verb = "holds" if finding.holds else "does not hold"
        text = f"'{part_text(finding)}' {verb}" + (f" ({values})" if values else "")
        if finding.holds and not self.wanted:
            text += ", which the rule excludes"
        return f"exception '{self.exception}': {text}" if self.exception else text


def part_text(finding: Finding) -> str:
    """Return a part as the file has it, else with everything in place, cut when it is long."""
    return cut(finding.part.written)


def cut(text: str) -> str:
    """Return a condition's text, its end left out when it is long."""
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."


def decisive(root: Finding) -> list[Decisive]:
    """Return the parts on which the answer rests, from left to right."""
    found: list[Decisive] = []
    stack = [Decisive(root, wanted=True, exception=root.part.exception)]
    while stack:
        item = stack.pop()
        finding = item.finding
        if not finding.decides:
            continue
        if not finding.children:
            found.append(item)
        wanted = item.wanted != (finding.part.kind == NOT)
        children = reversed(finding.children)
        stack += [Decisive(child, wanted, item.exception or child.part.exception) for child in children]
    return found


def conjunct_answers(root: Finding) -> list[bool]:
    """Return the answers of the parts that must all hold, macros and parentheses opened."""
    if root.part.kind != AND or not root.children:
        return [root.holds]
    return [answer for child in root.children for answer in conjunct_answers(child)]


def reason(root: Finding) -> str:
    """Return why the condition holds or does not."""
    answers = conjunct_answers(root)
    if root.holds:
        if len(answers) > 1:
            return f"all {len(answers)} parts of the condition hold: the rule matches"
        return f"{_phrases(root)}: the rule matches"
    others = answers.count(False) - 1
    more = "" if others < 1 else f"; {others} more of its {len(answers)} parts {_do(others)} not hold either"
    return f"{DOES_NOT_MATCH}{_phrases(root)}{more}"


def _do(count: int) -> str:
    return "does" if count == 1 else "do"


def _phrases(root: Finding) -> str:
    found = decisive(root)
    text = "; ".join(item.phrase() for item in found[:_MOST_PHRASES])
    rest = len(found) - _MOST_PHRASES
    return f"{text}; and {rest} more of the kind" if rest > 0 else text


def not_asked(rule: Rule, event: EventFacts, event_id: int) -> str:
    """Return why a rule is not asked about events of a type."""
    if event_id not in rule.event_ids:
        return f"the rule is not about {event.type}: it is about {types_text(rule)}"
    if EVENTS[event_id].is_enter and rule.exit_only:
        return (
            "the rule is not asked about entries of calls, since its file requires engine 0.57.0 or later "
            "(engine.enter_events: visible changes that)"
        )
    return "no rule is asked about events of this type"


def types_text(rule: Rule) -> str:
    """Return the names of the event types that a rule is about."""
    names = sorted(event_names(rule.condition))
    if not names:
        return "no type of event"
    rest = len(names) - _MOST_TYPES
    return ", ".join(names[:_MOST_TYPES]) + (f" and {rest} more" if rest > 0 else "")
