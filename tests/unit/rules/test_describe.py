"""What is loaded, for people and for programs."""

from __future__ import annotations

from typing import Any

from tercel.rules.describe import describe_json, describe_text
from tests.unit.rules.files import loaded, rule

TEXT = (
    "- required_engine_version: 0.31.0\n"
    "- required_plugin_versions: [{name: container, version: 0.4.0, alternatives: [{name: c, version: 1.0.0}]}]\n"
    "- list: inner\n  items: [a]\n- list: outer\n  items: [inner, b]\n"
    "- macro: m\n  condition: proc.name in (outer)\n"
    + rule(
        "evt.type = open and m and proc.aname[2] != x",
        output="'%proc.name %container.info'",
        more="tags: [t]\nexceptions:\n  - {name: e, fields: [fd.name], comps: [startswith], values: [[/x]]}\n"
        "  - {name: f, fields: fd.num}",
    )
)


def described() -> Any:
    """Return the description of the text."""
    return describe_json(loaded(TEXT))


def test_the_whole_names_what_is_required() -> None:
    """Versions of engine and plugins."""
    found = described()
    assert found["required_engine_version"] == "0.31.0"
    assert found["required_plugin_versions"] == [
        {"name": "container", "version": "0.4.0", "alternatives": [{"name": "c", "version": "1.0.0"}]}
    ]
    assert describe_json(loaded(""))["required_engine_version"] == "0.0.0"


def test_a_rule_is_described_as_written_and_as_compiled() -> None:
    """Macros and lists come from the text, fields and operators from the whole."""
    (entry,) = described()["rules"]
    assert entry["info"]["output"] == "%proc.name %container.info"
    assert "capture" not in entry["info"]
    details = entry["details"]
    assert details["condition_compiled"] == (
        "((evt.type = open and proc.name in (a, b) and proc.aname[2] != x) and not fd.name startswith /x)"
    )
    assert details["macros"] == ["m"]
    assert details["lists"] == []
    assert details["condition_fields"] == ["evt.type", "proc.name", "proc.aname[2]", "fd.name"]
    assert details["condition_operators"] == ["=", "in", "!=", "startswith"]
    assert details["events"] == ["asyncevent", "open"]
    assert details["output_fields"] == ["proc.name", "container.id", "container.name"]
    assert details["exception_names"] == ["e", "f"]
    assert details["exception_fields"] == ["fd.name", "fd.num"]
    assert details["exception_operators"] == ["startswith", "in"]


def test_a_capturing_rule_tells_for_how_long() -> None:
    """The keys are there only when they mean something."""
    info: Any = describe_json(loaded(rule(more="capture: true\ncapture_duration: 7")))["rules"]
    assert (info[0]["info"]["capture"], info[0]["info"]["capture_duration"]) == (True, 7)


def test_macros_and_lists_tell_whether_they_are_used() -> None:
    """And what they are made of."""
    found = described()
    (macro,) = found["macros"]
    assert macro["details"]["lists"] == ["outer"]
    assert macro["details"]["used"] is True
    inner, outer = found["lists"]
    assert outer["info"]["items"] == ["b"]
    assert outer["details"] == {"used": True, "lists": ["inner"], "items_compiled": ["a", "b"], "plugins": []}
    assert inner["details"]["used"] is True


def test_one_rule_is_described_alone() -> None:
    """By its whole name."""
    assert len(describe_json(loaded(TEXT), "R")["rules"]) == 1  # type: ignore[arg-type]
    assert describe_json(loaded(TEXT), "S") == {"rules": []}


def test_the_text_has_two_columns() -> None:
    """Descriptions are broken into lines that begin below each other."""
    text = describe_text(loaded(rule().replace("desc: d", "desc: " + "word " * 30)))
    head, line, first, second, *_ = text.splitlines()
    assert head.split() == ["Rule", "Description"]
    assert line.split() == ["----", "-----------"]
    assert first.startswith("R" + " " * 50 + "word word")
    assert second.startswith(" " * 51 + "word")
    assert max(len(part) for part in text.splitlines()) <= 110
    assert "Rule" in describe_text(loaded(rule()), "S")
