"""Compiled rules, their outputs, and what is warned of."""

from __future__ import annotations

import pytest

from tercel.rules import RuleLoader, RulesFile
from tests.unit.rules.files import errors, loaded, registry, result, rule, warnings


def test_the_container_shorthand_is_written_out() -> None:
    """And told to be out of date."""
    text = rule(output="a %container.info b")
    assert loaded(text).rules[0].output_compiled == "a container_id=%container.id container_name=%container.name b"
    assert [code for code, _ in warnings(text)] == ["LOAD_DEPRECATED_ITEM"]


def test_the_caller_may_complete_outputs() -> None:
    """What is added is checked with the rest."""
    loader = RuleLoader({"syscall": registry()}, lambda found: f"{found.output} by %user.nme")
    (problem,) = loader.load(RulesFile("f.yaml", rule(output="x"))).errors
    assert (problem.code, problem.message) == ("LOAD_ERR_COMPILE_OUTPUT", "invalid formatting token user.nme")
    loader = RuleLoader({"syscall": registry()}, lambda found: f"{found.output} by %user.name")
    assert loader.load(RulesFile("f.yaml", rule(output="x"))).successful
    assert (loader.rules[0].output, loader.rules[0].output_compiled) == ("x", "x by %user.name")


def test_every_unknown_field_of_an_output_is_told() -> None:
    """At its place, with the nearest name."""
    found = result(rule(output="'%proc.nme and %fd.nam and %proc.name'")).errors
    assert [(problem.message, problem.context.where().column, problem.hint) for problem in found] == [
        ("invalid formatting token proc.nme", 13, "did you mean 'proc.name'?"),
        ("invalid formatting token fd.nam", 27, "did you mean 'fd.name'?"),
    ]


def test_an_output_may_ask_to_be_skipped_for_what_is_unknown() -> None:
    """A wrong format is an error all the same."""
    more = "skip-if-unknown-filter: true"
    text = rule(output="'%proc.nme %fd.nam'", more=more)
    assert [code for code, _ in warnings(text)] == ["LOAD_UNKNOWN_FILTER"]
    assert loaded(text).rules == []
    assert [code for code, _ in errors(rule(output="x %", more=more))] == ["LOAD_ERR_COMPILE_OUTPUT"]


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("proc.name = x", True),
        ("evt.type != open", True),
        ("not evt.type in (open, execve)", True),
        ("evt.type = open or proc.name = x", True),
        ("evt.type = open", False),
        ("evt.type in (open, close) and proc.name = x", False),
        ("evt.type = open and evt.type = close", False),
        ("evt.num = 0", False),
    ],
)
def test_a_condition_for_too_many_event_types_is_told(condition: str, told: bool) -> None:
    """Not one that can never hold, nor one whose author knows."""
    expected = ["LOAD_NO_EVTTYPE"] if told else []
    assert [code for code, _ in warnings(rule(condition))] == expected
    assert warnings(rule(condition, more="warn_evttypes: false")) == []


def test_deprecated_fields_are_told_for_condition_and_output() -> None:
    """Once for each field, also where a macro holds it."""
    text = "- macro: m\n  condition: evt.dir = <\n" + rule(
        "m and evt.type = open and evt.dir = <", output="'%evt.latency.s'"
    )
    found = result(text).warnings
    assert [(problem.deprecated_field, problem.context.locations[-1].item_type) for problem in found] == [
        ("evt.latency", "rule output"),
        ("evt.latency.s", "rule output"),
        ("evt.dir", "rule condition"),
    ]
    assert found[0].as_json()["deprecated_field"] == "evt.latency"


def test_what_nothing_refers_to_is_told() -> None:
    """Only when nothing else is wrong: an error may hide a use."""
    text = "- list: l\n  items: [a]\n- macro: m\n  condition: fd.num = 1\n"
    assert [code for code, _ in warnings(text)] == ["LOAD_UNUSED_MACRO", "LOAD_UNUSED_LIST"]
    assert warnings(text + rule("evt.type = open and m and proc.name in (l)")) == []
    assert warnings(text + rule("evt.type = open and (m")) == []


def test_comparing_with_a_missing_value_is_told_for_audit_fields() -> None:
    """These fields are not among ours, so the rule fails besides."""
    codes = [code for code, _ in warnings(rule("ka.verb = <NA> or ka.verb in (x, <NA>)"))]
    assert codes == ["LOAD_UNSAFE_NA_CHECK"]
    assert warnings(rule("ka.verb contains <NA> or ka.verb exists")) == []
