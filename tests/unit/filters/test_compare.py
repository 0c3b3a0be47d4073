from __future__ import annotations

import pytest

from tercel.filters.compare import PairGlob, make_pair
from tercel.filters.transformers import Literal
from tests.unit.fields.scene import REGISTRY
from tests.unit.filters.world import CTX, holds

FIELD = Literal("")


@pytest.mark.parametrize(
    ("operator", "left", "right", "expected"),
    [
        ("=", 1, 1, True),
        ("==", "a", "b", False),
        ("!=", "a", "b", True),
        ("<", 1, 2, True),
        ("<", "b", "a", False),
        ("<=", 2, 2, True),
        (">", "b", "a", True),
        (">=", 1, 2, False),
        (">=", [1], 2, False),
        ("contains", "abc", "b", True),
        ("contains", b"abc", b"b", True),
        ("contains", b"abc", "b", True),
        ("icontains", "ABC", "b", True),
        ("bcontains", b"abc", b"x", False),
        ("startswith", "abc", "ab", True),
        ("startswith", b"abc", b"b", False),
        ("bstartswith", b"abc", b"a", True),
        ("endswith", "abc", "bc", True),
        ("endswith", b"abc", b"bc", True),
        ("glob", "abc", "a*", True),
        ("iglob", "ABC", "a*", True),
        ("glob", 5, "a*", False),
        ("in", "a", ["a", "b"], True),
        ("in", ["a", "c"], ["a", "b"], False),
        ("in", [], ["a"], False),
        ("intersects", ["a", "c"], ["a", "b"], True),
        ("intersects", "c", "a", False),
    ],
)
def test_two_values_compare(operator: str, left: object, right: object, expected: bool) -> None:
    """As the same operator does with a constant."""
    assert make_pair(operator, FIELD, FIELD).compare(left, right) is expected


def test_both_fields_must_have_values() -> None:
    """Whatever the operator."""
    missing, name = REGISTRY.bind("evt.arg.flags"), REGISTRY.bind("proc.name")
    assert not make_pair("!=", missing, name).evaluate(CTX)
    assert not make_pair("!=", name, missing).evaluate(CTX)
    assert make_pair("=", name, name).evaluate(CTX)


def test_patterns_out_of_fields_are_kept_within_bounds() -> None:
    """A hostile stream of ever new patterns does not fill the memory."""
    pair = PairGlob(FIELD, FIELD, ignore_case=False)
    for number in range(1000):
        assert pair.compare(f"x{number}", f"x{number}*")
    assert len(pair._globs) <= 256


def test_fields_of_one_event_are_compared() -> None:
    """The right side names a field with `val` or a transformer."""
    assert holds("proc.name = val(proc.name)")
    assert holds("toupper(proc.name) = toupper(proc.name)")
    assert not holds("proc.name = toupper(proc.name)")
