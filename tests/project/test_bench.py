"""The benchmark measures what it says: its captures and rules are what the page about performance describes."""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import pytest

import tercel
from bench.amplify import amplify
from bench.captures import FEW, Captures, reads_whole
from bench.hostile import HostileRounds
from bench.measure import Cost, Sample
from bench.page import BEGIN, END, between_marks
from bench.places import CAPTURES, EXAMPLE
from bench.plot import rules_curve
from bench.rounds import LIFE, MIXES, CaptureRounds, Mix, Rounds, mix_rounds
from bench.rules.generate import GROUP_SIZE, generate
from bench.tables import Goal, Table
from tests.paths import needs_shared


@pytest.fixture(scope="module")
def lifecycle() -> CaptureRounds:
    """Rounds of the life-cycle events of the example."""
    return CaptureRounds([EXAMPLE], life=True)


@pytest.fixture(scope="module")
def hostile() -> HostileRounds:
    """Rounds of the hostile stream."""
    return HostileRounds(EXAMPLE)


def written(rounds: Rounds, folder: Path, events: int) -> Path:
    """Return a capture with so many events."""
    path = folder / "long.scap"
    amplify(rounds, path, events)
    return path


def test_a_long_capture_has_exactly_the_events_asked_for_in_order(lifecycle: CaptureRounds, tmp_path: Path) -> None:
    """Rates are divided by the number that was asked for."""
    wanted = 2 * len(lifecycle.ends) + 17
    with tercel.open_capture(str(written(lifecycle, tmp_path, wanted))) as capture:
        times = [event.time_ns for event in capture]
    assert len(times) == wanted
    assert capture.malformed == 0
    assert all(earlier <= later for earlier, later in pairwise(times))


