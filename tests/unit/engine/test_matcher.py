from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.engine.matcher import Matcher
from tercel.fields.base import Extractor
from tercel.filters.evaluate import AllCandidates, AllOf, AnyCandidate, Check, Exists, ListExists, ListWithin, OneOf
from tercel.filters.patterns import Glob, PathPrefixes, ascii_lower
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
from tests.unit.fields.scene import REGISTRY, Scene

FIELD: Extractor = REGISTRY.bind("proc.name")

# Few letters, so that constants occur in values, overlap, and begin or end alike.
TEXTS = st.text("ab/é", max_size=9)
BUFFERS = st.binary(max_size=4).map(lambda data: bytes(byte & 3 for byte in data))
NUMBERS = st.one_of(st.integers(-3, 5), st.sampled_from([0.5, 2.0, 1 << 63, (1 << 64) - 1, True, False]))
ADDRESSES = st.one_of(
    st.sampled_from([b"\x7f\0\0\1", b"\x0a\0\0\1", b"\x0a\0\0\2", b"\x0a\1\0\2", bytes(4)]),
    st.sampled_from([bytes(16), bytes(15) + b"\1", b"\xfe\x80" + bytes(14)]),
)
BITS = st.sampled_from([0, 1, 8, 9, 31, 32])


def text_checks() -> st.SearchStrategy[Check]:
    """Return checks of texts."""
    classes = (TextEquals, TextDiffers, TextLess, TextAtMost, TextMore, TextAtLeast) + (
        TextContains,
        TextStartsWith,
        TextEndsWith,
    ) * 3
    return st.one_of(
        st.builds(lambda kind, text: kind(FIELD, text), st.sampled_from(classes), TEXTS),
        st.builds(lambda text: TextContainsFolded(FIELD, ascii_lower(text)), TEXTS),
        st.builds(lambda texts: MemberOf(FIELD, frozenset(texts)), st.sets(TEXTS, max_size=4)),
        st.builds(lambda text, fold: TextGlob(FIELD, Glob(f"*{text}?", ignore_case=fold)), TEXTS, st.booleans()),
        st.builds(lambda text: TextRegex(FIELD, Regex(f"{text}.*")), st.text("ab", max_size=3)),
        st.builds(lambda texts: PathMatch(FIELD, PathPrefixes(texts)), st.lists(TEXTS, min_size=1, max_size=3)),
        st.just(Exists(FIELD)),
    )


def number_checks() -> st.SearchStrategy[Check]:
    """Return checks of numbers and truth values."""
    classes = (NumberEquals, NumberDiffers, NumberLess, NumberAtMost, NumberMore, NumberAtLeast)
    return st.one_of(
        st.builds(lambda kind, number: kind(FIELD, number), st.sampled_from(classes), NUMBERS),
        st.builds(lambda numbers: MemberOf(FIELD, frozenset(numbers)), st.sets(NUMBERS, max_size=4)),
    )


def buffer_checks() -> st.SearchStrategy[Check]:
    """Return checks of buffers."""
    classes = (BytesContain, BytesStartWith, BytesEndWith, BytesDiffer)
    return st.one_of(
        st.builds(lambda kind, data: kind(FIELD, data), st.sampled_from(classes), BUFFERS),
        st.builds(lambda data: MemberOf(FIELD, frozenset(data)), st.sets(BUFFERS, max_size=4)),
    )


def address_checks() -> st.SearchStrategy[Check]:
    """Return checks of addresses."""
    networks = st.lists(st.builds(Network, ADDRESSES, BITS), max_size=3)
    classes = st.sampled_from((AddressIn, AddressNotIn))
    return st.builds(
        lambda kind, addresses, nets: kind(FIELD, frozenset(addresses), nets),
        classes,
        st.sets(ADDRESSES, max_size=3),
        networks,
    )


def check_asks(checks: list[Check], values: list[object]) -> None:
    """Assert that a matcher answers for all checks what each of them says."""
    matcher = Matcher(FIELD)
    for number, check in enumerate(checks):
        matcher.add(check, number * 3)
    for value in values:
        kept = tuple(value) if isinstance(value, list) else value
        expected = frozenset(number * 3 for number, check in enumerate(checks) if check.test(value))
        answer = matcher.ask(kept)
        assert answer.truths == expected
        assert matcher.ask(kept) is answer
        assert (answer is matcher.missing) == (not expected)


@given(st.lists(text_checks(), max_size=40), st.lists(TEXTS, max_size=12))
def test_a_text_makes_true_what_each_check_says(checks: list[Check], values: list[object]) -> None:
    """Equality, beginnings, ends and contained texts through indexes, patterns and order one by one."""
    check_asks(checks, values)


