"""Expectations find their events in a capture, and what is different or missing is told."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tercel.events.event import Event
from tests.live.compare import OPTION_TRUNCATED, WANTED, Mismatch, compare, mark_of, stated_length, unchecked
from tests.live.expectations import Expectation
from tests.live.synthetic import make_event, marker, number, write

TID = 77


def _dup(old: int, res: int = 5, tid: int = TID) -> Event:
    return make_event(tid, "SYSCALL_DUP_1_X", {"res": number(res), "oldfd": number(old)})


def _expect(old: int, mark: int = 0, tid: int = TID) -> Expectation:
    return Expectation("dups", tid, "SYSCALL_DUP_1_X", mark, {"res": 5, "oldfd": old})


def _found(folder: Path, events: list[Event], *expectations: Expectation) -> list[str]:
    path = write(str(folder / "made.scap"), events)
    return [f"{one.param}: {one.text}" for one in compare(expectations, path).mismatches]


def test_an_event_that_says_what_it_must_is_right(tmp_path: Path) -> None:
    """The plain case, with a call before the marker and one of another thread that are none of its business."""
    events = [_dup(1), marker(TID, 4), _dup(2, tid=78), _dup(3)]
    assert _found(tmp_path, events, _expect(3, 4)) == []


def test_a_wrong_parameter_is_named_with_both_values(tmp_path: Path) -> None:
    """The line says case, thread, event and parameter: nobody needs to open the capture."""
    path = write(str(tmp_path / "made.scap"), [marker(TID, 1), _dup(9)])
    result = compare([_expect(3, 1)], path)
    assert result.text() == "dups (tid 77, mark 1): SYSCALL_DUP_1_X.oldfd: expected 3 (0x3), found 9 (0x9)"
    assert result.of("SYSCALL_DUP_1_X") == result.text()
    assert result.table["SYSCALL_DUP_1_X"].params == {"res", "oldfd"}
    assert result.table["SYSCALL_DUP_1_X"].events == 1


@pytest.mark.parametrize(
    ("events", "text"),
    [
        ([], "the capture has no event of this thread"),
        ([_dup(3)], "the marker before the event is not in the capture"),
        ([marker(TID, 1)], "no such event; there are none before the next marker"),
        (
            [marker(TID, 1), make_event(TID, "SYSCALL_SETSID_X", {}), marker(TID, 2), _dup(3)],
            "there are SYSCALL_SETSID_X before",
        ),
    ],
)
def test_an_event_that_is_not_there_is_told_with_what_is(tmp_path: Path, events: list[Event], text: str) -> None:
    """Lost, reported under another type, or not at all: three different faults of a probe."""
    other = [_dup(1, tid=5)]
    assert text in _found(tmp_path, events + other, _expect(3, 1))[0]


def test_several_events_of_one_call_are_taken_in_turn(tmp_path: Path) -> None:
    """A sendmmsg reports each message: the first must not be compared twice."""
    assert _found(tmp_path, [marker(TID, 1), _dup(2), _dup(3)], _expect(2, 1), _expect(3, 1)) == []


def test_without_a_marker_the_next_event_of_the_thread_is_meant(tmp_path: Path) -> None:
    """A new thread's first event comes before it could mark anything."""
    assert _found(tmp_path, [_dup(2), _dup(3)], _expect(2), _expect(3)) == []


def test_a_parameter_of_a_wrong_size_is_told_though_nobody_asked(tmp_path: Path) -> None:
    """A reader takes such an event for damaged."""
    event = make_event(TID, "SYSCALL_DUP_1_X", {"res": number(5), "oldfd": b"\1\2"})
    expectation = Expectation("dups", TID, "SYSCALL_DUP_1_X", 0, {"res": 5})
    assert _found(tmp_path, [event], expectation) == [r"oldfd: expected 8 bytes, found 2 bytes: '\x01\x02'"]


def test_the_true_length_of_a_cut_value_must_be_stated(tmp_path: Path) -> None:
    """Cut silently, an argument list looks complete."""
    area = bytes(k % 251 for k in range(40000))
    cut = area[:16384] + area[-16384:]
    expected = {"head": area[:16384].hex(), "tail": area[-16384:].hex(), "total": 40000}
    expectation = Expectation("long", TID, "SYSCALL_EXECVE_19_X", 0, {"args": expected})
    event = make_event(TID, "SYSCALL_EXECVE_19_X", {"args": cut})
    assert _found(tmp_path, [event], expectation) == ["args: expected the event to state a length of 40000, found None"]
    event = make_event(
        TID, "SYSCALL_EXECVE_19_X", {"args": cut}, [(OPTION_TRUNCATED, struct.pack("<4I", 15, 9, 2, 40000))]
    )
    assert _found(tmp_path, [event], expectation) == []
    assert stated_length(event, 15) == 9
    assert stated_length(event, 3) is None


def test_markers_are_closes_of_impossible_descriptors() -> None:
    """Other closes, also of negative descriptors, are calls like any other."""
    assert mark_of(marker(TID, 12)) == 12
    assert mark_of(make_event(TID, "SYSCALL_CLOSE_X", {"fd": number(-1)})) == 0
    assert mark_of(_dup(-1_000_012)) == 0


def test_the_events_that_are_asked_for_are_the_present_exits() -> None:
    """Old versions are read but no longer made; entries are not made at all."""
    assert "SYSCALL_OPENAT_2_X" in WANTED
    assert "PROCEXIT_1_E" in WANTED
    assert not {"SYSCALL_OPENAT_X", "SYSCALL_OPEN_E", "DROP_X", "PLUGINEVENT_E"} & set(WANTED)


def test_what_no_expectation_asks_about_is_listed() -> None:
    """The table of what is tested is made from this."""
    missing = unchecked([_expect(1), Expectation("one", 1, "SYSCALL_DUP2_X", 0, {"res": 1})])
    assert "SYSCALL_DUP_1_X" not in missing
    assert missing["SYSCALL_DUP2_X"] == ["oldfd", "newfd"]
    assert missing["SOCKET_GETSOCKNAME_X"] == []


def test_a_mismatch_of_a_whole_event_names_no_parameter() -> None:
    """There is none to name."""
    assert str(Mismatch(_expect(1, 3), "", "gone")) == "dups (tid 77, mark 3): SYSCALL_DUP_1_X: gone"
