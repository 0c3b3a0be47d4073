"""`tercel rules profile`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tercel.cli.main import main
from tests.unit import samples


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """Return the command for the sample rules and capture."""
    return ["rules", "profile", "-r", samples.rules(tmp_path), samples.capture(tmp_path)]


def test_rules_are_profiled(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """As a table."""
    assert main([*words, "--sort", "order"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "2 events, 2 of types that rules are about; 4 evaluations of 2 rules, 2 matches"
    assert [line.split("  ")[-1].split(" (")[0] for line in lines if ".yaml:" in line] == ["Opened", "Failed"]


def test_programs_get_json(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """All rules, unless they ask for some of them."""
    assert main([*words, "--json", "--sample", "2"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert (value["events"], value["sampled"], value["sample_every"], len(value["rules"])) == (2, 1, 2, 2)
    assert main([*words, "--json", "--top", "1", "--sort", "order"]) == 0
    assert [found["rule"] for found in json.loads(capsys.readouterr().out)["rules"]] == ["Opened"]


def test_a_sample_of_none_is_one_of_all(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Zero is no number of events to count by."""
    assert main([*words, "--json", "--sample", "0"]) == 0
    assert json.loads(capsys.readouterr().out)["sample_every"] == 1


def test_what_could_be_read_is_shown_before_the_trouble(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A capture that breaks off is profiled as far as it goes."""
    samples.capture(tmp_path, samples.builder().bytes()[:-20])
    assert main(words) == 1
    printed = capsys.readouterr()
    assert printed.out.startswith("1 events, ")
    assert printed.err.startswith("Error: ")
