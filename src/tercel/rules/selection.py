"""Which rules are in force: by name, wildcard, part of the name, or tag, each step after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tercel.rules.rule import Rule

EXACT: Final = "exact"
WILDCARD: Final = "wildcard"
SUBSTRING: Final = "substring"
TAG: Final = "tag"


def wildcard_match(pattern: str, text: str) -> bool:
    """Return whether a text fits a pattern in which `*` stands for anything.

    Each piece between stars is taken at its first place: `*.yaml` does not fit `a.yaml.b.yaml`, as in Falco.
    """
    first, *rest = pattern.split("*")
    if not rest:
        return pattern == text
    if not text.startswith(first):
        return False
    at = len(first)
    for piece in rest:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return pattern.endswith("*") or at == len(text)


class Step:
    """One step of a selection: enable or disable what the pattern fits."""

    __slots__ = ("enable", "kind", "pattern")

    def __init__(self, enable: bool, kind: str, pattern: str) -> None:
        """Keep the values."""
        self.enable = enable
        self.kind = kind
        self.pattern = pattern

    def fits(self, rule: Rule) -> bool:
        """Return whether the step is about a rule."""
        if self.kind == TAG:
            return self.pattern in rule.tags
        if self.kind == SUBSTRING:
            return self.pattern in rule.name
        if self.kind == WILDCARD:
            return wildcard_match(self.pattern, rule.name)
        return self.pattern == rule.name


class Selection:
    """Steps that switch rules on and off, in order; a rule that no step fits keeps what its file says."""

    def __init__(self, steps: Iterable[Step] = ()) -> None:
        """Start with some steps."""
        self.steps = list(steps)

    @classmethod
    def from_flags(cls, disabled: Iterable[str], disabled_tags: Iterable[str], tags: Iterable[str]) -> Selection:
        """Return the selection of the options -D (part of a name), -T (a tag) and -t (only these tags)."""
        selection = cls(Step(enable=False, kind=SUBSTRING, pattern=text) for text in disabled)
        selection.steps += [Step(enable=False, kind=TAG, pattern=tag) for tag in disabled_tags]
        only = [Step(enable=True, kind=TAG, pattern=tag) for tag in tags]
        if only:
            selection.steps += [Step(enable=False, kind=WILDCARD, pattern="*"), *only]
        return selection

    def add(self, enable: bool, rule: str = "", tag: str = "") -> None:
        """Add an entry of the configuration's `rules`: a rule's name or wildcard, or a tag."""
        if rule:
            self.steps.append(Step(enable, WILDCARD, rule))
        if tag:
            self.steps.append(Step(enable, TAG, tag))

    def apply(self, rules: Iterable[Rule]) -> None:
        """Set each rule's `enabled`."""
        for rule in rules:
            for step in self.steps:
                if step.fits(rule):
                    rule.enabled = step.enable
