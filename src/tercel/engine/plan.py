"""The plan of an event type: its rules as formulas, and the order in which their fields become known.

What the type itself decides is decided here: the name and direction of its events, and every field that has the same
value for all of them. The other fields come in stages, so that what changes seldom is known first, and within a stage
those first without which most rules do not hold.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from tercel.engine.atoms import Atoms
from tercel.engine.formula import FALSE, LAST, TRUE, Atom, Formula, Pool, joined
from tercel.engine.matcher import Answer, Matcher
from tercel.events.table import EVENT_BY_ENUM, EVENTS
from tercel.events.types import EF_CREATES_FD
from tercel.fields.base import SCOPE_EVENT, SCOPE_FD, SCOPE_PROCESS, VARIES, Extractor
from tercel.filters.evaluate import All, Any, Check, Negation, Predicate
from tercel.filters.scalars import NumberDiffers, NumberEquals, NumberLess, TextDiffers, TextEquals

# Stages: the names of events that the type does not name, then the scopes of fields; beyond them nothing is asked.
STAGE_NAME: Final = SCOPE_PROCESS - 1
STAGE_PROCESS: Final = SCOPE_PROCESS
STAGE_FD: Final = SCOPE_FD
STAGE_EVENT: Final = SCOPE_EVENT
STAGE_DONE: Final = SCOPE_EVENT + 1

_NAMING: Final = frozenset({"evt.type", "syscall.type"})
# Fields whose values are put together from the event's bytes: dearer than most others, so they come last.
_RENDERED: Final = frozenset({"evt.arg", "evt.args", "evt.info", "evt.rawarg", "evt.buffer", "evt.abspath"})
# A descriptor that was just made is seldom met on the same way again; the name of one that could not be connected
# is read from the event. Nothing is remembered of either.
_FRESH_FD: Final = [bool(info.flags & EF_CREATES_FD) for info in EVENTS]
_FRESH_FD[EVENT_BY_ENUM["SOCKET_CONNECT_X"]] = True

# How much a check that has to hold says about a field: the less often it holds, and the cheaper it is, the earlier it
# is worth knowing. What asks for a truth value mostly asks for the rare one.
_TRUTH: Final = 24
_SELECTIVE: Final = 20
_WEAK: Final = 1


class Plan:
    """One event type: matchers in the order of their places, with the stages that these belong to."""

    def __init__(self, matchers: list[Matcher], stages: list[int], formulas: list[tuple[int, Formula]]) -> None:
        """Keep the parts; `formulas` has the rules' numbers, in their order, with what is open of their conditions."""
        self.matchers: list[Matcher] = matchers
        self.stages: list[int] = stages
        self.formulas: list[tuple[int, Formula]] = formulas


