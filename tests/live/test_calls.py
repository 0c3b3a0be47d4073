"""The programs that make known calls: they run, what they expect is possible, and nothing is left out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.live import calls
from tests.live.compare import WANTED, unchecked
from tests.live.expectations import Expectation, problems
from tests.live.tested import PATH, table
from tests.live.untested import UNTESTED


@pytest.fixture(scope="module")
def expected(program: str, small_program: str, new_folder: Callable[[str], str]) -> list[Expectation]:
    """Run both programs without a sensor."""
    large = calls.run(calls.command(program, new_folder("alone")))
    return large + calls.run(calls.command_small(small_program, new_folder("alone32")))


def _failed(expectation: Expectation) -> bool:
    params = expectation.params
    result = params.get("res", params.get("fd"))
    return isinstance(result, int) and -4096 < result < 0


# What cannot fail, and what cannot be had here: no kernel modules, no quotas.
NEVER_FAILS = {
    "GENERIC_X", "PROCEXIT_1_E", "SIGNALDELIVER_E", "SOCKET_GETSOCKNAME_X", "SOCKET_GETPEERNAME_X", "SYSCALL_BRK_4_X",
    "SYSCALL_GETUID_X", "SYSCALL_GETEUID_X", "SYSCALL_GETGID_X", "SYSCALL_GETEGID_X", "SYSCALL_MUNLOCKALL_X",
}  # fmt: skip
NEVER_SUCCEEDS = {"SYSCALL_INIT_MODULE_X", "SYSCALL_FINIT_MODULE_X", "SYSCALL_DELETE_MODULE_X", "SYSCALL_QUOTACTL_X"}


def test_every_expectation_names_parameters_that_its_event_has(expected: list[Expectation]) -> None:
    """A misspelt name or a value that does not fit would be a test that can only fail, or worse, never runs."""
    assert [problem for expectation in expected for problem in problems(expectation)] == []


def test_every_present_event_type_is_made_or_has_a_reason(expected: list[Expectation]) -> None:
    """The table in the documentation says tested or why not; there is no third."""
    made = {expectation.enums[0] for expectation in expected}
    assert [event for event in WANTED if event not in made and event not in UNTESTED] == []
    assert [event for event in UNTESTED if event in made or event not in WANTED] == []


def test_every_parameter_is_asked_about_somewhere(expected: list[Expectation]) -> None:
    """A parameter that no case knows could hold anything."""
    missing = unchecked(expected)
    assert {event: params for event, params in missing.items() if event not in UNTESTED} == {}


def test_calls_are_made_with_success_and_without(expected: list[Expectation]) -> None:
    """What a failing call reports is where probes differ most."""
    failed = {expectation.enums[0] for expectation in expected if _failed(expectation)}
    succeeded = {expectation.enums[0] for expectation in expected if not _failed(expectation)}
    assert sorted(set(WANTED) - failed - NEVER_FAILS - set(UNTESTED)) == []
    assert sorted(set(WANTED) - succeeded - NEVER_SUCCEEDS - set(UNTESTED)) == []


def test_single_cases_can_be_run(program: str, new_folder: Callable[[str], str]) -> None:
    """While one event is being mended nobody wants to read about the others."""
    found = calls.run(calls.command(program, new_folder("single"), "fork"))
    assert {expectation.case for expectation in found} == {"fork"}
    assert "fork" in calls.cases_of(program)


def test_the_table_of_what_is_tested_is_up_to_date(expected: list[Expectation]) -> None:
    """The documentation is made from the file, on machines that cannot run the programs."""
    with open(PATH, encoding="ascii") as file:
        assert file.read() == table(expected), "run python -m tests.live.tested"
