from __future__ import annotations

import pytest

from tercel.filters.cursor import Cursor
from tercel.filters.errors import FilterError
from tercel.filters.tokens import IDENTIFIER


def test_words_are_read_one_behind_the_other() -> None:
    """The last word is kept for messages, blanks are not words."""
    cursor = Cursor("  name(\t'it is'")
    assert cursor.skip()
    assert not cursor.skip()
    assert cursor.match(IDENTIFIER) == "name"
    assert cursor.match(IDENTIFIER) is None
    assert cursor.last == "name"
    assert cursor.take("(")
    assert not cursor.take("(")
    assert cursor.skip()
    assert cursor.string() == "it is"
    assert cursor.at == len(cursor.text)


def test_an_open_quote_is_no_string() -> None:
    """It is left where it stands."""
    cursor = Cursor("'open")
    assert cursor.quoted() is None
    assert cursor.string() is None
    assert cursor.at == 0


def test_a_wrong_escape_is_reported_with_a_place() -> None:
    """The place is the end of the string."""
    cursor = Cursor('"a\\q"')
    with pytest.raises(FilterError) as error:
        cursor.quoted()
    assert (error.value.index, error.value.column) == (4, 5)
