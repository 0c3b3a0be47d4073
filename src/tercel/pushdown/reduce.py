"""A condition in a situation: what it needs there to hold, and not to hold, and which fields it still asks about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tercel.filters.compare import FieldPair
from tercel.filters.evaluate import All, Any, ByType, Check, Negation, Predicate, Program
from tercel.filters.patterns import as_bytes
from tercel.filters.scalars import (
    NumberAtLeast,
    NumberAtMost,
    NumberDiffers,
    NumberEquals,
    NumberLess,
    NumberMore,
    TextContains,
    TextStartsWith,
)
from tercel.filters.transformers import sources_of
from tercel.pushdown.needs import NEVER, Need, both, either, on_paths, whatever
from tercel.pushdown.patterns import NAME, paths_of
from tercel.pushdown.situations import Between, PathPart, Values, Words

# Fields that are the whole path where a descriptor was made; of one that was not, too.
_NAMES: Final = frozenset({"fd.name", "fd.nameraw"})
_DESCRIPTOR: Final = "fd."

if TYPE_CHECKING:
    from collections.abc import Callable

    from tercel.fields.base import Extractor
    from tercel.pushdown.situations import Knowledge, Known, Situation


class Reducer:
    """Answers for the predicates of many rules, which share parts."""

    def __init__(self, situation: Situation) -> None:
        """Answer for a situation."""
        self.situation: Final = situation
        self._everything: Final = whatever(situation.combos)
        # By predicate: what it takes for it to hold, and not to hold.
        self._needs: tuple[dict[int, Need], dict[int, Need]] = ({}, {})
        # Whoever is remembered by its address must not go.
        self._kept: list[Predicate] = []

    def holds(self, predicate: Predicate) -> Need:
        """Return what a predicate needs to hold."""
        return self._need(predicate, wanted=True)

    def prefixes(self, predicate: Predicate) -> dict[bytes, int]:
        """Return beginnings of paths on which a predicate is sure to hold, for some combos; others may do as well."""
        if isinstance(predicate, Any):
            found: dict[bytes, int] = {}
            for term in predicate.terms:
                for text, mask in self.prefixes(term).items():
                    found[text] = found.get(text, 0) | mask
            return found
        terms = predicate.terms if isinstance(predicate, All) else [predicate]
        # Each term but one is sure to hold for these combos, whatever the path is.
        sure = self.situation.combos
        begin: dict[bytes, int] | None = None
        for term in terms:
            own = self._beginnings(term)
            if own and begin is None:
                begin = own
            else:
                sure &= ~self._need(term, wanted=False).live
        return {text: mask & sure for text, mask in (begin or {}).items() if mask & sure}

    def _beginnings(self, term: Predicate) -> dict[bytes, int]:
        """Return the beginning of the paths for which a check of a name holds, if it is one that asks for no more."""
        if type(term) is not TextStartsWith:
            return {}
        known = self._known(term.field)
        mask = sum(combos for combos, knowledge in known if knowledge == PathPart(NAME))
        return {as_bytes(term.constant): mask} if mask and term.field.spec.name in _NAMES else {}

    def fields(self, predicate: Predicate) -> list[Extractor]:
        """Return the fields that still decide whether a predicate holds, each once."""
        found: dict[str, Extractor] = {}
        _collect(predicate, found, set(), self._is_settled)
        return list(found.values())

    def _is_settled(self, predicate: Predicate) -> bool:
        """Return whether it is known that a predicate holds, or that it does not."""
        return self._need(predicate, wanted=True).is_never or self._need(predicate, wanted=False).is_never

    def _need(self, predicate: Predicate, *, wanted: bool) -> Need:
        """Return what it takes for a predicate to hold, or (not `wanted`) not to."""
        known = self._needs[0 if wanted else 1]
        found = known.get(id(predicate))
        if found is None:
            found = self._find(predicate, wanted=wanted)
            known[id(predicate)] = found
            self._kept.append(predicate)
        return found

    def _find(self, predicate: Predicate, *, wanted: bool) -> Need:
        # The depth is bounded: what the filters' compiler makes of deep trees has no terms that are looked into here.
        if isinstance(predicate, All | Any):
            is_all = isinstance(predicate, All) == wanted
            return (self._all if is_all else self._any)(predicate.terms, wanted=wanted)
        if isinstance(predicate, Negation):
            return self._need(predicate.term, wanted=not wanted)
        if isinstance(predicate, Check):
            return self._check(predicate, wanted=wanted)
        if isinstance(predicate, FieldPair) and (self._is_missing(predicate.left) or self._is_missing(predicate.right)):
            return NEVER if wanted else self._everything
        return self._everything

    def _all(self, terms: list[Predicate], *, wanted: bool) -> Need:
        need = self._everything
        for term in terms:
            need = both(need, self._need(term, wanted=wanted))
            if need.is_never:
                break
        return need

    def _any(self, terms: list[Predicate], *, wanted: bool) -> Need:
        found: list[Need] = []
        for term in terms:
            need = self._need(term, wanted=wanted)
            if need.always == self.situation.combos:
                return self._everything
            found.append(need)
        return either(found)

    def _known(self, field: Extractor) -> Known:
        """Return what is known of a field; of what a transformer makes of one, nothing."""
        return [] if sources_of(field) else self.situation.known(field)

    def _is_missing(self, field: Extractor) -> bool:
        mask = 0
        for combos, knowledge in self._known(field):
            if knowledge == Values((None,)):
                mask |= combos
        return mask == self.situation.combos

    def _check(self, check: Check, *, wanted: bool) -> Need:
        rest = self.situation.combos
        # Where the thread is not known, because the table is full, no field of a descriptor has a value.
        always = rest if not wanted and check.field.spec.name.startswith(_DESCRIPTOR) else 0
        found: list[Need] = []
        for mask, knowledge in self._known(check.field):
            rest &= ~mask
            if isinstance(knowledge, PathPart) and wanted:
                patterns = paths_of(check, knowledge.part)
                found.append(whatever(mask) if patterns is None else on_paths(patterns, mask))
            elif isinstance(knowledge, PathPart) or _outcomes(check, knowledge)[0 if wanted else 1]:
                always |= mask
        always |= rest
        if not found:
            return self._everything if always == self.situation.combos else whatever(always)
        found.append(whatever(always))
        return either(found)


def all_fields(predicate: Predicate) -> list[Extractor]:
    """Return all fields that a predicate may ask about, each once."""
    found: dict[str, Extractor] = {}
    _collect(predicate, found, set(), lambda _: False)
    return list(found.values())


def _collect(
    predicate: Predicate, found: dict[str, Extractor], seen: set[int], is_settled: Callable[[Predicate], bool]
) -> None:
    if id(predicate) in seen or is_settled(predicate):
        return
    seen.add(id(predicate))
    if isinstance(predicate, All | Any | Program):
        for term in predicate.terms:
            _collect(term, found, seen, is_settled)
    elif isinstance(predicate, Negation):
        _collect(predicate.term, found, seen, is_settled)
    elif isinstance(predicate, Check | ByType):
        _note(predicate.field, found)
    elif isinstance(predicate, FieldPair):
        _note(predicate.left, found)
        _note(predicate.right, found)


def _note(field: Extractor, found: dict[str, Extractor]) -> None:
    """Note a field, or those that a transformer's value is made from."""
    sources = sources_of(field)
    if not sources:
        found[field.text] = field
    for source in sources:
        _note(source, found)


