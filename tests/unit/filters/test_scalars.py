from __future__ import annotations

import pytest

from tercel.filters.patterns import Glob, PathPrefixes
from tercel.filters.regex import Regex
from tercel.filters.scalars import (
    AddressIn,
    AddressNotIn,
    BytesContain,
    BytesDiffer,
    BytesEndWith,
    BytesStartWith,
    MemberOf,
    Network,
    NumberAtLeast,
    NumberAtMost,
    NumberDiffers,
    NumberEquals,
    NumberLess,
    NumberMore,
    PathMatch,
    TextAtLeast,
    TextAtMost,
    TextContains,
    TextContainsFolded,
    TextDiffers,
    TextEndsWith,
    TextEquals,
    TextGlob,
    TextLess,
    TextMore,
    TextRegex,
    TextStartsWith,
)
from tercel.filters.transformers import Literal
from tests.unit.fields.scene import REGISTRY
from tests.unit.filters.world import CTX

FIELD = Literal("")
LOCAL = b"\x7f\x00\x00\x01"


@pytest.mark.parametrize(
    ("check", "passing", "failing"),
    [
        (NumberEquals(FIELD, 5), [5, 5.0], [6, "5"]),
        (NumberDiffers(FIELD, 5), [6], [5]),
        (NumberLess(FIELD, 5), [4, 4.5], [5, "4"]),
        (NumberAtMost(FIELD, 5), [5], [6]),
        (NumberMore(FIELD, 1.5), [2], [1]),
        (NumberAtLeast(FIELD, 5), [5], [4]),
        (NumberEquals(FIELD, True), [True, 1], [False]),
        (MemberOf(FIELD, frozenset({1, "a"})), [1, "a"], [2, "b"]),
        (TextEquals(FIELD, "a"), ["a"], ["b"]),
        (TextDiffers(FIELD, "a"), ["b"], ["a"]),
        (TextLess(FIELD, "b"), ["a"], ["b", 5]),
        (TextAtMost(FIELD, "b"), ["b"], ["c"]),
        (TextMore(FIELD, "b"), ["c"], ["b"]),
        (TextAtLeast(FIELD, "b"), ["b"], ["a"]),
        (TextContains(FIELD, "b"), ["abc"], ["ABC", b"abc"]),
        (TextContainsFolded(FIELD, "b"), ["ABC"], ["ac"]),
        (TextStartsWith(FIELD, "ab"), ["abc"], ["ba"]),
        (TextEndsWith(FIELD, "bc"), ["abc"], ["bcd"]),
        (TextGlob(FIELD, Glob("a*c")), ["abc"], ["abd"]),
        (TextRegex(FIELD, Regex("a.c")), ["abc"], ["abcd", 5]),
        (PathMatch(FIELD, PathPrefixes(["/a"])), ["/a/b"], ["/ab"]),
        (BytesContain(FIELD, b"b"), [b"abc"], [b"ac", "abc"]),
        (BytesStartWith(FIELD, b"ab"), [b"abc"], [b"ba"]),
        (BytesEndWith(FIELD, b"bc"), [b"abc"], [b"bcd"]),
        (BytesDiffer(FIELD, b"a"), [b"b"], [b"a"]),
        (AddressIn(FIELD, frozenset({LOCAL}), []), [LOCAL], [b"\x7f\x00\x00\x02", "127.0.0.1"]),
        (AddressIn(FIELD, frozenset(), [Network(LOCAL, 8)]), [b"\x7f\x01\x02\x03"], [b"\x7f" + b"\x00" * 15]),
        (
            AddressNotIn(FIELD, frozenset({LOCAL}), [Network(b"\x0a\x00\x00\x00", 8)]),
            [b"\x01" * 4],
            [LOCAL, b"\x0a" * 4],
        ),
    ],
)
def test_values_pass_or_fail(check: object, passing: list[object], failing: list[object]) -> None:
    """A value of the wrong class fails, whatever the operator."""
    test = check.test  # type: ignore[attr-defined]
    assert all(test(value) for value in passing)
    assert not any(test(value) for value in failing)


@pytest.mark.parametrize("bits", [0, 1, 7, 8, 31, 32])
def test_a_network_is_its_first_bits(bits: int) -> None:
    """Any width, and never an address of the other family."""
    network = Network(b"\xff\xff\xff\xff", bits)
    assert network.contains(b"\xff\xff\xff\xff")
    assert network.contains(b"\xff\xff\xff\xfe") is (bits < 32)
    assert network.contains(b"\x00\x00\x00\x00") is (bits == 0)
    assert not network.contains(b"\xff" * 16)


@pytest.mark.parametrize(
    ("name", "constant"), [("proc.name", "cat"), ("evt.arg.flags", "x")], ids=["a value", "no value"]
)
def test_a_check_without_a_value_does_not_hold(name: str, constant: str) -> None:
    """Not even `!=` does."""
    field = REGISTRY.bind(name)
    has_value = name == "proc.name"
    assert TextEquals(field, constant).evaluate(CTX) is has_value
    assert TextDiffers(field, "other").evaluate(CTX) is has_value
    assert NumberDiffers(field, 5).evaluate(CTX) is has_value
    assert MemberOf(field, frozenset({constant})).evaluate(CTX) is has_value
    assert TextMore(field, "a").evaluate(CTX) is has_value
    assert not NumberEquals(field, 5).evaluate(CTX)