class Planner:
    """Makes the plan of an event type."""

    def __init__(self, type_id: i64, atoms: Atoms, pool: Pool) -> None:
        """Plan for a type; checks get their numbers from `atoms`, formulas are made by `pool`."""
        self._type_id: i64 = type_id
        self._atoms: Atoms = atoms
        self._pool: Pool = pool
        self._fixed: dict[int, Answer | None] = {}
        self._known: dict[int, Formula] = {}
        self._weights: dict[int, int] = {}
        self._fields: dict[int, Extractor] = {}
        self._places: dict[int, int] = {}

    def plan(self, rules: list[int], predicates: list[Predicate]) -> Plan:
        """Return the plan for the rules of some numbers, whose conditions `predicates` has."""
        settled: dict[int, Formula | None] = {}
        possible = [rule for rule in rules if self._is_possible(predicates[rule], settled)]
        for rule in possible:
            self._weigh(predicates[rule])
        ordered = sorted(self._fields.values(), key=self._rank)
        for place, field in enumerate(ordered):
            self._places[id(field)] = place
        formulas: list[tuple[int, Formula]] = []
        for rule in possible:
            predicate = predicates[rule]
            is_whole = self._atoms.remembers(predicate)
            formula = self._asked(predicate) if is_whole else self._formula(predicate)
            if formula is not FALSE:
                formulas.append((rule, formula))
        matchers = [self._atoms.matcher(field) for field in ordered]
        return Plan(matchers, [self._stage(field) for field in ordered], formulas)

    # What the type decides.

    def _fixed_answer(self, field: Extractor) -> Answer | None:
        """Return the answer that all events of the type have for a field, None when they differ."""
        if id(field) in self._fixed:
            return self._fixed[id(field)]
        value = field.fixed(self._type_id)
        answer = None if value is VARIES else self._atoms.matcher(field).ask(value)
        self._fixed[id(field)] = answer
        return answer

    def _is_possible(self, predicate: Predicate, settled: dict[int, Formula | None]) -> bool:
        """Return whether a condition has to be looked at; one that remembers what it was asked always has."""
        return self._atoms.remembers(predicate) or self._settle(predicate, settled) is not FALSE

    def _settle(self, predicate: Predicate, settled: dict[int, Formula | None]) -> Formula | None:
        """Return TRUE or FALSE when the type decides a predicate, else None."""
        if id(predicate) in settled:
            return settled[id(predicate)]
        found: Formula | None = None
        if isinstance(predicate, All | Any):
            found = self._settle_terms(predicate.terms, settled, is_and=isinstance(predicate, All))
        elif isinstance(predicate, Negation):
            inner = self._settle(predicate.term, settled)
            found = None if inner is None else self._pool.negation(inner)
        elif isinstance(predicate, Check):
            answer = self._fixed_answer(predicate.field)
            if answer is not None:
                found = TRUE if self._atoms.number(predicate) in answer.truths else FALSE
        settled[id(predicate)] = found
        return found

    def _settle_terms(
        self, terms: list[Predicate], settled: dict[int, Formula | None], *, is_and: bool
    ) -> Formula | None:
        is_open = False
        deciding = FALSE if is_and else TRUE
        for term in terms:
            found = self._settle(term, settled)
            if found is deciding:
                return deciding
            is_open = is_open or found is None
        if is_open:
            return None
        return TRUE if is_and else FALSE

    # The order of the fields.

    def _weigh(self, predicate: Predicate) -> None:
        """Note the fields of a rule, and how much each of them is needed."""
        for term in predicate.terms if isinstance(predicate, All) else [predicate]:
            field = _only_field(term)
            if field is not None:
                self._weights[id(field)] = self._weights.get(id(field), 0) + _weight(term)
        self._note_fields(predicate)

    def _note_fields(self, predicate: Predicate) -> None:
        if isinstance(predicate, All | Any):
            for term in predicate.terms:
                self._note_fields(term)
        elif isinstance(predicate, Negation):
            self._note_fields(predicate.term)
        elif isinstance(predicate, Check) and self._fixed_answer(predicate.field) is None:
            self._fields[id(predicate.field)] = predicate.field

    def _stage(self, field: Extractor) -> int:
        if field.text in _NAMING:
            return STAGE_NAME
        if field.scope == SCOPE_FD and _FRESH_FD[self._type_id]:
            return STAGE_EVENT
        return field.scope

    def _rank(self, field: Extractor) -> tuple[int, bool, int, str]:
        is_rendered = field.spec.name in _RENDERED
        return self._stage(field), is_rendered, -self._weights.get(id(field), 0), field.text

    # Formulas.

    def _formula(self, predicate: Predicate) -> Formula:
        found = self._known.get(id(predicate))
        if found is None:
            found = self._translated(predicate)
            self._known[id(predicate)] = found
        return found

    def _translated(self, predicate: Predicate) -> Formula:
        if isinstance(predicate, All):
            return joined(self._pool, [self._formula(term) for term in predicate.terms], is_and=True)
        if isinstance(predicate, Any):
            return joined(self._pool, [self._formula(term) for term in predicate.terms], is_and=False)
        if isinstance(predicate, Negation):
            return self._pool.negation(self._formula(predicate.term))
        if not isinstance(predicate, Check):
            return self._asked(predicate)
        number = self._atoms.number(predicate)
        answer = self._fixed_answer(predicate.field)
        if answer is not None:
            return TRUE if number in answer.truths else FALSE
        return self._pool.numbered(Atom(predicate, self._places[id(predicate.field)], number))

    def _asked(self, predicate: Predicate) -> Formula:
        """Return a formula that asks a predicate as it is written, whatever is known of its fields."""
        return self._pool.numbered(Atom(predicate, LAST, -1))


def _only_field(predicate: Predicate) -> Extractor | None:
    """Return the field of a check, or of checks of which one has to hold; None when they are of several."""
    if isinstance(predicate, Check):
        return predicate.field
    if isinstance(predicate, Negation):
        return _only_field(predicate.term)
    if not isinstance(predicate, Any):
        return None
    found: Extractor | None = None
    for term in predicate.terms:
        field = term.field if isinstance(term, Check) else None
        if field is None or (found is not None and found is not field):
            return None
        found = field
    return found


def _weight(predicate: Predicate) -> int:
    """Return how much a term that has to hold says about its field."""
    if isinstance(predicate, NumberLess) and predicate.field.text == "fd.num":
        # The descriptor's number tells calls that failed, which are many.
        return _TRUTH
    if isinstance(predicate, Negation | TextDiffers | NumberDiffers | NumberLess):
        return _WEAK
    if isinstance(predicate, NumberEquals):
        return _TRUTH
    if isinstance(predicate, TextEquals):
        # The letters of types: most descriptors are files, most addresses of one family.
        return _SELECTIVE if len(predicate.constant) > 1 else _WEAK
    return _SELECTIVE
