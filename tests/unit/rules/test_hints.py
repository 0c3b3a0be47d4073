"""Nearest names."""

from __future__ import annotations

from tercel.rules.hints import Hints
from tests.unit.rules.files import registry


def test_a_near_name_is_found() -> None:
    """Case does not matter, the hint shows the name as it is."""
    assert Hints().nearest("Shels", ["apples", "SHELLS"]) == "did you mean 'SHELLS'?"


def test_far_and_long_names_give_no_hint() -> None:
    """A wrong guess is worse than none."""
    assert Hints().nearest("xyz", ["apples"]) == ""
    assert Hints().nearest("a" * 1000, ["a" * 999]) == ""
    assert Hints().nearest("", ["a"]) == ""


def test_the_budget_of_hints_ends() -> None:
    """A file of thousands of mistakes does not take minutes."""
    hints = Hints()
    found = [hints.nearest("shel", ["shell"]) for _ in range(100)]
    assert found[0]
    assert found[-1] == ""
    assert hints.field("proc.nme", registry()) == ""


def test_a_near_field_is_found() -> None:
    """An argument does not disturb the search."""
    assert Hints().field("proc.nme", registry()) == "did you mean 'proc.name'?"
    assert Hints().field("", registry()) == ""
