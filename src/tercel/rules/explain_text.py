"""Explanations as text: one line per part of the condition, answers in front, values behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tercel.rules.parts import CHECK, NOT, OR
from tercel.rules.reasons import DOES_NOT_MATCH, cut, part_text, types_text
from tercel.rules.values import visible

if TYPE_CHECKING:
    from tercel.rules.findings import EventFacts, Explanation, Finding
    from tercel.rules.nearest import Summary
    from tercel.rules.parts import Conjunct
    from tercel.rules.problems import Place

_KEY: Final = "  > decides; answers in parentheses are not asked for, since the whole is settled before"
_TURNED: Final = "nothing to compare: the check does not hold, and 'not' turns that round"
_TEXT_WIDTH: Final = 48


def explanation_text(explanation: Explanation, *, names_rule: bool = True) -> str:
    """Return an explanation as lines; the last one says whether the rule matches."""
    rule = explanation.rule
    lines = [f"Rule '{rule.name}' ({place_text(explanation.place)})"] if names_rule else []
    lines.append(explanation.event.text())
    if explanation.root is not None:
        lines += ["", *tree_lines(explanation.root), "", _KEY]
    if not rule.enabled:
        lines.append("  The rule is switched off: a run does not ask it.")
    if explanation.shadowed_by:
        lines.append(f"  {shadow_text(explanation)}")
    lines += ["", f"{explanation.reason[:1].upper()}{explanation.reason[1:]}"]
    return "\n".join(visible(line) for line in lines)


def shadow_text(explanation: Explanation) -> str:
    """Return what the earlier rule that matches the event means for this one."""
    other = f"'{explanation.shadowed_by}' comes before it and matches"
    if explanation.matches:
        return f"With rule_matching: first the event is reported by another rule only: {other}, too."
    return f"With rule_matching: first it would not be asked: {other}."


def place_text(place: Place) -> str:
    """Return a place as `file:line`."""
    return f"{place.name}:{place.line}"


def tree_lines(root: Finding) -> list[str]:
    """Return a line for each part, indented by depth; a negated check takes one line."""
    lines: list[str] = []
    stack = [(root, 0)]
    while stack:
        finding, depth = stack.pop()
        inner = _negated_check(finding)
        lines.append(_line(finding, inner, depth))
        if inner is None:
            stack += [(child, depth + 1) for child in reversed(finding.children)]
    return lines


def _negated_check(finding: Finding) -> Finding | None:
    """Return the check that a `not` stands before, when nothing else is to be said of it."""
    if finding.part.kind != NOT or not finding.children:
        return None
    child = finding.children[0]
    return child if child.part.kind == CHECK and not child.part.macros else None


def _line(finding: Finding, inner: Finding | None, depth: int) -> str:
    answer = "true" if finding.holds else "false"
    shown = answer if finding.asked else f"({answer})"
    mark = ">" if finding.decides and not finding.children else " "
    if inner is not None and inner.decides:
        mark = ">"
    head = f"{mark} {shown:<8}{'  ' * depth}{_label(finding, inner)}"
    tail = _tail(inner or finding, turned=inner is not None)
    width = 10 + _TEXT_WIDTH
    return f"{head:<{width}}  {tail}".rstrip() if tail else head


def _label(finding: Finding, inner: Finding | None) -> str:
    part = finding.part
    names = [f"exception '{part.exception}'"] if part.exception else []
    names += [f"macro {name}" for name in part.macros]
    if inner is not None:
        text = f"not {part_text(inner)}"
    elif part.kind == CHECK:
        text = part_text(finding)
    elif part.folded:
        text = f"{part.kind} (as above)" if part.macros else f"{part.kind}: {part_text(finding)}"
    else:
        text = {NOT: "not", OR: "any of"}.get(part.kind, "all of")
    return ": ".join([*names, text])


def _tail(finding: Finding, *, turned: bool) -> str:
    values = "; ".join(value.sentence(with_type=not finding.holds) for value in finding.values)
    return f"{values}; {_TURNED}" if turned and finding.is_missing else values


def verdicts_text(event: EventFacts, verdicts: list[Explanation], rules: int) -> str:
    """Return a line for each rule that is asked about an event."""
    about = "1 rule is" if len(verdicts) == 1 else f"{len(verdicts)} rules are"
    lines = [event.text(), f"{about} about its type, of {rules}:", ""]
    for verdict in verdicts:
        lines.append(f"{'matches' if verdict.matches else 'no':<8} {verdict.rule.name}")
        if not verdict.matches:
            lines.append(f"{'':9}{verdict.reason.removeprefix(DOES_NOT_MATCH)}")
        elif verdict.shadowed_by:
            lines.append(f"{'':9}reported only with rule_matching: all, since '{verdict.shadowed_by}' comes first")
    return "\n".join(visible(line) for line in lines)


def summary_text(summary: Summary) -> str:
    """Return how often each part of a rule's condition was the first to fail, and one event explained."""
    rule = summary.rule
    lines = [f"Rule '{rule.name}' ({place_text(summary.place)}), about {types_text(rule)}"]
    lines.append(f"asked about {summary.events} events, matched {summary.matched}")
    shown = summary.first_match or summary.closest
    if shown is None:
        return "\n".join(visible(line) for line in lines)
    lines += ["", f"{'first to fail':>13}  part of the condition"]
    for item, count in zip(summary.conjuncts, summary.failed, strict=True):
        lines.append(f"{count:>13}  {_conjunct_text(item)}")
    kind = "The first event that matched" if summary.first_match else f"The closest event ({_failed(summary)})"
    lines += ["", f"{kind}:"]
    return "\n".join([*(visible(line) for line in lines), explanation_text(shown, names_rule=False)])


def _failed(summary: Summary) -> str:
    count = len(summary.conjuncts)
    return f"{summary.closest_failed} of {count} {'part' if count == 1 else 'parts'} failed"


def overview_text(summaries: list[Summary]) -> str:
    """Return a line for each rule: how often it was asked and matched, and what it failed on when it did not match."""
    lines = [f"{'events':>9} {'matched':>9}  rule"]
    for summary in summaries:
        lines.append(f"{summary.events:>9} {summary.matched:>9}  {summary.rule.name}")
        if summary.first_match is not None:
            lines.append(f"{'':21}first matched event {summary.first_match.event.num}")
        elif summary.closest is not None:
            why = summary.closest.reason.removeprefix(DOES_NOT_MATCH)
            lines.append(f"{'':21}closest was event {summary.closest.event.num}: {why}")
    return "\n".join(visible(line) for line in lines)


def _conjunct_text(item: Conjunct) -> str:
    part = item.part
    names = [f"exception '{part.exception}'"] if part.exception else []
    names += [f"macro {name}" for name in item.macros]
    return ": ".join([*names, cut(part.written)])
