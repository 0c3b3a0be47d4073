"""One matcher per field: which of all the atoms over the field a value makes true.

A value is matched against all constants at once when it is first met, and its answer is remembered. Constants are
found through what they have in common with the value: equality through a dictionary, prefixes and suffixes through
one per length, contained texts through three of their letters, addresses through one per mask of their networks.
Atoms of other kinds (patterns, comparisons of order) are asked one by one.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from tercel.events.event import MalformedEventError
from tercel.fields.base import Extractor
from tercel.filters.evaluate import Check
from tercel.filters.scalars import (
    AddressIn,
    AddressNotIn,
    MemberOf,
    NumberDiffers,
    NumberEquals,
    TextContains,
    TextDiffers,
    TextEndsWith,
    TextEquals,
    TextLess,
    TextStartsWith,
)
from tercel.state.context import Context

# Fewer contained constants than this are looked for one by one.
_FEW: Final = 12
_GRAM: Final = 3


class Answer:
    """The atoms over a field that hold for a value: equal sets of one field are the same object.

    `number` counts the answers of the field.
    """

    def __init__(self, number: i64, truths: frozenset[int]) -> None:
        """Keep the numbers of the atoms that hold."""
        self.number: i64 = number
        self.truths: frozenset[int] = truths


class _Affixes:
    """Texts that values begin or end with, by length."""

    def __init__(self, is_prefix: bool) -> None:
        self._is_prefix: bool = is_prefix
        self._by_size: dict[int, dict[str, list[int]]] = {}

    def add(self, text: str, atom: int) -> None:
        self._by_size.setdefault(len(text), {}).setdefault(text, []).append(atom)

    def find(self, value: str, found: set[int]) -> None:
        """Add the atoms of all texts that the value begins (or ends) with."""
        length = len(value)
        for size, texts in self._by_size.items():
            if size > length:
                continue
            part = value[:size] if self._is_prefix else value[length - size :]
            atoms = texts.get(part)
            if atoms is not None:
                found.update(atoms)


class _Contained:
    """Texts that values contain."""

    def __init__(self) -> None:
        self._texts: dict[str, list[int]] = {}
        self._by_gram: dict[str, list[tuple[int, str, list[int]]]] = {}
        self._short: list[tuple[str, list[int]]] = []
        self._is_indexed: bool = False

    def add(self, text: str, atom: int) -> None:
        self._texts.setdefault(text, []).append(atom)

    def _index(self) -> None:
        """Put each text under the rarest of its groups of letters."""
        self._is_indexed = True
        uses: dict[str, int] = {}
        for text in self._texts:
            for at in range(len(text) - _GRAM + 1):
                gram = text[at : at + _GRAM]
                uses[gram] = uses.get(gram, 0) + 1
        for text, atoms in self._texts.items():
            if len(text) < _GRAM or len(self._texts) < _FEW:
                self._short.append((text, atoms))
                continue
            best = 0
            for at in range(1, len(text) - _GRAM + 1):
                if uses[text[at : at + _GRAM]] < uses[text[best : best + _GRAM]]:
                    best = at
            self._by_gram.setdefault(text[best : best + _GRAM], []).append((best, text, atoms))

    def find(self, value: str, found: set[int]) -> None:
        """Add the atoms of all texts that occur in the value."""
        if not self._is_indexed:
            self._index()
        for text, atoms in self._short:
            if text in value:
                found.update(atoms)
        if not self._by_gram:
            return
        at: i64 = 0
        end: i64 = len(value) - _GRAM
        while at <= end:
            places = self._by_gram.get(value[at : at + _GRAM])
            if places is not None:
                for offset, text, atoms in places:
                    start: i64 = at - offset
                    if start >= 0 and value.startswith(text, start):
                        found.update(atoms)
            at += 1


class _Networks:
    """Ranges of addresses, by the length of the address and the mask."""

    def __init__(self) -> None:
        self._by_mask: dict[int, dict[int, dict[int, list[int]]]] = {}

    def add(self, size: int, mask: int, prefix: int, atom: int) -> None:
        masks = self._by_mask.setdefault(size, {})
        masks.setdefault(mask, {}).setdefault(prefix, []).append(atom)

    def find(self, value: bytes, found: set[int]) -> None:
        """Add the atoms of all networks that the address lies in."""
        masks = self._by_mask.get(len(value))
        if masks is None:
            return
        number = int.from_bytes(value, "big")
        for mask, prefixes in masks.items():
            atoms = prefixes.get(number & mask)
            if atoms is not None:
                found.update(atoms)


class Matcher:
    """All atoms over one field."""

    def __init__(self, field: Extractor) -> None:
        """Start without atoms."""
        self.field: Extractor = field
        self.missing: Answer = Answer(0, frozenset())
        self.remembered: dict[object, Answer] = {}
        self.asked: i64 = 0
        self._answers: dict[frozenset[int], Answer] = {frozenset(): self.missing}
        self._equal: dict[object, list[int]] = {}
        self._prefixes: _Affixes | None = None
        self._suffixes: _Affixes | None = None
        self._contained: _Contained | None = None
        self._networks: _Networks | None = None
        self._others: list[Check] = []
        self._other_atoms: list[int] = []

    def add(self, check: Check, number: int) -> None:
        """Take a check of the field, an atom of the given number."""
        if not self._index(check, number):
            self._others.append(check)
            self._other_atoms.append(number)

    def _index(self, check: Check, number: int) -> bool:
        """Put a check where values find it; return False when it has to be asked."""
        if isinstance(check, TextDiffers | NumberDiffers | AddressNotIn):
            return False
        if isinstance(check, TextLess):
            return self._index_search(check, number)
        if isinstance(check, TextEquals | NumberEquals):
            self._equal.setdefault(check.constant, []).append(number)
            return True
        if isinstance(check, MemberOf):
            for member in check.members:
                self._equal.setdefault(member, []).append(number)
            return True
        if isinstance(check, AddressIn):
            self._index_addresses(check, number)
            return True
        return False

    def _index_search(self, check: TextLess, number: int) -> bool:
        if isinstance(check, TextStartsWith):
            if self._prefixes is None:
                self._prefixes = _Affixes(True)
            self._prefixes.add(check.constant, number)
        elif isinstance(check, TextEndsWith):
            if self._suffixes is None:
                self._suffixes = _Affixes(False)
            self._suffixes.add(check.constant, number)
        elif isinstance(check, TextContains):
            if self._contained is None:
                self._contained = _Contained()
            self._contained.add(check.constant, number)
        else:
            return False
        return True

    def _index_addresses(self, check: AddressIn, number: int) -> None:
        for address in check.addresses:
            self._equal.setdefault(address, []).append(number)
        for network in check.networks:
            if self._networks is None:
                self._networks = _Networks()
            self._networks.add(network.size, network.mask, network.prefix, number)

    def answers(self) -> int:
        """Return how many different answers there were so far."""
        return len(self._answers)

    def forget(self) -> int:
        """Let go of the values met so far; return how many they were."""
        count = len(self.remembered)
        self.remembered.clear()
        return count

    def forget_answers(self) -> None:
        """Let go of values and answers: those to come are other objects."""
        self.remembered.clear()
        self.missing = Answer(0, frozenset())
        self._answers = {frozenset(): self.missing}

    def value(self, ctx: Context) -> object:
        """Return the field's value as it is remembered; None without one, or when the event's bytes do not fit."""
        try:
            value = self.field.extract(ctx)
        except MalformedEventError as error:
            ctx.malformed = error
            return None
        return tuple(value) if isinstance(value, list) else value

    def ask(self, value: object) -> Answer:
        """Return the answer of a value that is not remembered; None is the missing one."""
        if value is None:
            return self.missing
        self.asked += 1
        found: set[int] = set()
        atoms = self._equal.get(value)
        if atoms is not None:
            found.update(atoms)
        if isinstance(value, str):
            self._search(value, found)
        elif isinstance(value, bytes) and self._networks is not None:
            self._networks.find(value, found)
        if self._others:
            plain: object = list(value) if isinstance(value, tuple) else value
            for at, check in enumerate(self._others):
                if check.test(plain):
                    found.add(self._other_atoms[at])
        truths = frozenset(found)
        answer = self._answers.get(truths)
        if answer is None:
            answer = Answer(len(self._answers), truths)
            self._answers[truths] = answer
        return answer

    def _search(self, value: str, found: set[int]) -> None:
        if self._prefixes is not None:
            self._prefixes.find(value, found)
        if self._suffixes is not None:
            self._suffixes.find(value, found)
        if self._contained is not None:
            self._contained.find(value, found)
