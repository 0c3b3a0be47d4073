from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.engine.formula import (
    FALSE,
    LAST,
    TRUE,
    And,
    Atom,
    Constant,
    Formula,
    Not,
    Or,
    Pool,
    Specializer,
    guard,
    joined,
)
from tercel.filters.evaluate import Predicate
from tercel.filters.filter import compile_filter
from tests.unit.fields.scene import REGISTRY
from tests.unit.filters.world import CTX, MISSING
from tests.unit.filters.world import FALSE as FALSE_CHECKS
from tests.unit.filters.world import TRUE as TRUE_CHECKS

FIELDS = 5
PREDICATE: Predicate = compile_filter("proc.name exists", REGISTRY).predicate


def made_of(pool: Pool, seed: int, depth: int) -> Formula:
    """Return a random formula over the atoms of a few fields, and over what no field decides."""
    random = Random(seed)
    atoms = {number: pool.numbered(Atom(PREDICATE, _place(number), number)) for number in range(20)}

    def branch(level: int) -> Formula:
        what = random.random()
        if level == 0 or what < 0.2:
            return atoms[random.randrange(20)] if random.random() < 0.95 else random.choice((TRUE, FALSE))
        if what < 0.4:
            return pool.negation(branch(level - 1))
        terms = [branch(level - 1) for _ in range(random.randint(1, 4))]
        return joined(pool, terms, is_and=what < 0.7)

    return branch(depth)


def _place(number: int) -> int:
    return LAST if number % (FIELDS + 1) == FIELDS else number % (FIELDS + 1)


def holds(formula: Formula, truths: frozenset[int]) -> bool:
    """Return whether a formula holds when the atoms of these numbers do."""
    if isinstance(formula, Constant):
        return formula.value
    if isinstance(formula, Atom):
        return formula.atom in truths
    if isinstance(formula, Not):
        return not holds(formula.term, truths)
    assert isinstance(formula, And | Or)
    answers = [holds(term, truths) for term in formula.terms]
    return all(answers) if isinstance(formula, And) else any(answers)


def earliest(formula: Formula) -> int:
    """Return the place of the earliest field that a formula asks about."""
    if isinstance(formula, Atom):
        return int(formula.first)
    if isinstance(formula, Not):
        return earliest(formula.term)
    return min([earliest(term) for term in formula.terms]) if isinstance(formula, And | Or) else LAST


TRUTHS = st.frozensets(st.integers(0, 19))


@given(st.integers(0, 1 << 32), st.integers(0, 5), TRUTHS)
def test_what_is_left_once_a_field_is_known_means_the_same(seed: int, depth: int, truths: frozenset[int]) -> None:
    """Field after field, until only what no field decides is left."""
    pool = Pool()
    formula = made_of(pool, seed, depth)
    expected = holds(formula, truths)
    for place in range(FIELDS):
        known = frozenset(number for number in truths if _place(number) == place)
        rest = Specializer(pool, place, known).rest(formula)
        assert holds(rest, truths) == expected
        assert rest.first > place
        assert rest.first == earliest(rest)
        if formula.first > place:
            assert rest is formula
        formula = rest
    assert isinstance(formula, Constant) or formula.first == LAST


@given(st.integers(0, 1 << 32), st.integers(0, 5), TRUTHS, st.integers(0, FIELDS - 1))
def test_without_an_atom_of_its_guard_a_formula_does_not_hold(
    seed: int, depth: int, truths: frozenset[int], place: int
) -> None:
    """So that a row need not look at it when its field's value makes none of them true."""
    formula = made_of(Pool(), seed, depth)
    atoms = guard(formula, place)
    assert all(_place(number) == place for number in atoms)
    if atoms:
        assert not holds(formula, truths - frozenset(atoms))


def test_the_smallest_guard_is_chosen() -> None:
    """Of a conjunction's terms; what is needed is plain to see in atoms and alternatives of them only."""
    pool = Pool()
    a, b, c, other = (pool.numbered(Atom(PREDICATE, place, number)) for number, place in enumerate((0, 0, 0, 1)))
    either = pool.disjunction([a, b])
    assert guard(a, 0) == [0]
    assert guard(a, 1) == []
    assert guard(either, 0) == [0, 1]
    assert guard(pool.conjunction([either, c]), 0) == [2]
    assert guard(pool.conjunction([other, either]), 0) == [0, 1]
    assert guard(pool.disjunction([a, other]), 0) == []
    assert guard(pool.negation(a), 0) == []
    assert guard(pool.conjunction([pool.negation(a), b]), 0) == [1]
    assert guard(pool.disjunction([pool.conjunction([a, b]), c]), 0) == []


def test_equal_formulas_of_a_pool_are_one() -> None:
    """Until it forgets them; numbers are never given twice."""
    pool = Pool()
    a, b = (pool.numbered(Atom(PREDICATE, 0, number)) for number in range(2))
    both = pool.conjunction([a, b])
    assert pool.conjunction([a, b]) is both
    assert pool.disjunction([a, b]) is not both
    assert pool.negation(both) is pool.negation(both)
    assert pool.negation(pool.negation(both)) is both
    assert pool.size() == 3
    pool.forget()
    assert pool.size() == 0
    again = pool.conjunction([a, b])
    assert again is not both
    assert again.number > both.number


def test_constants_disappear() -> None:
    """One that decides is the answer."""
    pool = Pool()
    a, b = (pool.numbered(Atom(PREDICATE, 0, number)) for number in range(2))
    assert joined(pool, [a, TRUE, b], is_and=True) is pool.conjunction([a, b])
    assert joined(pool, [a, FALSE], is_and=True) is FALSE
    assert joined(pool, [a, TRUE], is_and=False) is TRUE
    assert joined(pool, [FALSE, a], is_and=False) is a
    assert joined(pool, [TRUE], is_and=True) is TRUE
    assert joined(pool, [FALSE], is_and=False) is FALSE
    assert pool.negation(TRUE) is FALSE
    assert pool.negation(FALSE) is TRUE


@pytest.mark.parametrize("checks", [TRUE_CHECKS, FALSE_CHECKS, MISSING])
def test_formulas_are_evaluated_for_events(checks: tuple[str, ...]) -> None:
    """Without a value an atom does not hold, and its negation does."""
    pool = Pool()
    is_true = checks is TRUE_CHECKS
    atoms = [pool.numbered(Atom(compile_filter(text, REGISTRY).predicate, LAST, -1)) for text in checks]
    for atom in atoms:
        assert atom.evaluate(CTX) == is_true
        assert pool.negation(atom).evaluate(CTX) != is_true
    assert pool.conjunction(atoms).evaluate(CTX) == is_true
    assert pool.disjunction(atoms).evaluate(CTX) == is_true
    assert pool.disjunction([*atoms, pool.negation(atoms[0])]).evaluate(CTX)
    assert not pool.conjunction([*atoms, pool.negation(atoms[0])]).evaluate(CTX)
    assert TRUE.evaluate(CTX)
    assert not FALSE.evaluate(CTX)
