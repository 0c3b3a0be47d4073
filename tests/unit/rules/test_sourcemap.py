"""From a character of a value to its place in the file."""

from __future__ import annotations

import pytest

from tercel.rules.sourcemap import offset_in_file
from tercel.rules.yamltree import documents

STYLES = {
    "plain": "- k: one two three\n",
    "plain over lines": "- k: one\n    two\n    three\n",
    "single quotes": "- k: 'one two three'\n",
    "double quotes": '- k: "one two three"\n',
    "folded": "- k: >\n    one\n    two three\n",
    "literal": "- k: |-\n    one\n\n    two\n    three\n",
    "escapes": '- k: "\\x6fne \\"q\\" two three"\n',
}


@pytest.mark.parametrize("content", STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("word", ["two", "three"])
def test_a_word_is_found_where_it_is_written(content: str, word: str) -> None:
    """In every style of scalar that YAML has."""
    value = documents(content)[0].items[0].get("k")
    assert value is not None
    offset = offset_in_file(content, value.offset, value.text, value.text.index(word))
    assert content[offset:].startswith(word)


def test_the_end_of_a_value_is_a_place() -> None:
    """Errors at the end of a condition point there."""
    assert offset_in_file("- k: ab\n", 5, "ab", 2) == 7


def test_a_value_that_is_not_in_the_file_ends_somewhere_in_it() -> None:
    """The walk stays within the file."""
    assert 0 <= offset_in_file("- k: ab", 5, "xyz" * 100, 250) <= 7
    assert offset_in_file("", 0, "abc", 2) == 0
    assert offset_in_file("- >", 2, "", 0) == 3
