"""Texts that know where they come from."""

from __future__ import annotations

from tercel.rules.definitions import ExceptionEntry, RuleUpdate, SourceText
from tercel.rules.problems import ProblemContext

ONE = ProblemContext.of_file("one.yaml", "a")
TWO = ProblemContext.of_file("two.yaml", "b")


def test_an_appended_text_follows_after_a_blank() -> None:
    """Each piece remembers its file."""
    text = SourceText("one", ONE)
    text.append(SourceText("two", TWO))
    assert text.text == "one two"
    assert [text.part_at(index).context for index in (0, 2, 4, 99)] == [ONE, ONE, TWO, TWO]


def test_a_wrapped_text_keeps_its_pieces() -> None:
    """What is put around it belongs to no file."""
    text = SourceText("one", ONE)
    text.append(SourceText("two", TWO))
    wrapped = text.wrapped("(", ")")
    assert wrapped.text == "(one two)"
    assert wrapped.part_at(5).context is TWO
    assert wrapped.part_at(5).start == 5


def test_a_hundred_thousand_appends_take_no_time() -> None:
    """Joining waits until the text is wanted."""
    text = SourceText("x", ONE)
    for _ in range(100_000):
        text.append(SourceText("or x", TWO))
    assert len(text.text) == 1 + 100_000 * 5


def test_an_empty_entry_is_not_valid() -> None:
    """Neither an empty text nor an empty list."""
    assert not ExceptionEntry().is_valid
    assert not ExceptionEntry(items=[]).is_valid
    assert ExceptionEntry("x").is_valid


def test_an_update_without_values_is_empty() -> None:
    """A value that is false is a value."""
    update = RuleUpdate("R", ONE)
    assert update.is_empty
    update.enabled = False
    assert not update.is_empty