@given(st.lists(TEXTS, min_size=12, max_size=60, unique=True), st.lists(st.text("ab/é", max_size=30), max_size=12))
def test_many_contained_texts_are_found_through_their_letters(constants: list[str], values: list[object]) -> None:
    """Wherever they stand, however often, and though they overlap."""
    check_asks([TextContains(FIELD, text) for text in constants], values)


@given(st.lists(number_checks(), max_size=20), st.lists(NUMBERS, max_size=12))
def test_a_number_makes_true_what_each_check_says(checks: list[Check], values: list[object]) -> None:
    """Truth values and fractions as well."""
    check_asks(checks, values)


@given(st.lists(buffer_checks(), max_size=20), st.lists(BUFFERS, max_size=12))
def test_a_buffer_makes_true_what_each_check_says(checks: list[Check], values: list[object]) -> None:
    """None of it is taken for an address."""
    check_asks(checks, values)


@given(st.lists(address_checks(), max_size=20), st.lists(st.one_of(ADDRESSES, BUFFERS), max_size=12))
def test_an_address_makes_true_what_each_check_says(checks: list[Check], values: list[object]) -> None:
    """Of either family, in networks of any width."""
    check_asks(checks, values)


@given(
    st.lists(
        st.builds(
            lambda kind, check: kind(check),
            st.sampled_from([AnyCandidate, AllCandidates, ListWithin]),
            text_checks(),
        ),
        max_size=12,
    ),
    st.lists(st.lists(st.one_of(TEXTS, st.none()), max_size=4), max_size=6),
)
def test_candidates_make_true_what_each_check_says(checks: list[Check], values: list[object]) -> None:
    """A list is kept as what cannot change, and checked as a list."""
    whole: list[Check] = [*checks, ListExists(FIELD)]
    check_asks([check for check in whole if not isinstance(check, ListWithin)], values)
    check_asks(whole, [value for value in values if isinstance(value, list) and None not in value])


@given(st.lists(text_checks(), min_size=1, max_size=4), st.lists(TEXTS, max_size=8))
def test_modifiers_make_true_what_each_check_says(checks: list[Check], values: list[object]) -> None:
    """Several checks behind one."""
    check_asks([OneOf(FIELD, checks), AllOf(FIELD, checks), *checks], values)


def test_no_value_makes_nothing_true() -> None:
    """The answer is that of a value for which nothing holds."""
    matcher = Matcher(FIELD)
    matcher.add(TextDiffers(FIELD, "a"), 0)
    matcher.add(Exists(FIELD), 1)
    assert matcher.ask(None) is matcher.missing
    assert matcher.missing.truths == frozenset()
    assert matcher.missing.number == 0
    assert matcher.ask("b").truths == {0, 1}


def test_a_check_of_another_kind_of_value_does_not_hold() -> None:
    """As when it is asked by itself."""
    checks: list[Check] = [TextEquals(FIELD, "1"), NumberEquals(FIELD, 1), MemberOf(FIELD, frozenset([b"1"]))]
    check_asks(checks, ["1", 1, b"1", 1.0, True])


def test_answers_are_counted_and_may_be_forgotten() -> None:
    """Equal answers are one; those that come after forgetting are others."""
    matcher = Matcher(FIELD)
    for number, name in enumerate(("a", "b")):
        matcher.add(TextEquals(FIELD, name), number)
    first = matcher.ask("a")
    assert [matcher.ask(name).number for name in ("x", "a", "b")] == [0, 1, 2]
    assert matcher.answers() == 3
    matcher.remembered["a"] = first
    assert matcher.forget() == 1
    assert matcher.remembered == {}
    assert matcher.ask("a") is first
    matcher.forget_answers()
    assert matcher.answers() == 1
    assert matcher.ask("b").number == 1
    assert matcher.ask("x") is matcher.missing


def test_values_come_as_they_are_kept() -> None:
    """Lists as tuples; what cannot be read is no value, and noted."""
    scene = Scene()
    scene.thread(1, comm="init")
    scene.thread(5, comm="sh", ptid=1)
    thread = scene.thread(10, comm="cat", ptid=5)
    ctx = scene.show("SYSCALL_OPEN_X", b"\1", "/a", thread=thread)
    assert Matcher(FIELD).value(ctx) == "cat"
    assert Matcher(REGISTRY.bind("proc.aname")).value(ctx) == ("sh", "init")
    assert ctx.malformed is None
    assert Matcher(REGISTRY.bind("fs.path.name")).value(ctx) is None
    assert ctx.malformed is not None


@pytest.mark.parametrize("size", [3, 40])
def test_an_empty_text_is_part_of_every_value(size: int) -> None:
    """However many others there are."""
    check_asks([TextContains(FIELD, "x" * number) for number in range(size)], ["", "x", "a", "xxxxx"])
    check_asks([TextStartsWith(FIELD, ""), TextEndsWith(FIELD, ""), TextEquals(FIELD, "")], ["", "a"])
