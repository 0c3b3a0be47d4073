"""`tercel rules explain`: which of its four answers it gives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tercel.cli.main import main
from tests.unit import samples


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """Return the command for the sample rules and capture."""
    return ["rules", "explain", "-r", samples.rules(tmp_path), samples.capture(tmp_path)]


def test_a_rule_at_an_event(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The whole tree."""
    assert main([*words, "--rule", "Opened", "--event", "2"]) == 0
    out = capsys.readouterr().out
    assert "> false     evt.rawres >= 0" in out
    assert out.endswith("The rule does not match: 'evt.rawres >= 0' does not hold (evt.rawres is -2 (INT64))\n")
    assert main([*words, "--rule", "Opened", "--event", "1", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert (value["rule"], value["matches"], value["event"]["num"]) == ("Opened", True, 1)


def test_an_event_alone(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A verdict per rule."""
    assert main([*words, "--event", "2"]) == 0
    out = capsys.readouterr().out
    assert "\nno       Opened\n" in out
    assert "\nmatches  Failed\n" in out
    assert main([*words, "--event", "2", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert [(verdict["rule"], verdict["matches"]) for verdict in value["rules"]] == [
        ("Opened", False),
        ("Failed", True),
    ]


def test_a_rule_alone(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """How often each part was the first to fail."""
    assert main([*words, "--rule", "Failed"]) == 0
    assert "            1  evt.rawres < 0\n" in capsys.readouterr().out
    assert main([*words, "--rule", "Failed", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert (value["events"], value["matched"], value["first_match"]["event"]["num"]) == (2, 1, 2)


def test_neither(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A line per rule."""
    assert main(words) == 0
    assert "        2         1  Opened\n" in capsys.readouterr().out
    assert main([*words, "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert [(found["rule"], found["matched"], found["first_match"]) for found in value["rules"]] == [
        ("Opened", 1, 1),
        ("Failed", 1, 2),
    ]


def test_an_event_that_is_not_there(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The capture ends before, or no rule sees it."""
    assert main([*words, "--event", "3"]) == 1
    assert capsys.readouterr().err == "Error: there is no event 3: the last one has the number 2\n"
    assert main([*words, "--event", "0"]) == 1
    assert capsys.readouterr().err.startswith("Error: no rule sees event 0: ")


def test_an_event_behind_the_trouble(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The capture's error says more than that there is no such event; events before it are explained."""
    samples.capture(tmp_path, samples.builder().bytes()[:-20])
    assert main([*words, "--event", "2"]) == 1
    error = capsys.readouterr().err
    assert "offset" in error
    assert "no event" not in error
    assert main([*words, "--event", "1", "--rule", "Opened"]) == 0
    assert capsys.readouterr().out.endswith("the rule matches\n")


def test_an_unknown_rule(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Before the capture is read."""
    assert main([*words, "--rule", "Open"]) == 1
    assert capsys.readouterr().err == "Error: there is no rule 'Open'; did you mean 'Opened'?\n"
