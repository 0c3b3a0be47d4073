"""Lists: expansion of items that name other lists, and their substitution into the text of conditions.

Substitution is textual and comes before parsing: wherever the name of a list stands between delimiters, its items
stand instead. Lists are substituted in the order of their definition, so that an item that is the name of a later
list is replaced in its turn.
"""

from __future__ import annotations

import heapq
import re
from typing import TYPE_CHECKING, Final

from tercel.rules.exceptions import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tercel.rules.definitions import ListDef

# Lists that name each other, or are named often, must not grow beyond what the files' own size explains.
MAX_EXPANDED: Final = 4 << 20  # characters of a condition with all lists in place
MAX_ALL_EXPANDED: Final = 64 << 20  # the same of all conditions together
MIN_ITEMS: Final = 100_000  # expanded lists may have so many items together,
ITEMS_GROWTH: Final = 20  # and so many times as many as are written
_BLANKS: Final = " \t\n\r"
_DELIMITERS: Final = frozenset(_BLANKS + "(),=")
_APART: Final = str.maketrans(dict.fromkeys(_DELIMITERS, " "))
_WORD: Final = re.compile(r"[^ \t\n\r(),=]+")


def is_word(text: str) -> bool:
    """Return whether a text holds no delimiter."""
    return _WORD.fullmatch(text) is not None


def words_of(text: str) -> list[str]:
    """Return what stands between delimiters, with empty texts among it."""
    return text.translate(_APART).split(" ")


class ExpansionError(ValueError):
    """A condition would become too long."""


class ListTable:
    """All lists, ready to be substituted; remembers which were used."""

    def __init__(self, definitions: dict[str, ListDef]) -> None:
        """Number the lists in the order of their definition; items that name other lists are expanded by `expand`."""
        self.used: set[str] = set()
        self.items: dict[str, list[str]] = {}
        self._definitions = definitions
        self._names: list[str] = []
        self._order: dict[str, int] = {}
        # Names that hold a delimiter: no single word of a condition can be one of them.
        self._odd: list[int] = []
        self._plain_names: set[str] = set()
        self._texts: dict[str, str] = {}
        self._later: dict[str, list[int]] = {}
        self._items_left = MIN_ITEMS
        self._text_left = MAX_ALL_EXPANDED
        self.add(definitions.values())

    def add(self, definitions: Iterable[ListDef]) -> None:
        """Take lists in that were defined behind those that there are."""
        for definition in definitions:
            name = definition.name
            number = len(self._names)
            self._names.append(name)
            self._order[name] = number
            if is_word(name):
                self._plain_names.add(name)
            else:
                self._odd.append(number)
            self._items_left += ITEMS_GROWTH * len(definition.items)

    def references(self, name: str) -> list[str]:
        """Return the items of a list that are names of lists which it sees."""
        definition = self._definitions[name]
        found: list[str] = []
        for item in definition.items:
            other = self._definitions.get(item)
            if other is not None and other.index < definition.visibility:
                found.append(item)
        return found

    def expand(self, name: str) -> None:
        """Expand a list and the lists that it names; one that is named within itself stays a name there."""
        stack = [(name, False)]
        opened: set[str] = set()
        while stack:
            current, ready = stack.pop()
            if current in self.items:
                continue
            references = self.references(current)
            if not ready:
                opened.add(current)
                stack.append((current, True))
                stack += [(other, False) for other in references if other not in opened]
                continue
            self.used.update(references)
            self._join(current, set(references))

    def _join(self, name: str, references: set[str]) -> None:
        items: list[str] = []
        for item in self._definitions[name].items:
            inner = self.items.get(item) if item in references else None
            items += [item] if inner is None else inner
            if len(items) > self._items_left:
                self.items[name] = self._definitions[name].items
                raise ExpansionError(name)
        self._items_left -= len(items)
        self.items[name] = items

    def text_of(self, name: str) -> str:
        """Return what stands in the place of a list's name."""
        text = self._texts.get(name)
        if text is None:
            text = ", ".join([quoted(item) for item in self.items[name]])
            self._texts[name] = text
        return text

    def substitute(self, condition: str, origins: list[int] | None = None) -> str:
        """Return the condition with all lists in place.

        `origins`, when given, is filled with the index in the original condition of each character of the result.
        """
        if origins is not None:
            origins[:] = range(len(condition))
        order = self._order
        named = self._plain_names.intersection(words_of(condition))
        if not named and not self._odd:
            return condition
        pending = {order[name] for name in named}
        pending.update(self._odd)
        queue = list(pending)
        heapq.heapify(queue)
        while queue:
            number = heapq.heappop(queue)
            name = self._names[number]
            replaced = self._replace(condition, name, origins)
            if replaced is None:
                continue
            condition = replaced
            self.used.add(name)
            for later in self._later_in(name):
                if later not in pending:
                    pending.add(later)
                    heapq.heappush(queue, later)
        return condition

    def _later_in(self, name: str) -> list[int]:
        """Return the numbers of the lists behind this one that its own text names."""
        found = self._later.get(name)
        if found is None:
            order = self._order
            numbers = {order.get(word, -1) for word in _WORD.findall(self.text_of(name))}
            found = sorted(number for number in numbers if number > order[name])
            self._later[name] = found
        return found

    def _replace(self, condition: str, name: str, origins: list[int] | None) -> str | None:
        """Return the condition with one list in place, or None when it does not occur."""
        text = self.text_of(name)
        pieces: list[str] = []
        places: list[int] = []
        length = 0
        done = 0
        start = condition.find(name)
        while start >= 0:
            end = start + len(name)
            if not _stands_alone(condition, start, end):
                start = condition.find(name, start + 1)
                continue
            start, end = _widened(condition, max(start, done), end)
            piece = condition[done:start]
            before, text_here = piece, text
            if not text:
                before, end = _without_comma(condition, piece, end)
            if before or pieces:
                before += " "
            pieces += (before, text_here, " ")
            length += len(before) + len(text_here) + 1
            if length > min(MAX_EXPANDED, self._text_left):
                raise ExpansionError(name)
            if origins is not None:
                places += origins[done : done + len(piece)][: len(before)]
                at = origins[start] if start < len(origins) else (origins[-1] if origins else 0)
                places += [at] * (length - len(places))
            done = end
            start = condition.find(name, end)
        if not pieces:
            return None
        pieces.append(condition[done:])
        self._text_left -= length
        if origins is not None:
            origins[:] = places + origins[done:]
        return "".join(pieces)


def _stands_alone(condition: str, start: int, end: int) -> bool:
    return (start == 0 or condition[start - 1] in _DELIMITERS) and (
        end >= len(condition) or condition[end] in _DELIMITERS
    )


def _widened(condition: str, start: int, end: int) -> tuple[int, int]:
    """Return the range with the blanks around it."""
    while start > 0 and condition[start - 1] in _BLANKS:
        start -= 1
    while end < len(condition) and condition[end] in _BLANKS:
        end += 1
    return start, end


def _without_comma(condition: str, before: str, end: int) -> tuple[str, int]:
    """Remove the comma before an empty list, else the one behind it."""
    if before.endswith(","):
        return before[:-1], end
    if end < len(condition) and condition[end] == ",":
        return before, end + 1
    return before, end
