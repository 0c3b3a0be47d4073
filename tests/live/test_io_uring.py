"""What programs have the kernel do through io_uring is seen as though they had called for it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from tercel.capture.ebpf.loader import LiveOptions, Probe, names_of_all
from tests.live.attacks.catalogue import rules_files
from tests.live.compare import Result, compare
from tests.live.conftest import Record
from tests.live.expectations import Expectation, parse, problems
from tests.live.sensor import LiveSensor, needs_live
from tests.paths import needs_shared

pytestmark = [pytest.mark.slow]

HERE: Final = Path(__file__).parent
SOURCES: Final = (HERE / "uring" / "uring.c", HERE / "calls" / "report.c", HERE / "calls" / "addresses.c")
WAYS: Final = ("plain", "workers", "polled", "polled-workers", "deferred", "deferred-workers")
RULE: Final = "Read sensitive file untrusted"
ALERT_SECONDS: Final = 5
ATTEMPTS: Final = 3
# What the comparison says where the program's own marks are not in the capture.
LOST: Final = "the marker before the event is not in the capture"
_NOT_PERMITTED: Final = 2


@pytest.fixture(scope="module")
def asker(live_folder: Path) -> str:
    """Return the path of the built program that asks."""
    if os.geteuid() != 0:
        pytest.skip("watching the machine needs root")
    if shutil.which("gcc") is None:
        pytest.skip("building the program needs gcc")
    if Path("/proc/sys/kernel/io_uring_disabled").exists() and _disabled():
        pytest.skip("io_uring is switched off here")
    target = live_folder / "uring"
    flags = ["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers"]
    subprocess.run(["gcc", *flags, "-o", str(target), *map(str, SOURCES)], check=True)
    return str(target)


def _disabled() -> bool:
    return int(Path("/proc/sys/kernel/io_uring_disabled").read_text()) == _NOT_PERMITTED


class Recorded:
    """What the program expects, and how the capture of it differs."""

    def __init__(self, expected: list[Expectation], result: Result) -> None:
        """Keep both."""
        self.expected = expected
        self.result = result


@pytest.fixture(scope="module")
def recorded(record: Record, asker: str, new_folder: Callable[[str], str]) -> Recorded:
    """Record the program once; again when other things on the machine were so many that events were lost."""
    for attempt in range(ATTEMPTS):
        folder = new_folder(f"asked{attempt}")
        run = record([asker, "-C", folder], f"{folder}.scap")
        assert run.returncode == 0, "a case of the program went wrong: see its messages"
        expected = parse(run.stdout)
        result = compare(expected, f"{folder}.scap")
        if LOST not in result.text():
            break
    return Recorded(expected, result)


@pytest.mark.parametrize("way", [*WAYS, "overflow"])
def test_each_request_is_told_as_the_call_that_does_the_same(recorded: Recorded, way: str) -> None:
    """Rules look at calls: whoever asks the kernel in another way for the same thing must not get past them."""
    assert any(expectation.case == way for expectation in recorded.expected)
    assert [str(one) for one in recorded.result.mismatches if one.expectation.case == way] == []


def test_the_expectations_name_parameters_that_the_events_have(recorded: Recorded) -> None:
    """A misspelt name would be a test that can only fail, or worse, never runs."""
    assert [problem for expectation in recorded.expected for problem in problems(expectation)] == []


@needs_live
def test_no_request_is_lost_track_of(asker: str, new_folder: Callable[[str], str]) -> None:
    """What is noted of a request takes room until it is told: what stays behind would fill it."""
    probe = Probe(LiveOptions())
    try:
        probe.select(names_of_all())
        probe.attach()
        subprocess.run([asker, "-C", new_folder("counted")], stdout=subprocess.DEVNULL, check=True)
        assert probe.counts().lost_requests == 0
    finally:
        probe.close()


@needs_live
@needs_shared
@pytest.mark.timeout(60)
def test_a_rule_fires_for_a_file_that_is_opened_through_a_queue(asker: str, tmp_path: Path) -> None:
    """It is the well-known way around sensors that look at system calls."""
    with LiveSensor(tmp_path, rules_files()) as sensor:

        def has_fired(way: str) -> bool:
            found = [alert.fields for alert in sensor.alerts if alert.rule == RULE]
            return any(
                (fields["proc.cmdline"], fields["fd.name"]) == (f"uring {way} /etc/shadow", "/etc/shadow")
                for fields in found
            )

        for way in WAYS:
            for _ in range(ATTEMPTS):
                subprocess.run([asker, way, "/etc/shadow"], check=True)
                if sensor.wait(partial(has_fired, way), ALERT_SECONDS):
                    break
        assert [way for way in WAYS if not has_fired(way)] == []
