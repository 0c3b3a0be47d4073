"""The rule files for which it is known what the present Falco reports."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from tercel.cli.main import main
from tercel.fields.registry import Registry
from tercel.rules import Problem, RuleLoader, RulesFile, load_rules
from tests.paths import HAS_SHARED, SHARED

pytestmark = pytest.mark.compat

PATH = SHARED / "compat" / "validation-cases.json"
CASES: list[dict[str, Any]] = json.loads(PATH.read_text()) if HAS_SHARED else []
# What loading a file with these in it tells besides: the cases list what the authors of the files had in mind.
BESIDES = {"LOAD_DEPRECATED_ITEM", "LOAD_UNKNOWN_KEY"}


def is_reported(expected: dict[str, str], problems: Iterable[Problem]) -> bool:
    """Return whether a problem of this code, message and item is among those found."""
    return any(
        problem.code == expected["code"]
        and problem.message == expected.get("message", problem.message)
        and any(
            place.item_type == expected["item_type"] and place.item_name == expected.get("item_name", place.item_name)
            for place in problem.context.locations
        )
        for problem in problems
    )


@pytest.fixture(scope="module")
def registry() -> Registry:
    """Return the fields of the syscall source."""
    return Registry.syscall()


def load(case: dict[str, Any], registry: Registry) -> RuleLoader:
    """Load the files of a case in order."""
    return load_rules([RulesFile(file["name"], file["content"]) for file in case["files"]], registry)


def test_there_are_cases() -> None:
    """The file that lists them was found and read."""
    assert len(CASES) >= 39


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_file_has_the_errors_and_warnings_that_falco_reports(case: dict[str, Any], registry: Registry) -> None:
    """Code, kind and name of the item, and message of each are the same."""
    loader = load(case, registry)
    errors = [problem for result in loader.results for problem in result.errors]
    warnings = [problem for result in loader.results for problem in result.warnings]
    assert loader.successful == (case["exit_status"] == 0)
    assert [expected for expected in case["errors"] if not is_reported(expected, errors)] == []
    assert [expected for expected in case["warnings"] if not is_reported(expected, warnings)] == []


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_file_has_no_warning_that_falco_does_not_give(case: dict[str, Any], registry: Registry) -> None:
    """Every warning of a file that loads is expected, or tells of a deprecated or unknown key that it holds."""
    warnings = [problem for result in load(case, registry).results for problem in result.warnings]
    if case["errors"]:
        return
    surplus = [problem for problem in warnings if problem.code not in BESIDES]
    assert len(surplus) == len(case["warnings"])


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_command_ends_and_prints_as_falco_does(
    case: dict[str, Any],
    tmp_path: Any,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`run -V` gives the exit status, and JSON in which the errors stand."""
    monkeypatch.chdir(tmp_path)
    for file in case["files"]:
        (tmp_path / file["name"]).write_text(file["content"])
    checked = [word for file in case["files"] for word in ("-V", file["name"])]
    assert main(["run", *checked, *case["args"]]) == case["exit_status"]
    results = json.loads(capsys.readouterr().out)["falco_load_results"]
    assert [result["name"] for result in results] == [file["name"] for file in case["files"]]
    codes = [error["code"] for result in results for error in result["errors"]]
    assert {error["code"] for error in case["errors"]} <= set(codes)
    for error in (error for result in results for error in result["errors"]):
        assert error["context"]["locations"][0]["item_type"] == "rules content"
        assert error["context"]["snippet"].endswith("\n")
        assert error["codedesc"]