def _outcomes(check: Check, knowledge: Knowledge) -> tuple[bool, bool]:
    """Return whether a check may hold, and whether it may not."""
    if isinstance(knowledge, Values):
        results = {_passes(check, value) for value in knowledge.values}
        return True in results, False in results
    if isinstance(knowledge, Between):
        return _between(check, knowledge)
    if isinstance(knowledge, Words) and type(check) is TextContains and "|" not in check.constant:
        text = check.constant
        may_hold = any(text in word for word in knowledge.possible)
        return may_hold, not any(text in word for word in knowledge.certain)
    return True, True


def _passes(check: Check, value: object) -> bool:
    if value is None:
        return False
    return check.test(list(value) if isinstance(value, tuple) else value)


_ORDERED: Final = (NumberLess, NumberAtMost, NumberMore, NumberAtLeast)


def _between(check: Check, range_: Between) -> tuple[bool, bool]:
    if type(check) in (NumberEquals, NumberDiffers) and isinstance(check, NumberEquals):
        constant = check.constant
        is_inside = isinstance(constant, int | float) and range_.low <= constant <= range_.high
        is_only = is_inside and range_.low == range_.high
        if isinstance(check, NumberDiffers):
            return not is_only, is_inside
        return is_inside, not is_only
    if type(check) in _ORDERED:
        results = {check.test(range_.low), check.test(range_.high)}
        return True in results, False in results
    return True, True
