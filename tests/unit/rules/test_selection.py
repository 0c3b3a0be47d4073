"""Which rules are in force."""

from __future__ import annotations

import pytest

from tercel.rules.rule import Rule
from tercel.rules.selection import Selection, wildcard_match
from tests.unit.rules.files import loaded, rule

TEXT = (
    rule(name="open a", more="tags: [a]")
    + rule(name="open b", more="tags: [b]\nenabled: false")
    + rule(name="close ab", more="tags: [a, b]")
)


def enabled(selection: Selection) -> list[str]:
    """Return the rules that a selection leaves in force."""
    rules: list[Rule] = loaded(TEXT).rules
    selection.apply(rules)
    return [found.name for found in rules if found.enabled]


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("abc", "abc", True),
        ("abc", "abcd", False),
        ("*", "", True),
        ("*", "anything", True),
        ("a*", "abc", True),
        ("a*", "ba", False),
        ("*c", "abc", True),
        ("a*c", "abbc", True),
        ("a*b*c", "a1b2c", True),
        ("**", "a", True),
        ("*.yaml", "a.yaml.b.yaml", False),
        ("", "", True),
        ("", "a", False),
    ],
)
def test_a_star_stands_for_anything(pattern: str, text: str, fits: bool) -> None:
    """Each piece is taken at its first place, and nothing is tried again."""
    assert wildcard_match(pattern, text) == fits


def test_without_steps_the_files_decide() -> None:
    """A rule that is disabled there stays so."""
    assert enabled(Selection()) == ["open a", "close ab"]


def test_parts_of_names_disable() -> None:
    """The option -D."""
    assert enabled(Selection.from_flags(["open"], [], [])) == ["close ab"]


def test_tags_disable() -> None:
    """The option -T."""
    assert enabled(Selection.from_flags([], ["b"], [])) == ["open a"]


def test_tags_enable_themselves_alone() -> None:
    """The option -t enables what a file disables, and nothing else."""
    assert enabled(Selection.from_flags([], [], ["b"])) == ["open b", "close ab"]


def test_steps_follow_each_other() -> None:
    """The later one counts."""
    selection = Selection()
    selection.add(enable=False, rule="*")
    selection.add(enable=True, rule="open*")
    selection.add(enable=False, tag="b")
    assert enabled(selection) == ["open a"]
    selection.add(enable=True, rule="open b", tag="none")
    assert enabled(selection) == ["open a", "open b"]
