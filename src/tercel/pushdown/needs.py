"""What a condition needs: for which combos it may hold whatever the path is, and for which only on certain paths.

Which program opens the path counts as something that the path has.

A combo is one way in which a call can be made, as the probe tells them apart (`tercel.capture.ebpf.guards.combo`); a
mask has a bit for each. Needs say too much rather than too little: where a condition holds, its need says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

# What a path has to have. Where several will do, the later ones are the dearer for the probe.
EXACT: Final = 0
IN_DIRECTORY: Final = 1  # it begins so, and no slash follows
PREFIX: Final = 2
SUFFIX: Final = 3
GRAM: Final = 4  # it contains these four bytes
PROGRAM: Final = 5  # not the path, but the name of the program that opens it

# Longer than any path.
_LONGEST: Final = 1 << 16

KIND_WORDS: Final = ("is", "is in", "begins with", "ends with", "contains", "is opened by")


class Pattern(NamedTuple):
    """Something that a path has: one of the kinds above, and the bytes."""

    kind: int
    text: bytes

    def words(self) -> str:
        """Return it as people read it."""
        text = self.text.decode("utf-8", "backslashreplace")
        return f"{KIND_WORDS[self.kind]} {text.rstrip('/') or '/' if self.kind == IN_DIRECTORY else text}"


class Need:
    """Masks of combos: `always` whatever the path is, `patterns` on paths that have this or that; never changed.

    `live` has all of them. `sharpness` tells how much the patterns rule out: long texts much, many of them less.
    """

    def __init__(self, always: int, patterns: dict[Pattern, int]) -> None:
        """Keep the masks."""
        self.always: int = always
        self.patterns: dict[Pattern, int] = patterns
        live = always
        shortest = _LONGEST
        for pattern, combos in patterns.items():
            live |= combos
            # A program that rules ask about may open anything, and one that runs already has no name yet.
            size = 0 if pattern.kind == PROGRAM else len(pattern.text) - (pattern.kind == GRAM)
            shortest = min(shortest, size)
        self.live: int = live
        self.sharpness: int = (shortest << 32) - len(patterns) if patterns else 0

    @property
    def is_never(self) -> bool:
        """Whether nothing can hold."""
        return not self.live

    def limited(self, mask: int) -> Need:
        """Return the same for some of the combos."""
        patterns = {pattern: combos & mask for pattern, combos in self.patterns.items() if combos & mask}
        return Need(self.always & mask, patterns)


NEVER: Final = Need(0, {})


def whatever(mask: int) -> Need:
    """Return what holds on any path, for some combos."""
    return Need(mask, {}) if mask else NEVER


def on_paths(patterns: Iterable[Pattern], mask: int) -> Need:
    """Return what holds on paths that have one of the patterns, for some combos."""
    return Need(0, dict.fromkeys(patterns, mask)) if mask else NEVER


def either(needs: Iterable[Need]) -> Need:
    """Return what one of several conditions needs."""
    found = [need for need in needs if need.live]
    if not found:
        return NEVER
    if len(found) == 1:
        return found[0]
    always = 0
    for need in found:
        always |= need.always
    patterns: dict[Pattern, int] = {}
    for need in found:
        for pattern, mask in need.patterns.items():
            if mask & ~always:
                patterns[pattern] = patterns.get(pattern, 0) | (mask & ~always)
    return Need(always, patterns)


def both(first: Need, second: Need) -> Need:
    """Return what two conditions need together: for each combo the sharper of the two."""
    if first is second or not first.live & ~second.always:
        return first
    if not second.live & ~first.always:
        return second
    common = first.live & second.live
    if not common:
        return NEVER
    sharper, other = (first, second) if first.sharpness >= second.sharpness else (second, first)
    patterns: dict[Pattern, int] = {}
    for need, mask in ((sharper, common & ~sharper.always), (other, common & sharper.always & ~other.always)):
        for pattern, combos in need.patterns.items():
            if combos & mask:
                patterns[pattern] = patterns.get(pattern, 0) | (combos & mask)
    return Need(first.always & second.always, patterns)
