"""Reading YAML: nodes, places, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.rules.yamltree import (
    MAPPING,
    MAX_BYTES,
    NULL,
    SCALAR,
    SEQUENCE,
    YamlError,
    YamlNode,
    decode,
    documents,
)


def root(text: str) -> YamlNode:
    """Return the root of a text's only document."""
    (node,) = documents(text)
    return node


def refused(text: str) -> YamlError:
    """Return the error of a text that cannot be read."""
    with pytest.raises(YamlError) as caught:
        documents(text)
    return caught.value


def test_a_node_knows_its_kind_and_place() -> None:
    """Lines, columns and offsets count from 0."""
    node = root("- a: 1\n  b: [x, ~]\n")
    assert node.kind == SEQUENCE
    item = node.items[0]
    assert (item.kind, item.line, item.column, item.offset) == (MAPPING, 0, 2, 2)
    value = item.get("b")
    assert value is not None
    assert (value.kind, value.line, value.column, value.offset) == (SEQUENCE, 1, 5, 12)
    assert [(part.kind, part.text) for part in value.items] == [(SCALAR, "x"), (NULL, "~")]
    assert item.get("c") is None


@pytest.mark.parametrize("text", ["~", "null", "Null", "NULL", "- \n", "{a: }"])
def test_an_empty_plain_scalar_is_null(text: str) -> None:
    """The words of YAML for nothing, and nothing at all."""
    node = root(text)
    inner = [*node.items, *(value for _, value in node.pairs)] or [node]
    assert inner[0].kind == NULL


def test_a_quoted_word_is_never_null() -> None:
    """Quotes say that text is meant."""
    assert [item.kind for item in root("['', \"null\", '~']").items] == [SCALAR] * 3


def test_several_documents_are_several_roots() -> None:
    """Anchors do not reach over the border."""
    assert len(documents("- a\n---\n- b\n---\n")) == 3
    assert refused("- &x a\n---\n- *x\n").line == 2


def test_an_alias_is_the_node_that_it_names() -> None:
    """It is shared, not copied."""
    first, second = root("- &x [1]\n- *x\n").items
    assert first is second


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("this : is : not : yaml", 0, 10, "yaml-cpp: error at line 1, column 11: illegal map value"),
        ("- [a, b", 1, 0, "end of sequence flow not found"),
        ("- {a: b", 1, 0, "end of map flow not found"),
        ("a:\n\t- b", 1, 0, "found character that cannot start any token"),
        ("- a: b\n c: d", 1, 1, "end of sequence not found"),
        ("- *x", 0, 2, "the anchor 'x' is not defined"),
        ("- &x [*x]", 0, 6, "stands within what it refers to"),
        ("- a: 1\n  a: 2", 1, 2, "the key 'a' appears twice in one mapping"),
        ("- a\x01b", 0, 3, "control character U+0001 is not allowed"),
        ("- ab\n- \x00", 1, 2, "control character U+0000 is not allowed"),
        ("- a\ud800", 0, 3, "character"),
    ],
)
def test_what_is_not_yaml_is_refused_at_its_place(text: str, line: int, column: int, message: str) -> None:
    """One error, with the place."""
    error = refused(text)
    assert (error.line, error.column) == (line, column)
    assert message in error.message


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_a_hundred_thousand_levels_are_refused_at_the_hundredth(opening: str) -> None:
    """The depth is counted, not tried."""
    error = refused(opening * 100_000)
    assert "nested more than 100 levels deep" in error.message
    assert error.column == len(opening) * 100


def test_a_hundred_levels_are_read() -> None:
    """The limit itself is allowed."""
    assert root("[" * 100 + "]" * 100).kind == SEQUENCE


def test_an_alias_bomb_is_refused() -> None:
    """What aliases repeat is counted before anything is made of it."""
    bomb = "- &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"- &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
    assert "more than" in refused(bomb).message


def test_a_file_of_fifty_megabytes_is_refused_unread() -> None:
    """The limit is on bytes, before the text is decoded."""
    with pytest.raises(YamlError, match="longer than 16 MiB"):
        decode(bytes(50_000_000))
    with pytest.raises(YamlError, match="longer than 16 MiB"):
        decode("x" * (MAX_BYTES + 1))


def test_bytes_that_are_no_text_are_refused_at_their_place() -> None:
    """The message names the byte."""
    with pytest.raises(YamlError, match="byte 7 is not UTF-8") as caught:
        decode(b"- a\n- b\xff")
    assert (caught.value.line, caught.value.column) == (1, 3)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_tells_the_encoding(encoding: str) -> None:
    """As YAML demands."""
    assert decode("- ä".encode(encoding)) == "- ä"


@given(st.text(alphabet="-[]{}:,&*!|>'\"%@`#? \t\nab~\x00\x85\ud800", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but YamlError is raised."""
    try:
        documents(text)
        offset = 0
    except YamlError as error:
        offset = error.offset
    assert offset <= len(text) + 1


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Nothing but YamlError is raised."""
    try:
        documents(decode(data))
    except YamlError:
        pass
