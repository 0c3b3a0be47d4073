from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.events.types import PT_BYTEBUF, PT_CHARBUF, PT_INT64, PT_UINT64
from tercel.fields.base import FF_LIST, SCOPE_EVENT, SCOPE_FD, SCOPE_PROCESS, Extractor, FieldSpec
from tercel.filters.transformers import (
    Base64,
    Basename,
    Concat,
    GetOpt,
    Join,
    Length,
    Literal,
    Sequence,
    ToLower,
    ToUpper,
    accepts,
    decode_base64,
    parse_options,
    single,
    texts_of,
)
from tests.unit.fields.scene import REGISTRY
from tests.unit.filters.world import CTX

MISSING = REGISTRY.bind("evt.arg.flags")


def extractor(kind: int, flags: int = 0) -> Extractor:
    """Return an extractor of a type, which is never asked for a value."""
    return Extractor(FieldSpec("x.y", kind, 0, "", flags), None, "x.y")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("tolower", "ABCÄ", "abcÄ"),
        ("toupper", "abcä", "ABCä"),
        ("toupper", "abc", "ABC"),
        ("basename", "/usr/bin/cat", "cat"),
        ("basename", "cat", "cat"),
        ("basename", "/usr/", ""),
        ("b64", "aGVsbG8=", "hello"),
        ("b64", "aGVsbG8", "hello"),
        ("b64", "not base64!", None),
        ("len", "été", 5),
        ("len", "ab", 2),
    ],
)
def test_one_value_becomes_another(name: str, value: str, expected: object) -> None:
    """Letters change in ASCII only, lengths count bytes."""
    assert single(name, Literal(value)).extract(CTX) == expected


def test_lists_are_transformed_element_by_element() -> None:
    """Only `len` takes the list as a whole; an element without a result is left out."""
    source = Sequence([Literal("A"), Literal("/b/C.")])
    assert ToLower(source, PT_CHARBUF, FF_LIST, "").extract(CTX) == ["a", "/b/c."]
    assert ToUpper(source, PT_CHARBUF, FF_LIST, "").extract(CTX) == ["A", "/B/C."]
    assert Basename(source, PT_CHARBUF, FF_LIST, "").extract(CTX) == ["A", "C."]
    assert Base64(source, PT_CHARBUF, FF_LIST, "").extract(CTX) == []
    assert Length(source, PT_UINT64, 0, "").extract(CTX) == 2


def test_values_of_other_classes_have_no_result() -> None:
    """Nothing raises."""
    lower = ToLower(Literal(""), PT_CHARBUF, 0, "")
    assert lower.one(5) is None
    assert ToUpper(Literal(""), PT_CHARBUF, 0, "").one(b"x") is None
    assert Basename(Literal(""), PT_CHARBUF, 0, "").one(5) is None
    assert Base64(Literal(""), PT_BYTEBUF, 0, "").one(b"aGk=") == b"hi"
    assert Base64(Literal(""), PT_BYTEBUF, 0, "").one(5) is None


def test_without_a_value_there_is_no_result() -> None:
    """None of them invents one."""
    for name in ("tolower", "len", "b64"):
        assert single(name, MISSING).extract(CTX) is None
    assert Join(Literal(","), MISSING, "").extract(CTX) is None
    assert Join(Literal(","), Sequence([MISSING]), "").extract(CTX) is None
    assert Concat([Literal("a"), MISSING], "").extract(CTX) is None
    assert GetOpt(MISSING, Literal("a"), None, "").extract(CTX) is None
    assert texts_of(MISSING, CTX) is None


@given(st.binary(), st.integers(0, 2))
def test_base64_is_decoded_with_and_without_padding(data: bytes, kept: int) -> None:
    """As many signs of padding as are left."""
    text = base64.b64encode(data).decode()
    body = text.rstrip("=")
    assert decode_base64(body + "=" * min(kept, len(text) - len(body))) == data


@given(st.text(max_size=12))
def test_any_text_is_decoded_or_not(text: str) -> None:
    """Nothing raises."""
    decode_base64(text)


