"""Severities."""

from __future__ import annotations

import pytest

from tercel.rules.priorities import PRIORITY_NAMES, parse_priority


def test_every_name_is_understood_in_any_case() -> None:
    """The number is the place in the order of severity."""
    for number, name in enumerate(PRIORITY_NAMES):
        assert [parse_priority(text) for text in (name, name.upper(), name.lower())] == [number] * 3


def test_info_is_short_for_informational() -> None:
    """As most rules write it."""
    assert parse_priority("INFO") == parse_priority("Informational")


@pytest.mark.parametrize("text", ["", "warn", "3", "emergency "])
def test_other_words_are_no_priorities(text: str) -> None:
    """Nothing is guessed."""
    assert parse_priority(text) is None
