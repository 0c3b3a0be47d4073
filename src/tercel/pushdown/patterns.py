"""Which paths a check needs that asks about a name, the directory in it, or the file's name at its end.

Only paths are meant that the probe judges: absolute, of printable letters, without `//`, `/.` and `./`, and without a
slash at their end. All others are reported. So a constant with such parts in it is the text of no path that is judged.
"""

from __future__ import annotations

from typing import Final

from tercel.filters.evaluate import AllOf, Check, OneOf
from tercel.filters.patterns import as_bytes
from tercel.filters.scalars import (
    MemberOf,
    PathMatch,
    TextContains,
    TextEndsWith,
    TextEquals,
    TextGlob,
    TextLess,
    TextStartsWith,
)
from tercel.pushdown.needs import EXACT, GRAM, IN_DIRECTORY, PREFIX, PROGRAM, SUFFIX, Pattern

# Which part of the path a field has.
NAME: Final = 0
DIRECTORY: Final = 1
FILENAME: Final = 2
# Not a part of the path: the name of the program.
COMM: Final = 3

GRAM_SIZE: Final = 4
# The kernel keeps no more of a program's name.
COMM_SIZE: Final = 15
_SLASH: Final = b"/"
_UNJUDGED: Final = (b"//", b"/.", b"./")

# None: the check may hold on any path.
Patterns = list[Pattern] | None


def paths_of(check: Check, part: int) -> Patterns:
    """Return the patterns of which a path has at least one where the check holds; None where that cannot be said."""
    if isinstance(check, AllOf):
        return _sharpest([paths_of(inner, part) for inner in check.checks])
    if isinstance(check, OneOf):
        return _joined([paths_of(inner, part) for inner in check.checks])
    if isinstance(check, MemberOf):
        texts = [member for member in check.members if isinstance(member, str)]
        return [pattern for text in texts for pattern in _equal(as_bytes(text), part)]
    if type(check) is TextEquals:
        return _equal(as_bytes(check.constant), part)
    return None if part == COMM else _searched_for(check, part)


def _searched_for(check: Check, part: int) -> Patterns:
    if isinstance(check, TextGlob):
        return _sharpest([_piece(first, last, as_bytes(text), part) for first, last, text in check.glob.literals()])
    if isinstance(check, PathMatch):
        if part == FILENAME:
            return None
        return _joined([_begins(as_bytes(text), part) for text in check.prefixes.beginnings()])
    return _searched(check, part) if isinstance(check, TextLess) else None


def _searched(check: TextLess, part: int) -> Patterns:
    text = as_bytes(check.constant)
    if isinstance(check, TextStartsWith):
        return _begins(text, part)
    if isinstance(check, TextEndsWith):
        return _ends(text, part)
    return _contains(text) if isinstance(check, TextContains) else None


def _joined(found: list[Patterns]) -> Patterns:
    patterns: list[Pattern] = []
    for one in found:
        if one is None:
            return None
        patterns += one
    return patterns


def _sharpest(found: list[Patterns]) -> Patterns:
    """Return the patterns of whichever check rules out most, of several that have to hold."""
    known = [one for one in found if one is not None]
    if not known:
        return None
    return max(known, key=lambda one: min((len(pattern.text) for pattern in one), default=1 << 16))


def _is_unjudged(text: bytes) -> bool:
    return any(part in text for part in _UNJUDGED)


def _equal(text: bytes, part: int) -> list[Pattern]:
    if part == COMM:
        return [Pattern(PROGRAM, text)] if len(text) <= COMM_SIZE else []
    if _is_unjudged(text):
        return []
    if part == FILENAME:
        return [] if _SLASH in text or not text else [Pattern(SUFFIX, _SLASH + text)]
    if text[:1] != _SLASH:
        return []
    if part == DIRECTORY:
        return [Pattern(IN_DIRECTORY, text if text == _SLASH else text + _SLASH)]
    return [Pattern(EXACT, text)]


def _begins(text: bytes, part: int) -> Patterns:
    if not text:
        return None
    if _is_unjudged(text):
        return []
    if part == FILENAME:
        return _contains(_SLASH + text)
    return [Pattern(PREFIX, text)] if text[:1] == _SLASH else []


def _ends(text: bytes, part: int) -> Patterns:
    if not text:
        return None
    if part == DIRECTORY:
        # The root is the one directory whose path ends with a slash.
        return None if text == _SLASH else _contains(text + _SLASH)
    return [] if _is_unjudged(text) else [Pattern(SUFFIX, text)]


def _contains(text: bytes) -> Patterns:
    if _is_unjudged(text):
        return []
    if len(text) < GRAM_SIZE:
        return None
    return [Pattern(GRAM, _rarest(text))]


def _piece(is_first: bool, is_last: bool, text: bytes, part: int) -> Patterns:
    """Return the patterns of a text that stands in a shell pattern: at its beginning, its end, or between."""
    if is_first and is_last:
        return _equal(text, part)
    if is_first:
        return _begins(text, part)
    return _ends(text, part) if is_last else _contains(text)


# How often letters occur in the paths of a machine, roughly: those further to the left more often.
_COMMON: Final = b"/elibsroatn.uhcdpmgy-xfvkw_6420138579+jqz"


def _rarest(text: bytes) -> bytes:
    """Return the four bytes of a text that paths have most seldom."""
    ranks = [_COMMON.find(letter) if letter in _COMMON else len(_COMMON) for letter in text]
    starts = range(len(text) - GRAM_SIZE + 1)
    best = max(starts, key=lambda start: sum(ranks[start : start + GRAM_SIZE]))
    return text[best : best + GRAM_SIZE]
