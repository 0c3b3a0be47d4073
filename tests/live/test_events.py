"""Every event that the sensor records of a known call says what was passed and what came back."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from tests.live import calls
from tests.live.compare import WANTED, Result, compare, events_by_thread
from tests.live.conftest import Record
from tests.live.expectations import parse
from tests.live.strace import differences, parse_strace
from tests.live.untested import UNTESTED

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def recorded(record: Record, program: str, small_program: str, new_folder: Callable[[str], str]) -> Result:
    """Record both programs once and compare everything that they expect."""
    folder = new_folder("events")
    path = f"{folder}.scap"
    run = record(calls.command(program, folder), path)
    assert run.returncode == 0, "a case of the program went wrong: see its messages"
    result = compare(parse(run.stdout), path)
    small = record(calls.command_small(small_program, new_folder("events32")), f"{folder}32.scap")
    assert small.returncode == 0, "the 32-bit program went wrong"
    other = compare(parse(small.stdout), f"{folder}32.scap")
    for event, tested in other.table.items():
        if event not in result.table:
            result.table[event] = tested
            continue
        result.table[event].mismatches += tested.mismatches
        result.table[event].params |= tested.params
    return result


@pytest.mark.parametrize("event", [event for event in WANTED if event not in UNTESTED])
def test_each_parameter_of_an_event_type_is_what_the_call_was_given(recorded: Result, event: str) -> None:
    """A rule can only be as right as the event that it looks at: success and failure, odd and long values."""
    assert event in recorded.table, f"no case makes {event}"
    assert recorded.of(event) == ""


def test_strace_and_the_sensor_see_the_same_calls_in_the_same_order(
    record: Record, program: str, new_folder: Callable[[str], str]
) -> None:
    """An event that is missing, doubled or out of order would mislead whoever reads the capture as a story."""
    if shutil.which("strace") is None:
        pytest.skip("needs strace")
    folder = new_folder("traced")
    trace, path = f"{folder}.strace", f"{folder}.scap"
    record(["strace", "-f", "-qq", "-o", trace, *calls.command(program, folder)], path)
    with open(trace, encoding="utf-8", errors="surrogateescape") as file:
        found = differences(parse_strace(file), events_by_thread(path))
    assert "\n".join(found) == ""