def test_a_decoded_text_ends_at_a_nul() -> None:
    """As text does everywhere."""
    assert Base64(Literal(""), PT_CHARBUF, 0, "").one(base64.b64encode(b"ab\0cd\xff").decode()) == "ab"


def test_texts_are_joined_and_put_together() -> None:
    """Numbers become text as they are printed."""
    pid = REGISTRY.bind("proc.pid")
    assert Join(Literal("-"), Sequence([Literal("a"), pid]), "").extract(CTX) == "a-10"
    assert Concat([REGISTRY.bind("proc.name"), Literal("!")], "").extract(CTX) == "cat!"


@pytest.mark.parametrize(
    ("argv", "accepted", "found"),
    [
        (["-a", "-b", "x"], "ab:", [("a", None), ("b", "x")]),
        (["-bx", "-ab", "y"], "ab:", [("b", "x"), ("a", None), ("b", "y")]),
        (["-b"], "b:", [("b", "")]),
        (["-z"], "a", [("?", None)]),
        (["--long", "-a"], "a", [("a", None)]),
        (["--", "-a"], "a", []),
        (["file", "-a"], "a", []),
        (["-", "-a"], "a", []),
        (["-:"], "a:", [("?", None)]),
    ],
)
def test_short_options_are_found(argv: list[str], accepted: str, found: list[tuple[str, str | None]]) -> None:
    """As getopt(3) does without reordering."""
    assert parse_options(argv, accepted) == found


def test_one_option_may_be_asked_for() -> None:
    """The last value counts; one that is not there has none."""
    argv = Sequence([Literal("-a"), Literal("-b1"), Literal("-b2")])
    accepted = Literal("ab:")
    assert GetOpt(argv, accepted, None, "").extract(CTX) == ["a", "b", "1", "b", "2"]
    assert GetOpt(argv, accepted, "b", "").extract(CTX) == "2"
    assert GetOpt(argv, accepted, "a", "").extract(CTX) == ""
    assert GetOpt(argv, accepted, "c", "").extract(CTX) is None


def test_transformers_take_some_types() -> None:
    """`len` takes every list besides."""
    assert accepts("tolower", extractor(PT_CHARBUF))
    assert not accepts("tolower", extractor(PT_INT64))
    assert accepts("b64", extractor(PT_BYTEBUF))
    assert accepts("len", extractor(PT_UINT64, FF_LIST))
    assert not accepts("len", extractor(PT_UINT64))


NAME = REGISTRY.bind("proc.name")
PATH = REGISTRY.bind("fd.name")
NUMBER = REGISTRY.bind("evt.num")
DELTA = REGISTRY.bind("evt.deltatime")


@pytest.mark.parametrize(
    ("made", "scope", "remembers"),
    [
        (Literal("x"), SCOPE_PROCESS, False),
        (single("tolower", NAME), SCOPE_PROCESS, False),
        (single("len", single("basename", PATH)), SCOPE_FD, False),
        (Sequence([]), SCOPE_PROCESS, False),
        (Sequence([NAME, Sequence([PATH, Literal("x")])]), SCOPE_FD, False),
        (Join(Literal(","), Sequence([NAME, PATH, NUMBER]), ""), SCOPE_EVENT, False),
        (Join(NUMBER, Sequence([NAME]), ""), SCOPE_EVENT, False),
        (Concat([NAME, single("toupper", PATH)], ""), SCOPE_FD, False),
        (GetOpt(Sequence([NAME]), Literal("ab:"), "a", ""), SCOPE_PROCESS, False),
        (GetOpt(Sequence([NAME]), PATH, None, ""), SCOPE_FD, False),
        (Concat([NAME, DELTA], ""), SCOPE_EVENT, True),
    ],
)
def test_what_is_made_changes_with_the_most_changeable_of_its_sources(
    made: Extractor, scope: int, remembers: bool
) -> None:
    """However deep that is."""
    assert (made.scope, made.spec.scope, made.remembers) == (scope, scope, remembers)
