"""Rules where entries of calls are not seen."""

from __future__ import annotations

import pytest

from tercel.events.table import EVENT_BY_ENUM, EVENTS
from tercel.rules.exits import ExitRules
from tercel.rules.loader import RuleLoader
from tercel.rules.ruleset import ALL
from tests.unit.filters.world import CTX
from tests.unit.rules.files import loaded, registry, rule

CLOSE_E, CLOSE_X = EVENT_BY_ENUM["SYSCALL_CLOSE_E"], EVENT_BY_ENUM["SYSCALL_CLOSE_X"]
ENTERED = "- macro: entered\n  condition: evt.type = close and evt.dir = >\n"


def exits(loader: RuleLoader) -> ExitRules:
    """Return what stands in for the rules of a loader."""
    return ExitRules(loader.rules, loader._cache, registry())


def matching(text: str, *, exits_only: bool, plain: bool = False) -> list[str]:
    """Return the rules that match the exit of the tests' little world."""
    ruleset = loaded(text).ruleset(ALL, exits_only=exits_only, plain=plain)
    return [found.name for found in ruleset.match(CTX)]


@pytest.mark.parametrize("plain", [False, True])
def test_a_rule_about_entries_matches_exits(plain: bool) -> None:
    """Through macros and negations as well; where there are entries, it matches these alone."""
    text = (
        ENTERED
        + rule("evt.type = close and evt.dir = >", "A")
        + rule("entered and proc.name = cat", "B")
        + rule("entered and proc.name = dog", "C")
        + rule("evt.type = close and not evt.dir = <", "D")
        + rule("evt.type = close and evt.dir = <", "E")
    )
    assert matching(text, exits_only=True, plain=plain) == ["A", "B", "D", "E"]
    assert matching(text, exits_only=False, plain=plain) == ["E"]


def test_only_rules_that_ask_something_of_entries_get_another_condition() -> None:
    """Their own conditions stay, for descriptions and for captures."""
    loader = loaded(rule("evt.type = close and evt.dir = >", "A") + rule("evt.type = close and evt.dir = <", "B"))
    found = exits(loader)
    assert [rule.name for rule in found.stand_ins] == ["A"]
    ruleset = loader.ruleset(exits_only=True)
    first, second = ruleset.rules
    assert ruleset.filter_of(first) is not first.filter
    assert ruleset.filter_of(second) is second.filter
    assert "evt.dir" in first.filter.fields
    assert ruleset.filter_of(first).fields == ["evt.type"]
    assert loader.ruleset().filter_of(first) is first.filter


def test_rules_are_asked_about_exits_and_about_what_has_no_exit() -> None:
    """Entries of calls do not come: what selects the calls to capture sees the exits alone."""
    ruleset = loaded(rule("evt.type in (close, procexit) and evt.dir = >")).ruleset(exits_only=True)
    assert ruleset.by_type[CLOSE_X]
    assert not ruleset.by_type[CLOSE_E]
    assert ruleset.by_type[EVENT_BY_ENUM["PROCEXIT_1_E"]]
    assert {EVENTS[number].name for number in ruleset.event_ids()} == {"close", "procexit"}


def test_a_rule_that_never_holds_is_about_nothing() -> None:
    """A condition that contradicts itself does not come to hold."""
    assert loaded(rule("evt.num = 0 and evt.dir = >")).ruleset(exits_only=True).event_ids() == frozenset()


def test_rules_that_know_exits_only_have_their_positions_there() -> None:
    """For files of engine version 0.57 the first parameter of `socket` is the result, whatever the source."""
    text = rule("evt.type = socket and evt.arg[0] = AF_PACKET")
    assert exits(loaded(text)).stand_ins
    assert not exits(loaded("- required_engine_version: 0.57.0\n" + text)).stand_ins


def test_positions_that_change_their_meaning_are_told() -> None:
    """Rules that are switched off do not bother anybody."""
    text = rule("evt.type in (open, openat) and evt.arg[0] = x", "A")
    text += rule("evt.type in (open, openat) and evt.arg[1] = x", "B", more="enabled: false")
    ruleset = loaded(text).ruleset(exits_only=True)
    assert ruleset.notes() == ["rule 'A': evt.arg[0] is a parameter of the exit where entries are not seen"]
    assert loaded(text).ruleset().notes() == []


def test_no_entries_are_kept_for_exits_that_have_everything() -> None:
    """Rules of newer files need them in captures only."""
    loader = loaded("- required_engine_version: 0.57.0\n" + rule())
    assert loader.ruleset().asks_exits()
    assert not loader.ruleset(exits_only=True).asks_exits()
