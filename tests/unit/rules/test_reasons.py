"""The sentence that sums an explanation up."""

from __future__ import annotations

import pytest

from tercel.rules.reasons import conjunct_answers, cut, decisive, reason, types_text
from tests.unit.rules.files import loaded, rule
from tests.unit.rules.told import EVERYTHING, explained, root_of

TEN = "does not hold (proc.pid is 10 (INT64))"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("proc.name = cat", "all 2 parts of the condition hold: the rule matches"),
        ("proc.name = ls", "'proc.name = ls' does not hold (proc.name is \"cat\")"),
        ("proc.pid > 10", "'proc.pid > 10' does not hold (proc.pid is 10 (INT64))"),
        ("fd.sport = 1", "'fd.sport = 1' does not hold (fd.sport is <NA>)"),
        ("not proc.name = cat", "'proc.name = cat' holds (proc.name is \"cat\"), which the rule excludes"),
        (
            "(proc.pid = 1 or not proc.pid = 10)",
            f"'proc.pid = 1' {TEN}; 'proc.pid = 10' holds (proc.pid is 10), which the rule excludes",
        ),
        (
            "proc.pid = 1 and proc.pid = 2 and proc.pid = 3",
            "'proc.pid = 1' does not hold (proc.pid is 10 (INT64)); 2 more of its 4 parts do not hold either",
        ),
        (
            "(proc.pid = 1 or proc.pid = 2 or proc.pid = 3 or proc.pid = 4)",
            f"'proc.pid = 1' {TEN}; 'proc.pid = 2' {TEN}; 'proc.pid = 3' {TEN}; and 1 more of the kind",
        ),
    ],
)
def test_the_reason_names_what_decided(condition: str, expected: str) -> None:
    """With its value; what would have to be otherwise, not what merely is false."""
    text = reason(root_of(condition))
    assert text.removeprefix("the rule does not match: ") == expected


def test_a_single_check_is_its_own_reason() -> None:
    """There are no parts to count."""
    found = explained(rule("evt.type = close"))
    assert found.reason == "'evt.type = close' holds (evt.type is \"close\"): the rule matches"


def test_an_exception_is_named() -> None:
    """Whoever wrote it knows it by its name."""
    text = EVERYTHING.replace("proc.pid > 10", "proc.pid > 1").replace("values: [tail]", "values: [cat]")
    found = explained(text, name="Everything")
    assert found.reason == (
        "the rule does not match: exception 'single': 'proc.name in (cat)' holds (proc.name is \"cat\"), "
        "which the rule excludes"
    )


def test_what_decides_may_be_wanted_otherwise() -> None:
    """Below a `not` a check should not have held."""
    found = decisive(root_of("not (proc.pid = 10 and proc.name = cat and not proc.pid = 11)"))
    assert [(item.finding.part.text, item.finding.holds, item.wanted) for item in found] == [
        ("proc.pid = 10", True, False),
        ("proc.name = cat", True, False),
        ("proc.pid = 11", False, True),
    ]


def test_macros_and_parentheses_are_opened_to_count_parts() -> None:
    """What has to hold for the rule to match."""
    assert conjunct_answers(root_of("proc.pid = 1 and (proc.pid = 10 and proc.name = cat)")) == [
        True,
        False,
        True,
        True,
    ]


def test_long_texts_are_cut() -> None:
    """A list of a thousand names is no reason."""
    assert cut("x" * 200) == "x" * 157 + "..."
    assert cut("x" * 160) == "x" * 160


def test_the_types_of_a_rule_are_named() -> None:
    """Some of them, when there are many."""
    assert types_text(loaded(rule("evt.type in (open, close)")).rules[0]) == "close, open"
    assert types_text(loaded(rule("evt.type = open and evt.type = close")).rules[0]) == "no type of event"
    assert "more" in types_text(loaded(rule("evt.type != open")).rules[0])
