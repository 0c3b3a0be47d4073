from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.filters.errors import FilterError
from tercel.filters.tokens import Lines, argument_text, closing_quote, constant_text, quoted, unescape


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (r"a\tb\n\r\f\b", "a\tb\n\r\f\b"),
        (r"\\ \/ \"", '\\ / "'),
        (r"a\ b", "a\\b"),
        (r"\x41\x7a", "Az"),
        (r"\xc3\xa9", "é"),
        (r"\xff", "\udcff"),
        ("plain 'text'", "plain 'text'"),
    ],
)
def test_escapes_give_their_characters(body: str, value: str) -> None:
    """A backslash and a blank are a backslash; bytes that are UTF-8 together become a character."""
    assert unescape(body, '"') == value


@pytest.mark.parametrize(
    ("body", "quote", "message"),
    [
        (r"\d", '"', r"unsupported string escape sequence: \d"),
        (r"\x4", '"', "truncated hex char escape sequence"),
        (r"\xzz", '"', "invalid hex char escape sequence: zz"),
        (r"\"", "'", "invalid \\\" escape in '-quoted string"),
        (r"\'", '"', "invalid \\' escape in \"-quoted string"),
    ],
)
def test_a_wrong_escape_is_named(body: str, quote: str, message: str) -> None:
    """The text of each mistake is Falco's."""
    with pytest.raises(FilterError) as error:
        unescape(body, quote)
    assert error.value.message == message


def test_a_quote_behind_a_backslash_never_closes() -> None:
    """So no string can end with an escaped backslash."""
    assert closing_quote(r'"a\" b" c', 0) == 6
    assert closing_quote(r'"a\\"', 0) == -1
    assert closing_quote('""', 0) == 1


@given(st.text())
def test_what_is_quoted_is_read_back(value: str) -> None:
    """Whatever a constant holds, its quoted form closes where it should and means the same."""
    text = quoted(value)
    assert closing_quote(text, 0) == len(text) - 1
    assert unescape(text[1:-1], '"') == value


def test_constants_are_quoted_only_where_they_must_be() -> None:
    """Parentheses stand bare in descriptions, as Falco writes them; text to be parsed again has them quoted."""
    assert constant_text("/usr/bin") == "/usr/bin"
    assert constant_text("a b") == '"a b"'
    assert constant_text("(systemd)") == "(systemd)"
    assert constant_text("(systemd)", parsable=True) == '"(systemd)"'
    assert constant_text("", parsable=True) == '""'
    assert argument_text("2") == "2"
    assert argument_text("a]b") == '"a]b"'


def test_lines_end_at_newlines_and_carriage_returns() -> None:
    """Each of the two ends a line, so a Windows line end counts twice, as it does for Falco."""
    lines = Lines("ab\ncd\r\ne")
    places = [(lines.position(index).line, lines.position(index).column) for index in (0, 2, 3, 5, 6, 7)]
    assert places == [(1, 1), (1, 3), (2, 1), (2, 3), (3, 1), (4, 1)]
