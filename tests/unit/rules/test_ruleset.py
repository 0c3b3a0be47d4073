"""Matching: which rules are asked, in which order, and what is counted."""

from __future__ import annotations

import pytest

from tercel.events.table import EVENT_BY_ENUM
from tercel.fields.registry import Registry
from tercel.filters.filter import compile_filter
from tercel.rules.ruleset import ALL, ENTER_AUTO, ENTER_HIDDEN, ENTER_VISIBLE, FIRST, Ruleset
from tercel.rules.selection import Selection
from tests.unit.filters.world import CTX
from tests.unit.rules.files import loaded, rule

OPEN_E, OPEN_X = EVENT_BY_ENUM["SYSCALL_OPEN_E"], EVENT_BY_ENUM["SYSCALL_OPEN_X"]
SWITCH_E = EVENT_BY_ENUM["SCHEDSWITCH_6_E"]
KIND = CTX.event.info.name
HERE = f"evt.type = {KIND}"


def names(ruleset: Ruleset) -> list[str]:
    """Return the rules that match the event of the tests' little world."""
    return [found.name for found in ruleset.match(CTX)]


def test_the_first_rule_that_matches_is_the_only_one() -> None:
    """In the order of definition, whether or not a condition names event types."""
    text = rule(f"{HERE} and proc.name = nobody", "A") + rule("evt.num >= 0", "B") + rule(HERE, "C")
    assert names(loaded(text).ruleset(FIRST)) == ["B"]


def test_all_rules_that_match_may_be_asked_for() -> None:
    """In the order of definition."""
    text = rule(HERE, "A") + rule("evt.type = setuid", "B") + rule("evt.num >= 0", "C")
    assert names(loaded(text).ruleset(ALL)) == ["A", "C"]


def test_an_event_that_no_rule_is_about_costs_a_look_into_a_list() -> None:
    """The empty answer is always the same object."""
    ruleset = loaded(rule("evt.type = setuid")).ruleset()
    assert ruleset.match(CTX) is ruleset.match(CTX)
    assert ruleset.event_ids() == loaded(rule("evt.type = setuid")).rules[0].event_ids


def test_matches_are_counted_by_rule_and_by_severity() -> None:
    """Those without any are left out."""
    text = rule(HERE, "A") + rule(f"{HERE} and proc.name = nobody", "B") + rule(HERE, "C").replace("INFO", "ERROR")
    ruleset = loaded(text).ruleset(ALL)
    for _ in range(3):
        ruleset.match(CTX)
    assert ruleset.detections() == 6
    assert ruleset.by_rule() == {"A": 3, "C": 3}
    assert list(ruleset.by_priority().items()) == [(3, 3), (6, 3)]


def test_less_severe_rules_are_left_out_for_good() -> None:
    """No selection brings them back."""
    selection = Selection()
    selection.add(enable=True, rule="*")
    ruleset = loaded(rule(HERE)).ruleset(min_priority=5, selection=selection)
    assert ruleset.rules == []
    assert ruleset.rule("R") is None
    assert names(ruleset) == []


def test_disabled_rules_do_not_match_until_they_are_enabled() -> None:
    """They stay compiled."""
    ruleset = loaded(rule(HERE, more="enabled: false")).ruleset()
    assert names(ruleset) == []
    found = ruleset.rule("R")
    assert found is not None
    found.enabled = True
    ruleset.reindex()
    assert names(ruleset) == ["R"]


@pytest.mark.parametrize(
    ("choice", "version", "seen"),
    [
        (ENTER_VISIBLE, "0.57.0", True),
        (ENTER_HIDDEN, "0.31.0", False),
        (ENTER_AUTO, "0.57.0", False),
        (ENTER_AUTO, "0.56.0", True),
    ],
)
def test_entries_of_calls_are_hidden_where_rules_do_not_mean_them(choice: str, version: str, seen: bool) -> None:
    """Exits are seen always, and so is what has no exit."""
    text = f"- required_engine_version: {version}\n" + rule("evt.type in (open, switch)")
    by_type = loaded(text).ruleset(enter_events=choice).by_type
    assert bool(by_type[OPEN_E]) == seen
    assert by_type[OPEN_X]
    assert by_type[SWITCH_E]


def test_a_condition_that_can_never_hold_is_never_asked() -> None:
    """Its set of event types is empty."""
    assert loaded(rule("evt.num = 0")).ruleset().event_ids() == frozenset()


def test_ignored_events_concern_no_rule() -> None:
    """Whatever the rules ask for; plainly evaluated too."""
    registry = Registry.syscall()
    ignored = [compile_filter("proc.name = nobody", registry)]
    for plain in (True, False):
        loader = loaded(rule(HERE, "A"))
        assert names(loader.ruleset(ignored=ignored, plain=plain)) == ["A"]
        ignored_here = [*ignored, compile_filter(HERE, registry)]
        assert names(loader.ruleset(ignored=ignored_here, plain=plain)) == []
