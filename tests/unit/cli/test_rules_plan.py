"""`tercel rules plan`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tercel.cli.main import main
from tests.unit import samples
from tests.unit.rules.files import rule


def plan(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Run the command, which has to succeed; return what it printed."""
    assert main(["rules", "plan", *words]) == 0
    return capsys.readouterr().out


def planned(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    """Return the plan as programs get it."""
    value = json.loads(plan(capsys, *words, "--json"))
    assert isinstance(value, dict)
    return value


def calls_in(value: dict[str, object]) -> dict[str, dict[str, object]]:
    """Return the calls of a plan by name."""
    calls = value["calls"]
    assert isinstance(calls, list)
    return {call["call"]: call for call in calls}


def failure(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Run the command, which has to fail; return the message."""
    assert main(["rules", "plan", *words]) == 1
    return capsys.readouterr().err


def test_the_plan_is_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A summary above it, and no time in it: the same rules give the same text."""
    out = plan(capsys, samples.rules(tmp_path))
    assert out.startswith("2 rules in force; ")
    assert "\nclose " in out
    assert "\nsched_process_exit " in out
    assert out == plan(capsys, "-r", samples.rules(tmp_path))


def test_without_files_it_is_about_the_rules_that_ship(capsys: pytest.CaptureFixture[str]) -> None:
    """As with the other commands."""
    value = planned(capsys)
    assert isinstance(value["rules"], int)
    assert value["rules"] >= 25
    assert value["captured"] == len(calls_in(value))


def test_one_call_is_told_in_detail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In both forms."""
    path = samples.rules(tmp_path, rule("evt.type = openat and fd.name = /etc/shadow"))
    assert "\n      path is /etc/shadow\n" in plan(capsys, path, "--why", "openat")
    value = planned(capsys, path, "--why", "openat")
    assert (value["call"], value["about"], value["kept_by"]) == ("openat", ["R"], 1)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("opnat", "no system call is called 'opnat'. Did you mean 'openat'?"),
        ("xyzzyx", "no system call is called 'xyzzyx'."),
        ("mincore", "'mincore' is not captured: no rule is about it, and the state does not need it"),
        ("read", "'read' is not captured: calls as frequent as this one need -A or base_syscalls.all"),
    ],
)
def test_a_call_that_is_not_captured_is_an_error(
    name: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what it takes, or the nearest name."""
    path = samples.rules(tmp_path, rule("evt.type = read and fd.name = /x"))
    assert failure(capsys, path, "--why", name) == f"Error: {message}\n"


def test_frequent_calls_may_be_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As a run takes them; without, the rule that misses them is named."""
    path = samples.rules(tmp_path, rule("evt.type = read and fd.name = /x"))
    value = planned(capsys, path)
    assert "read" not in calls_in(value)
    assert "Rules 'R' match system calls that are not captured: read" in str(value["warnings"])
    value = planned(capsys, path, "-A")
    assert calls_in(value)["read"]["captured_for"] == "rules"
    assert value["warnings"] == []


def test_the_configuration_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its rules files, which of their rules are in force, what it adds to outputs, and the calls it names."""
    rules = samples.rules(tmp_path, rule("evt.type = openat and fd.name = /x") + rule(name="Other"))
    config = tmp_path / "falco.yaml"
    config.write_text(
        f"rules_files: [{rules}]\n"
        "rules: [{disable: {rule: Other}}]\n"
        "append_output: [{extra_output: 'files=%proc.fdopencount'}]\n"
        "base_syscalls: {custom_set: [openat, close, mincore]}\n"
    )
    value = planned(capsys, "-c", str(config))
    assert value["rules"] == 1
    assert {name: call["captured_for"] for name, call in calls_in(value).items()} == {
        "close": "configuration",
        "mincore": "configuration",
        "openat": "rules",
        "sched_process_exit": "state",
    }
    lint = value["lint"]
    assert isinstance(lint, list)
    assert [(found["rule"], found["kind"]) for found in lint] == [("R", "descriptors")]


def test_a_rule_that_is_disabled_needs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is not counted either."""
    path = samples.rules(tmp_path, rule("evt.type = mincore", more="enabled: false"))
    value = planned(capsys, path)
    assert (value["rules"], "mincore" in calls_in(value)) == (0, False)


def test_rules_about_entries_are_those_of_a_live_sensor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The probe reports exits, so these answer for what such rules ask."""
    path = samples.rules(tmp_path, rule("evt.type = openat and evt.dir = > and fd.name = /etc/shadow"))
    assert planned(capsys, path, "--why", "openat")["kept_by"] == 1


def test_conditions_to_ignore_are_those_of_the_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that cannot be compiled is an error here as in a run."""
    assert "ignore: condition 1, line 1, column 1" in failure(capsys, samples.rules(tmp_path), "-o", "ignore[]=x.y = 1")


def test_dropping_may_be_switched_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Everything is reported then, and the plan says why."""
    value = planned(capsys, samples.rules(tmp_path), "-o", "engine.pushdown.enabled=false")
    assert value["reported"] == value["captured"]
    assert "switched off" in str(value["warnings"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("none.yaml",), "rules file or directory 'none.yaml' does not exist"),
        (("-o", "nothing"), "nothing"),
        (("-o", "priority=loud"), 'Unknown priority "loud"'),
        (("-c", "/nowhere/falco.yaml"), "/nowhere/falco.yaml"),
    ],
)
def test_mistakes_end_with_status_1(words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In one message."""
    text = failure(capsys, *words)
    assert text.startswith("Error: ")
    assert message in text


def test_rules_with_mistakes_have_no_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The mistakes are shown as the check shows them."""
    text = failure(capsys, samples.rules(tmp_path, rule("proc.nam = x")))
    assert text.startswith("Error: the rules cannot be loaded\n")
    assert "did you mean 'proc.name'?" in text
