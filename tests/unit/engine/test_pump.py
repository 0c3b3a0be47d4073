from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tercel.capture.savefile.reader import SavefileReader
from tercel.engine.pump import SLICE, Pump
from tercel.engine.table import Limits
from tercel.events.table import EVENT_BY_ENUM
from tercel.state.context import Context
from tercel.state.machine import Machine
from tests.unit.capture.build import CLOSE_E, OPEN_X, CaptureBuilder, open_exit
from tests.unit.engine.agreement import Matches, Rules, plain_matches, pumped_matches
from tests.unit.engine.conditions import condition
from tests.unit.engine.streams import Story, piece, piece_names
from tests.unit.state.build import Value

SEEDS = st.integers(0, 1 << 20)
START = 1_700_000_000_000_000_000


@pytest.mark.timeout(120)
@settings(max_examples=50)
@given(
    st.sampled_from([None, None, *piece_names()]),
    st.lists(SEEDS, min_size=1, max_size=60),
    st.lists(SEEDS, min_size=1, max_size=20),
    st.booleans(),
    st.sampled_from([None, None, (300, 20), (40, 3)]),
)
def test_what_is_skimmed_matches_no_rule(
    name: str | None, steps: list[int], rules: list[int], first_only: bool, most: tuple[int, int] | None
) -> None:
    """Events that are not looked at leave the state as if they were, so that all others match the same rules."""
    story = Story(None if name is None else piece(name))
    for seed in steps:
        story.step(seed)
    conditions = [condition(seed) for seed in rules]
    limits = None if most is None else Limits(entries=most[0], values=most[1], soon=0)
    found, _ = pumped_matches(story.capture(), conditions, first_only=first_only, limits=limits)
    assert found == plain_matches(story.capture(), conditions, first_only=first_only)


@pytest.mark.parametrize(
    ("enum", "field", "values"),
    [
        ("SYSCALL_EXECVE_19_X", "proc.name = ls", {"tid": 10, "pid": 10, "comm": "ls"}),
        ("SYSCALL_SETUID_X", "user.uid = 33", {"uid": 33}),
        ("SYSCALL_CHDIR_X", "proc.cwd = /var/", {"path": "/var"}),
        ("SYSCALL_SETSID_X", "proc.sid != 7", {}),
    ],
)
def test_calls_that_change_their_own_process_are_looked_at(enum: str, field: str, values: dict[str, Value]) -> None:
    """One that fails tells nothing of the next, which may not."""
    story = Story()
    number = EVENT_BY_ENUM[enum]
    for result in (-2, -2, 0, -2, -2):
        story.add(number - 1, 10, {"uid": 33})
        story.add(number, 10, {**values, "res": result})
    conditions = [f"evt.type in (execve, setuid, chdir, setsid) and {field}"]
    plain = plain_matches(story.capture(), conditions, first_only=True)
    assert len(plain) == 5
    assert pumped_matches(story.capture(), conditions, first_only=True)[0] == plain


def quiet_capture(events: int) -> bytes:
    """Return a capture in which one thread closes what is not open."""
    builder = CaptureBuilder().section().threads([42])
    for number in range(events):
        builder.event(CLOSE_E, [("q", 9)], ts=START + number)
    return builder.bytes()


def test_events_that_cannot_match_are_skimmed() -> None:
    """Those of types that no rule is about, those that their type rules out, those of threads that are known."""
    story = Story()
    for seed in range(100):
        story.step(seed)
    found, pump = pumped_matches(story.capture(), ["evt.type = close and proc.name = nobody"], first_only=True)
    assert found == []
    assert 0 < pump.events - pump.skimmed < pump.events // 20
    found, pump = pumped_matches(quiet_capture(50), ["proc.name = nobody"], first_only=True)
    assert (found, pump.events, pump.skimmed) == ([], 50, 49)


def test_a_name_that_empties_the_table_is_asked_from_the_new_rows() -> None:
    """Events of generic types are asked for their names before anything else."""
    conditions = [f"proc.name = {name}" for name in ("sh", "cat", "ls")]
    conditions += [f"evt.type in (sysinfo, getppid) and evt.cpu != {number}" for number in range(5, 20)]
    builder = CaptureBuilder().section().threads([42])
    for number in range(60):
        builder.event(1, [("H", 0), ("H", 99 + number)], ts=START + number)
    for room in (0, 100, 200, 400, 1000):
        limits = Limits(entries=room, soon=0)
        found, _ = pumped_matches(builder.bytes(), conditions, first_only=False, limits=limits)
        assert found == plain_matches(builder.bytes(), conditions, first_only=False)


class Driven:
    """A pump at work on a capture."""

    def __init__(self, data: bytes, *conditions: str, timed: bool = False) -> None:
        """Note what it calls back for."""
        self.machine = Machine()
        self.reader = SavefileReader(io.BytesIO(data), self.machine)
        self.matches: Matches = []
        self.times: list[int] = []
        table = Rules(list(conditions)).table(first_only=False)
        self.pump = Pump(self.machine, table, self._matched, self._timed if timed else None)

    def _matched(self, number: int, ctx: Context) -> None:
        self.matches.append((ctx.event.num, [number]))

    def _timed(self, now: int) -> int:
        self.times.append(now - START)
        return now + 9


def test_each_call_works_through_a_slice() -> None:
    """So that whoever calls gets to look after signals."""
    driven = Driven(quiet_capture(2 * SLICE + 10), "evt.num = 1030")
    assert not driven.pump.run(driven.reader)
    assert driven.reader.fill()
    assert [driven.pump.run(driven.reader) for _ in range(3)] == [True, True, False]
    assert driven.pump.events == 2 * SLICE + 10
    assert driven.matches == [(1030, [0])]
    assert not driven.reader.fill()


def test_the_clock_is_told_when_it_is_due() -> None:
    """With the first event, and then as often as the answer says; before the event is looked at."""
    driven = Driven(quiet_capture(25), "proc.name = nobody", timed=True)
    driven.reader.fill()
    driven.pump.run(driven.reader)
    assert driven.times == [0, 10, 20]


def test_events_that_do_not_fit_their_type_are_counted() -> None:
    """And those behind them are looked at."""
    builder = CaptureBuilder().section().threads([42])
    builder.event(OPEN_X, [b"\1", *open_exit(3, b"/a")[1:]])
    builder.event(OPEN_X, open_exit(3, b"/a"))
    driven = Driven(builder.bytes(), "fs.path.name = /a")
    driven.reader.fill()
    driven.pump.run(driven.reader)
    assert driven.matches == [(2, [0])]
    assert driven.pump.malformed == 1
    assert "event 1" in driven.pump.last_malformed


@pytest.mark.parametrize("first_only", [True, False])
def test_a_table_that_stands_aside_is_replaced_by_plain_evaluation(first_only: bool) -> None:
    """For as many events as it said."""
    story = Story()
    for seed in range(60):
        story.step(seed)
    conditions = [condition(seed) for seed in range(20)]
    limits = Limits(entries=500, soon=40)
    found, _ = pumped_matches(story.capture(), conditions, first_only=first_only, limits=limits)
    assert found == plain_matches(story.capture(), conditions, first_only=first_only)
