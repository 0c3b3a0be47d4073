"""A profile of rules as text and as JSON, sorted and cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tercel.rules.findings import place_json
from tercel.rules.parts import AND, CHECK, NOT, OR
from tercel.rules.values import visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from tercel.rules.profile import PartCount, Profile, RuleCount

# What rules can be sorted by, the largest first; `order` is that of their definition.
SORTS: Final[dict[str, Callable[[RuleCount], int]]] = {
    "time": lambda rule: rule.nanoseconds,
    "evaluated": lambda rule: rule.evaluated,
    "matched": lambda rule: rule.matched,
    "shadowed": lambda rule: rule.shadowed,
    "order": lambda _: 0,
}
REMARK: Final = (
    "Plain evaluation, every rule for itself and from left to right; a run shares work between rules and asks far less."
)
_WIDTH: Final = 100


def chosen(profile: Profile, sort: str, top: int) -> list[RuleCount]:
    """Return the rules to be shown: sorted, and no more than `top` unless that is 0."""
    rules = sorted(profile.rules, key=SORTS[sort], reverse=True)
    return rules[:top] if top else rules


def profile_json(profile: Profile, sort: str, top: int) -> dict[str, object]:
    """Return a profile for programs."""
    total = profile.nanoseconds
    return {
        "method": REMARK,
        "events": profile.events,
        "asked": profile.asked,
        "sampled": profile.sampled,
        "sample_every": profile.every,
        "evaluations": sum(rule.evaluated for rule in profile.rules),
        "matched": sum(rule.matched for rule in profile.rules),
        "time_ns": total,
        "rules": [_rule_json(rule, total) for rule in chosen(profile, sort, top)],
    }


def _rule_json(rule: RuleCount, total: int) -> dict[str, object]:
    return {
        "rule": rule.rule.name,
        "place": place_json(rule.place),
        "evaluated": rule.evaluated,
        "matched": rule.matched,
        "shadowed": rule.shadowed,
        "sampled": rule.sampled,
        "time_ns": rule.nanoseconds,
        "share": _share(rule.nanoseconds, total),
        "parts": [_part_json(part, total) | {"ruled_out": part.ruled_out} for part in rule.parts],
    }


def _part_json(count: PartCount, total: int) -> dict[str, object]:
    part = count.part
    return {
        "kind": part.kind,
        "text": part.text,
        "macros": list(count.macros),
        "lists": list(part.lists),
        "exception": part.exception,
        "evaluated": count.evaluated,
        "held": count.held,
        "time_ns": count.nanoseconds,
        "share": _share(count.nanoseconds, total),
        "parts": [_part_json(child, total) for child in count.children],
    }


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def profile_text(profile: Profile, sort: str, top: int) -> str:
    """Return a profile as a table: a line for each rule and below it one for each part that was asked."""
    total = profile.nanoseconds
    rules = chosen(profile, sort, top)
    matched = sum(rule.matched for rule in profile.rules)
    evaluations = sum(rule.evaluated for rule in profile.rules)
    counts = f"{profile.events} events, {profile.asked} of types that rules are about"
    lines = [
        f"{counts}; {evaluations} evaluations of {len(profile.rules)} rules, {matched} matches",
        REMARK,
        f"Counts are exact; time is that of the checks, taken at one such event in {profile.every}.",
        "",
        f"{'time':>6} {'evaluated':>10} {'held':>10} {'ruled out':>10}  rule, and what it asks",
    ]
    for rule in rules:
        lines += _rule_lines(rule, total)
    if len(rules) < len(profile.rules):
        lines += ["", f"{len(profile.rules) - len(rules)} more rules; --top 0 shows all"]
    return "\n".join(visible(line) for line in lines)


def _rule_lines(rule: RuleCount, total: int) -> list[str]:
    ruled_out = rule.evaluated - rule.matched
    shadowed = f", shadowed {rule.shadowed} times by earlier rules" if rule.shadowed else ""
    head = f"{_percent(rule.nanoseconds, total)} {rule.evaluated:>10} {rule.matched:>10} {ruled_out:>10}"
    lines = ["", f"{head}  {rule.rule.name} ({rule.place.name}:{rule.place.line}{shadowed})"]
    for part in rule.parts:
        lines += _part_lines(part, total)
    unasked = sum(1 for part in rule.parts if not part.evaluated)
    if unasked:
        lines.append(f"{'':41}{unasked} {'part' if unasked == 1 else 'parts'} never asked")
    return lines


def _part_lines(top: PartCount, total: int) -> list[str]:
    lines: list[str] = []
    stack = [(top, 0)]
    while stack:
        count, depth = stack.pop()
        if not count.evaluated:
            continue
        ruled_out = str(count.ruled_out) if depth == 0 else ""
        head = f"{_percent(count.nanoseconds, total)} {count.evaluated:>10} {count.held:>10} {ruled_out:>10}"
        lines.append(f"{head}  {'  ' * (depth + 1)}{_label(count)}")
        if not _is_negated_check(count):
            stack += [(child, depth + 1) for child in reversed(count.children)]
    return lines


def _is_negated_check(count: PartCount) -> bool:
    """Return whether a part is a `not` before a check, which take one line."""
    return count.part.kind == NOT and bool(count.children) and not count.children[0].children


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole if whole else 0:>5.1f}%"


def _label(count: PartCount) -> str:
    part = count.part
    names = [f"exception '{part.exception}'"] if part.exception else []
    names += [f"macro {name}" for name in count.macros]
    text = part.written
    if part.kind != CHECK and not part.folded and not _is_negated_check(count):
        text = {NOT: "not", OR: "any of", AND: "all of"}[part.kind]
    return ": ".join([*names, text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."])