def test_every_round_has_processes_of_its_own_that_end(lifecycle: CaptureRounds, tmp_path: Path) -> None:
    """The tables of threads must neither grow with the rounds nor be filled once and for all."""
    size = len(lifecycle.ends)
    started: list[set[int]] = [set(), set()]
    alive: list[int] = []
    with tercel.open_capture(str(written(lifecycle, tmp_path, 2 * size))) as capture:
        for event in capture:
            if event.type == "execve" and event.direction == "<":
                started[(event.num - 1) // size].add(event["proc.pid"])
            if event.num % size == 0:
                alive.append(len(capture.machine.threads))
    assert len(started[0]) == len(started[1]) > 100
    assert not started[0] & started[1]
    assert alive[0] == alive[1]


def test_parents_are_found_in_every_round(lifecycle: CaptureRounds, tmp_path: Path) -> None:
    """Parameters that name processes are renumbered like the heads of the events."""
    size = len(lifecycle.ends)
    orphans = [0, 0]
    with tercel.open_capture(str(written(lifecycle, tmp_path, 2 * size))) as capture:
        for event in capture:
            if event.type == "execve" and event.get("proc.pname") is None:
                orphans[(event.num - 1) // size] += 1
    assert orphans[0] == orphans[1] < size / 100


def test_the_life_cycle_mix_has_nothing_else(lifecycle: CaptureRounds, tmp_path: Path) -> None:
    """The mix is what its name says."""
    with tercel.open_capture(str(written(lifecycle, tmp_path, len(lifecycle.ends)))) as capture:
        assert {event.type for event in capture} <= LIFE


@needs_shared
@pytest.mark.compat
def test_the_recorded_captures_are_all_there() -> None:
    """A mix whose captures are missing would quietly be something else."""
    names = {name for mix in MIXES.values() for name in mix.captures}
    assert {name for name in names if not (CAPTURES / f"{name}.classic.scap.gz").is_file()} == set()


def test_the_example_stands_in_for_captures_that_are_missing(tmp_path: Path) -> None:
    """The benchmark runs in a bare checkout."""
    assert len(mix_rounds("lifecycle", tmp_path, EXAMPLE).ends) > FEW
    assert MIXES["lifecycle"] == Mix(MIXES["lifecycle"].captures, life=True)


def test_the_hostile_stream_never_repeats_itself(hostile: HostileRounds, tmp_path: Path) -> None:
    """What it brings is new every time, across rounds too."""
    seen: dict[str, list[str]] = {"execve": [], "openat": [], "connect": []}
    fields = {"execve": "proc.name", "openat": "fd.name", "connect": "fd.sip"}
    with tercel.open_capture(str(written(hostile, tmp_path, len(hostile.ends) + 5_000))) as capture:
        for event in capture:
            if event.type in seen and event.direction == "<":
                seen[event.type].append(str(event[fields[event.type]]))
    for values in seen.values():
        assert len(set(values)) == len(values) > 4_000


@pytest.mark.peer
@pytest.mark.skipif(shutil.which("sysdig") is None, reason="sysdig is not installed")
def test_sysdig_reads_what_the_generators_write_to_the_end(
    lifecycle: CaptureRounds, hostile: HostileRounds, tmp_path: Path
) -> None:
    """A comparison with a program that gives up half-way would flatter it."""
    for rounds in (lifecycle, hostile):
        wanted = len(rounds.ends) + 100
        assert reads_whole(written(rounds, tmp_path, wanted), wanted)


def test_sizes_rise_up_to_the_one_asked_for(tmp_path: Path) -> None:
    """A slow program gets the largest capture that it can be expected to get through."""
    sizes = Captures(tmp_path, "web", 20_000_000).sizes()
    assert sizes == sorted(sizes)
    assert sizes[-1] == 20_000_000
    assert sizes[0] > FEW
    assert Captures(tmp_path, "web", FEW).sizes() == [FEW]


def test_a_larger_rules_file_begins_with_the_smaller_one() -> None:
    """What differs between two numbers of rules is the number alone."""
    small, large = list(generate(2 * GROUP_SIZE)), list(generate(3 * GROUP_SIZE))
    assert large[: len(small)] == small


@pytest.mark.timeout(60)
def test_the_synthetic_rules_load_and_match_nothing(tmp_path: Path) -> None:
    """Alerts would be measured along with rules."""
    path = tmp_path / "rules.yaml"
    path.write_text("".join(generate(300)))
    rules = tercel.load_rules(str(path), matching="all")
    assert len(rules.names) == 300
    with tercel.open_capture(str(EXAMPLE)) as capture:
        assert [alert.rule for alert in rules.alerts(capture)] == []


def cost(cpu: float) -> Cost:
    """Return the cost of a run that took so long."""
    return Cost(cpu, cpu, 20.0, 0, "")


def test_a_rate_leaves_out_what_a_few_events_cost() -> None:
    """Starting and loading rules are not paid per event."""
    sample = Sample(1_001_000, 1_000, [cost(0.5), cost(0.4), cost(9.0)], [cost(1.5), cost(1.0), cost(2.0)])
    assert sample.rate == pytest.approx(1_000_000)
    assert sample.spread == pytest.approx(1 / 1.5)
    assert sample.failure == ""


def test_a_failed_run_is_told_with_its_reason() -> None:
    """A program that fails at once would be the fastest of all."""
    sample = Sample(2_000, 1_000, [cost(0.1)], [Cost(0.1, 0.1, 20.0, 1, "Error: no such file")])
    assert sample.failure == "status 1: Error: no such file"


def test_a_table_is_the_same_in_text_and_markdown() -> None:
    """What scrolls by is what the page says."""
    table = Table("Speed", ("", "events"), rows=[("tercel", "20")])
    assert table.text() == "Speed\n        events\ntercel      20\n"
    assert table.markdown() == "### Speed\n\n|  | events |\n| --- | ---: |\n| tercel | 20 |\n"


@pytest.mark.parametrize(("value", "ceiling", "met"), [(1.3, False, True), (1.1, False, False), (1.1, True, True)])
def test_a_goal_is_a_floor_or_a_ceiling(value: float, *, ceiling: bool, met: bool) -> None:
    """More is better for rates, less for times and memory."""
    assert Goal("rate", value, 1.2, ceiling=ceiling).met is met


def test_figures_go_between_the_marks_of_the_page() -> None:
    """The words around the figures are written by hand and stay."""
    page = f"before\n{BEGIN}\n\nold\n\n{END}\nafter\n"
    assert between_marks(page, "new") == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    with pytest.raises(ValueError, match="lost the marks"):
        between_marks("before\nafter\n", "new")


def test_the_picture_is_well_formed_and_shows_every_number_of_rules() -> None:
    """A browser shows nothing of a picture with a mistake in it."""
    picture = ET.fromstring(rules_curve({0: 9e6, 30: 8e6, 300: 7.5e6, 10_000: 7.4e6}, "Rates"))
    texts = [element.text for element in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert {"30", "300", "10,000"} <= set(texts)
    assert "0" in texts
