"""What explanations consist of, for programs."""

from __future__ import annotations

from tercel.rules.findings import EventFacts
from tests.unit.fields.scene import Scene
from tests.unit.filters.world import cat_closes
from tests.unit.rules.files import rule
from tests.unit.rules.told import EVERYTHING, explained


def test_an_event_is_named() -> None:
    """Number, type, direction, time, process."""
    facts = EventFacts(cat_closes(), "close")
    assert facts.text().startswith("event 1: close (exit), ")
    assert facts.text().endswith(", cat (pid 10, tid 10)")
    assert facts.as_json() == {
        "num": 1,
        "time": "2023-11-14T22:13:20.000000000Z",
        "type": "close",
        "direction": "<",
        "process": "cat",
        "pid": 10,
        "tid": 10,
    }


def test_an_event_without_a_thread_is_named_by_its_number() -> None:
    """Nothing is known of who caused it."""
    facts = EventFacts(Scene().show("SYSCALL_CLOSE_E", 3), "close")
    assert facts.text().endswith(", tid -1")
    assert "(entry)" in facts.text()


def test_an_explanation_has_a_form_for_programs() -> None:
    """The same keys whatever the rule; parts within parts."""
    value = explained(EVERYTHING, name="Everything").as_json()
    assert list(value) == ["rule", "place", "enabled", "event", "matches", "reason", "shadowed_by", "condition"]
    assert value["place"] == {"file": "0.yaml", "line": 12, "column": 3}
    assert (value["rule"], value["enabled"], value["matches"], value["shadowed_by"]) == (
        "Everything",
        True,
        False,
        None,
    )
    tree = value["condition"]
    assert isinstance(tree, dict)
    first = tree["parts"][0]["parts"][0]
    assert first == {
        "kind": "check",
        "text": "evt.type = close",
        "result": True,
        "asked": True,
        "decides": False,
        "macros": ["closed", "closes"],
        "lists": [],
        "exception": "",
        "place": {"file": "0.yaml", "line": 7, "column": 14},
        "values": [{"field": "evt.type", "type": "CHARBUF", "value": "close"}],
        "parts": [],
    }


def test_a_rule_that_is_not_asked_has_no_condition_to_show() -> None:
    """The reason says why."""
    value = explained(rule("evt.type = open")).as_json()
    assert value["condition"] is None
    assert value["matches"] is False
    short = explained(rule("evt.type = open")).short_json()
    assert short == {"rule": "R", "matches": False, "reason": value["reason"], "shadowed_by": None}


def test_a_check_does_not_hold_for_want_of_a_value() -> None:
    """That is another matter than a value that does not fit."""
    root = explained(rule("evt.type = close and fd.sport = 1 and fd.sport exists and proc.pid = 1")).root
    assert root is not None
    assert [finding.is_missing for finding in root.children] == [False, True, False, False]
