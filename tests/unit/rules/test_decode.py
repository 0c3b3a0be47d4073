"""Typed values out of YAML."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tercel.rules import decode
from tercel.rules.problems import Problem, ProblemContext, ProblemError
from tercel.rules.yamltree import YamlNode, documents

CONTEXT = ProblemContext.of_file("f.yaml", "")


def item(text: str) -> YamlNode:
    """Return the mapping that a text is."""
    return documents(text)[0]


def message(read: Callable[[], object]) -> str:
    """Return what a reader complains about."""
    with pytest.raises(ProblemError) as caught:
        read()
    return caught.value.problem.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("b: 1", "Item has no mapping for key 'a'"),
        ("a:", "Mapping for key 'a' is empty"),
        ("a: [x]", "Value is not a scalar value"),
        ("a: ''", "Value must be non-empty"),
    ],
)
def test_a_required_text_has_to_be_there(text: str, expected: str) -> None:
    """Each way in which it may not be has its own sentence."""
    assert message(lambda: decode.scalar(item(text), "a", CONTEXT)) == expected


@pytest.mark.parametrize("word", ["true", "True", "TRUE", "yes", "Yes", "on", "ON", "y", "Y"])
def test_many_words_mean_true(word: str) -> None:
    """In lower, upper and title case."""
    assert decode.boolean(item(f"a: {word}"), "a", CONTEXT)


@pytest.mark.parametrize("word", ["false", "No", "OFF", "n"])
def test_many_words_mean_false(word: str) -> None:
    """The same for their opposites."""
    assert not decode.boolean(item(f"a: {word}"), "a", CONTEXT)


@pytest.mark.parametrize("word", ["tRue", "1", "maybe"])
def test_other_words_are_no_booleans(word: str) -> None:
    """Mixed case is not accepted."""
    assert message(lambda: decode.boolean(item(f"a: {word}"), "a", CONTEXT)) == "Can't decode YAML scalar value"


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7), ("+7", 7), ("0x10", 16), ("010", 8), ("0", 0), ("4294967295", 4294967295)],
)
def test_numbers_have_three_bases(text: str, number: int) -> None:
    """Decimal, hexadecimal and octal."""
    assert decode.uint32(text) == number


@pytest.mark.parametrize("text", ["", "-1", "1.5", "09", "4294967296", "0x1ffffffff", "x", "1 ", "1" * 100_000])
def test_other_texts_are_no_numbers(text: str) -> None:
    """Neither are numbers that need more than 32 bits."""
    assert decode.uint32(text) is None


def test_an_optional_value_has_a_default() -> None:
    """For an absent key and for a null."""
    assert decode.optional_boolean(item("a: ~"), "a", default=True, context=CONTEXT)
    assert decode.optional_uint32(item("b: 1"), "a", 9, CONTEXT) == 9
    assert decode.optional_uint32(item("a: 3"), "a", 9, CONTEXT) == 3
    assert decode.optional_text(item("a:"), "a", "x", CONTEXT) == "x"
    assert message(lambda: decode.optional_uint32(item("a: x"), "a", 9, CONTEXT)) == "Can't decode YAML scalar value"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("b: []", "Item has no mapping for key 'a'"),
        ("a: x", "Value is not a sequence"),
        ("a: [[x]]", "sequence value is not scalar"),
    ],
)
def test_a_sequence_of_texts_has_to_be_one(text: str, expected: str) -> None:
    """Each way in which it may not be has its own sentence."""
    assert message(lambda: decode.texts(item(text), "a", CONTEXT)) == expected


def test_a_sequence_gives_its_texts() -> None:
    """Numbers stay text."""
    assert decode.texts(item("a: [x, 1, 'b c']"), "a", CONTEXT) == ["x", "1", "b c"]
    assert decode.optional_texts(item("b: 1"), "a", CONTEXT) == []


def test_unknown_keys_are_reported_with_a_hint() -> None:
    """The known ones are not."""
    found: list[Problem] = []
    known = frozenset(("a", "b"))
    decode.warn_unknown_keys(item("{a: 1, c: 2, [x]: 3}"), known, CONTEXT, found.append, lambda name, _: f"not {name}")
    assert [(problem.code, problem.message, problem.hint) for problem in found] == [
        ("LOAD_UNKNOWN_KEY", "Unknown key 'c'. The key will be ignored.", "not c"),
        ("LOAD_UNKNOWN_KEY", "Unknown key ''. The key will be ignored.", "not "),
    ]
