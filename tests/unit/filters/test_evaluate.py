from __future__ import annotations

from tercel.filters.evaluate import (
    PROGRAM_NO,
    PROGRAM_YES,
    All,
    AllCandidates,
    AllOf,
    Any,
    AnyCandidate,
    ByType,
    Check,
    Exists,
    ListExists,
    ListWithin,
    Negation,
    OneOf,
    Predicate,
    Program,
)
from tercel.filters.scalars import NumberEquals, NumberMore, TextEquals
from tercel.filters.transformers import Literal
from tests.unit.fields.scene import REGISTRY
from tests.unit.filters.world import CTX

FIELD = Literal("cat")
YES = TextEquals(FIELD, "cat")
NO = TextEquals(FIELD, "dog")
MISSING = REGISTRY.bind("evt.arg.flags")


def test_boolean_nodes_join_their_terms() -> None:
    """All, any, none."""
    terms: list[Predicate] = [YES, NO]
    assert not All(terms).evaluate(CTX)
    assert Any(terms).evaluate(CTX)
    assert All([YES, YES]).evaluate(CTX)
    assert not Any([NO, NO]).evaluate(CTX)
    assert Negation(NO).evaluate(CTX)
    assert All([Any([Negation(YES)])]).height == 4


def test_a_program_follows_its_jumps() -> None:
    """`yes and (no or yes)` as three terms."""
    program = Program([YES, NO, YES], [1, PROGRAM_YES, PROGRAM_YES], [PROGRAM_NO, 2, PROGRAM_NO], 0)
    assert program.evaluate(CTX)
    assert not Program([NO], [PROGRAM_YES], [PROGRAM_NO], 0).evaluate(CTX)
    assert program.height == 2


def test_existence_needs_a_value() -> None:
    """An empty list is none."""
    assert Exists(FIELD).evaluate(CTX)
    assert Exists(FIELD).test("")
    assert not Exists(MISSING).evaluate(CTX)
    assert ListExists(FIELD).test(["a"])
    assert not ListExists(FIELD).test([])


def test_candidates_are_asked_one_by_one() -> None:
    """One must pass, or all of them; a missing one never passes."""
    check = NumberEquals(FIELD, 1)
    assert AnyCandidate(check).test([None, 2, 1])
    assert not AnyCandidate(check).test([None, 2])
    assert AnyCandidate(check).test(1)
    assert AllCandidates(check).test([1, 1])
    assert not AllCandidates(check).test([1, None])
    assert not AllCandidates(check).test([])
    assert AllCandidates(check).test(1)


def test_a_list_lies_within_when_each_element_does() -> None:
    """A list without elements has no value."""
    check = NumberMore(FIELD, 1)
    assert ListWithin(check).test([2, 3])
    assert not ListWithin(check).test([1, 2])
    assert not ListWithin(check).test([])


def test_modifiers_ask_several_checks_of_one_value() -> None:
    """Any of them, or all."""
    checks: list[Check] = [NumberMore(FIELD, 1), NumberMore(FIELD, 5)]
    assert OneOf(FIELD, checks).test(3)
    assert not OneOf(FIELD, checks).test(1)
    assert AllOf(FIELD, checks).test(6)
    assert not AllOf(FIELD, checks).test(3)


def test_the_type_of_a_value_may_choose_the_check() -> None:
    """With a type that no check is for, nothing holds."""
    kind = FIELD.value_type(CTX)
    assert ByType(FIELD, {kind: YES}).evaluate(CTX)
    assert not ByType(FIELD, {kind + 1: YES}).evaluate(CTX)
