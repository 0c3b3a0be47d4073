"""The benchmark of live capture measures what it says, and tells a figure that is far off from a noisy one."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bench.live.cost import Seen
from bench.live.delay import RULE, delays, percentile
from bench.live.floor import PROGRAMS, Floor, build
from bench.live.others import Others, machine_seconds, own_seconds, session_nice
from bench.live.page import BEGIN, END, PAGE, between_marks
from bench.live.plan import DEFAULT, GLANCE, Plan, is_gross
from bench.live.sensor import SensorError, ended, kib
from bench.live.soak import slope
from bench.live.work import build_loops, compile_job, loops
from bench.tables import Goal
from tercel.capture.source import CaptureError

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or not Path("/sys/kernel/btf/vmlinux").exists(),
    reason="programs in the kernel need root and a kernel with type information (BTF)",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the compiled loops."""
    made = tmp_path_factory.mktemp("live")
    build_loops(made)
    return made


def test_every_loop_runs_to_its_end(folder: Path) -> None:
    """A loop that fails early would look cheap."""
    for job in loops(folder / "loops", folder, 0.001):
        assert job.run().status == 0
        assert job.calls > 0


def test_a_loop_that_cannot_do_its_work_says_so(folder: Path) -> None:
    """Opening a file that is not there costs less than opening one."""
    words = (str(folder / "loops"), "open", "10", str(folder / "missing"))
    assert subprocess.run(words, check=False).returncode == 1


def test_the_compile_job_compiles_every_file(tmp_path: Path) -> None:
    """The job's cost is compared with the sensor's: it has to be real work."""
    compile_job(tmp_path, 3).run()
    assert sorted(path.name for path in (tmp_path / "sources").glob("*.o")) == ["part0.o", "part1.o", "part2.o"]


def attached() -> list[str]:
    """Return the lines about what is attached in the kernel."""
    done = subprocess.run(("bpftool", "prog", "list"), capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if "empty_call" in line]


@needs_root
def test_the_empty_programs_are_in_the_kernel_while_they_are_measured(tmp_path: Path) -> None:
    """The floor is only one while something is attached."""
    made = build(tmp_path)
    with Floor(made):
        assert attached()


@needs_root
def test_a_file_that_is_no_object_is_refused_with_a_reason(tmp_path: Path) -> None:
    """Whatever the compiler left behind ends in a message."""
    made = tmp_path / "empty.o"
    made.write_bytes(b"no object")
    with pytest.raises(CaptureError, match="cannot be opened"):
        Floor(made)


def test_each_empty_program_is_in_the_source() -> None:
    """A program that is missing is passed over when they are attached."""
    source = (PAGE.parent.parent / "bench" / "live" / "empty.bpf.c").read_text()
    assert [name for name in PROGRAMS if f", {name})" not in source] == []


def test_the_summary_of_a_sensor_is_read() -> None:
    """What was lost stands in the summary alone."""
    found = ended("some words\nDriver Events:200\nDriver Drops:50\nElapsed time: 1.000\n")
    assert (found.events, found.lost, found.percent_lost) == (200, 50, 25.0)


def test_a_sensor_that_ends_without_a_summary_is_an_error() -> None:
    """No number of losses is not the same as no losses."""
    with pytest.raises(SensorError, match="did not count"):
        ended("Traceback")


def test_the_machine_counts_idle_time_apart() -> None:
    """Time spent waiting for a disk is nobody's work."""
    second = os.sysconf("SC_CLK_TCK")
    stat = f"cpu  {second} 0 {2 * second} {4 * second} {3 * second} 0 0 0 0 0\ncpu0 1 2 3\n"
    assert machine_seconds(stat) == (3.0, 10.0)


def test_what_the_benchmark_does_itself_is_not_others_work() -> None:
    """Else every run would call the machine busy."""
    before = own_seconds()
    others = Others()
    while own_seconds() - before < 0.1:
        sum(range(1000))
    assert 0.0 <= others.part() <= 1.0
    assert own_seconds() > before


def test_the_priority_of_the_session_is_known() -> None:
    """Figures that were measured with a raised one say so."""
    assert -20 <= session_nice() <= 19


def test_memory_is_read_in_mib() -> None:
    """The files below /proc count in KiB."""
    assert kib("Name:\tx\nVmHWM:\t  2048 kB\n", "VmHWM") == 2.0
    assert kib("", "VmHWM") == 0.0


def test_delays_are_those_of_the_rule_that_is_asked_for() -> None:
    """Other rules match meanwhile, and lines that are no alerts stand between."""
    lines = [
        (3_000_000, b'{"rule": "%s", "output_fields": {"evt.time": 1000000}}' % RULE.encode()),
        (9_000_000, b'{"rule": "Another one", "output_fields": {"evt.time": 1000000}}'),
        (9_000_000, b"Events detected: 2"),
    ]
    assert delays(lines) == [2.0]


def test_the_percentile_is_a_value_that_was_measured() -> None:
    """Nothing is made up between two values, and the last is not left out."""
    values = [float(number) for number in range(100, 0, -1)]
    assert percentile(values, 99) == 100.0
    assert percentile(values, 50) == 51.0


def test_ratios_are_taken_within_a_round() -> None:
    """A round in which the machine was slow says as much as another."""
    slow_once = Seen(job=[2.0, 20.0, 2.0])
    assert slow_once.ratio(Seen(job=[1.0, 10.0, 1.0])) == 2.0


def test_memory_that_grows_is_told_from_memory_that_does_not() -> None:
    """The slope is per second."""
    assert slope([(0, 10.0), (10, 15.0), (20, 20.0)]) == pytest.approx(0.5)
    assert slope([(0, 10.0), (10, 10.0)]) == 0.0
    assert slope([(0, 10.0)]) == 0.0


@pytest.mark.parametrize(("value", "is_bad"), [(3.4, False), (3.5, True)])
def test_a_glance_fails_only_for_what_is_far_off(value: float, is_bad: bool) -> None:
    """Machines that run tests have other things to do at the same time."""
    assert is_gross(Goal("getpid", value, 1.15, ceiling=True)) is is_bad


def test_a_few_lost_events_are_no_reason_to_fail_a_glance() -> None:
    """On a busy machine the sensor may have to wait for a processor."""
    assert not is_gross(Goal("lost", 0.9, 0, "%", ceiling=True))
    assert is_gross(Goal("lost", 1.1, 0, "%", ceiling=True))


def test_of_several_figures_for_one_goal_the_worst_counts(tmp_path: Path) -> None:
    """A job that runs three times must lose nothing in any of them."""
    plan = Plan(tmp_path, GLANCE, {})
    for value in (0.0, 2.0, 1.0):
        plan.goal("lost", value, 0, "%")
    assert [goal.value for goal in plan.goals] == [2.0]


def test_the_rules_that_are_measured_are_there(tmp_path: Path) -> None:
    """Each name stands for files that a sensor can read."""
    rules = Plan(tmp_path, GLANCE, {}).rules()
    assert DEFAULT in rules
    assert all(path.is_file() for paths in rules.values() for path in paths)


def test_the_page_keeps_its_text_when_figures_are_written() -> None:
    """Only what stands between the marks is replaced."""
    page = between_marks(PAGE.read_text(), "new figures")
    assert page.startswith(PAGE.read_text().partition(BEGIN)[0])
    assert f"{BEGIN}\n\nnew figures\n\n{END}" in page


def test_a_page_without_marks_is_not_overwritten() -> None:
    """Text that somebody moved must not be lost."""
    with pytest.raises(ValueError, match="lost the marks"):
        between_marks("no marks", "figures")
