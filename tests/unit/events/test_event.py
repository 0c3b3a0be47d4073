"""An event's values are read from its bytes when asked for, and only when their lengths fit."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.events.event import Event, MalformedEventError
from tercel.events.table import EVENT_BY_ENUM, EVENTS

PREFIX = b"before"


def make(enum: str, values: list[bytes], sized: bool = True) -> Event:
    """Return an event with the given parameters, which begins somewhere in its data."""
    info = EVENTS[EVENT_BY_ENUM[enum]]
    code = "H" if info.length_size == 2 else "I"
    words = b"".join(struct.pack("<" + code, len(value)) for value in values)
    size = 26 + len(words) + sum(map(len, values))
    head = struct.pack("<QQIHI", 5, 6, size, info.id, len(values))
    data = PREFIX + head + words + b"".join(values) + b"after"
    event = Event(data, len(PREFIX), 26, len(values), info, 5, 6)
    if sized:
        event.size = size
    return event


def test_numbers_are_read_with_their_sign_and_size() -> None:
    """Each reader takes the size that its name says."""
    ones = b"\xff" * 8
    event = make("SYSCALL_OPEN_X", [ones, b"/x\0", ones[:4], ones[:2], ones[:1], b"\x01\x02\x03\x04"])
    assert (event.int64(0), event.uint64(0)) == (-1, (1 << 64) - 1)
    assert (event.int32(2), event.uint32(2)) == (-1, 0xFFFFFFFF)
    assert (event.uint16(3), event.uint8(4), event.uint32(5)) == (0xFFFF, 0xFF, 0x04030201)


@pytest.mark.parametrize("index", [-1, 2, 1, 100])
def test_what_is_absent_or_empty_reads_as_its_default(index: int) -> None:
    """Old captures carry fewer parameters than the type has."""
    event = make("SYSCALL_OPEN_X", [bytes(8), b""])
    assert not event.has(index)
    assert event.param(index) == b""
    assert event.param_size(index) == 0
    assert (event.int64(index, 7), event.uint64(index, 7), event.int32(index, 7)) == (7, 7, 7)
    assert (event.uint32(index, 7), event.uint16(index, 7), event.uint8(index, 7)) == (7, 7, 7)
    assert (event.text(index), event.strings(index)) == ("", [])


@pytest.mark.parametrize("reader", ["int64", "uint64", "int32", "uint32", "uint16", "uint8"])
def test_a_wrong_length_names_event_and_parameter(reader: str) -> None:
    """Three bytes are no number."""
    event = make("SYSCALL_OPEN_X", [b"abc"])
    event.num = 9
    with pytest.raises(MalformedEventError, match=r"event 9: parameter 0 \(fd\) of open has 3 bytes, expected [1248]"):
        getattr(event, reader)(0)


def test_a_parameter_beyond_the_table_is_named_by_its_index() -> None:
    """A newer writer's parameters have no names here."""
    event = make("SYSCALL_CLOSE_E", [bytes(8), b"abc"])
    with pytest.raises(MalformedEventError, match=r"parameter 1 \(1\) of close has 3 bytes"):
        event.int64(1)


def test_texts_end_at_the_first_nul() -> None:
    """Bytes that are not UTF-8 become surrogates."""
    event = make("SYSCALL_OPEN_X", [bytes(8), b"/t\xffmp\0rest"])
    assert event.text(1) == "/t\udcffmp"
    assert make("SYSCALL_OPEN_X", [bytes(8), b"open end"]).text(1) == "open end"


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        (b"", []),
        (b"\0", [""]),
        (b"a\0", ["a"]),
        (b"a", ["a"]),
        (b"a\0b", ["a", "b"]),
        (b"a\0\0b\0\0", ["a", "", "b", ""]),
    ],
)
def test_lists_are_separated_by_nul(value: bytes, texts: list[str]) -> None:
    """The last may or may not be ended."""
    assert make("SYSCALL_OPEN_X", [bytes(8), value]).strings(1) == texts


def test_large_events_have_longer_length_words() -> None:
    """Their type says so."""
    event = make("PLUGINEVENT_E", [struct.pack("<I", 3), b"x" * 70000])
    assert (event.uint32(0), event.param_size(1)) == (3, 70000)
    assert event.param(1) == b"x" * 70000


def test_raw_is_the_record_alone() -> None:
    """Without what stands around it."""
    event = make("SYSCALL_CLOSE_E", [bytes(8)])
    assert event.raw() == event.data[len(PREFIX) : -len(b"after")]
    assert event.type == EVENT_BY_ENUM["SYSCALL_CLOSE_E"]


@pytest.mark.parametrize("change", [1, -1])
def test_parameters_must_fill_the_record(change: int) -> None:
    """Otherwise all of them are doubtful."""
    event = make("SYSCALL_CLOSE_E", [bytes(8)])
    event.size += change
    with pytest.raises(MalformedEventError, match=r"event 0: the parameters of close take 36 bytes with the header"):
        event.param(0)


def test_a_record_without_a_known_size_is_taken_at_its_word() -> None:
    """Events that are put together in memory have none."""
    assert make("SYSCALL_CLOSE_E", [bytes(8)], sized=False).int64(0) == 0


@given(st.lists(st.binary(max_size=30), max_size=8), st.sampled_from(["SYSCALL_OPEN_X", "ASYNCEVENT_E"]))
def test_any_values_come_back(values: list[bytes], enum: str) -> None:
    """In order and whole."""
    event = make(enum, values)
    assert [event.param(index) for index in range(event.nparams)] == values


def test_an_event_moves_from_record_to_record() -> None:
    """One object serves a whole capture; nothing of the record before is left."""
    first = make("SYSCALL_OPEN_X", [bytes(8), b"/etc/passwd\0", bytes(4)])
    second = make("ASYNCEVENT_E", [b"abcd", b"note\0"])
    event = Event(first.data + second.data, 0, 0, 0, EVENTS[0], 0, -1)
    event.move(len(PREFIX), 26, 3, first.type_id, first.size)
    event.flags = 1
    event.set_options(0, 3)
    assert (event.text(1), event.options, event.ts, event.tid) == ("/etc/passwd", PREFIX[:3], 5, 6)
    event.move(len(first.data) + len(PREFIX), 26, 2, second.type_id, second.size)
    assert (event.info.enum, event.param(0), event.text(1), event.param(2)) == ("ASYNCEVENT_E", b"abcd", "note", b"")
    assert (event.flags, event.options, event.raw()) == (0, b"", second.raw())


def test_a_copy_keeps_its_record() -> None:
    """While the event that it was taken of moves on."""
    first = make("SYSCALL_OPEN_X", [bytes(8), b"/x\0"])
    first.num, first.cpu, first.flags = 7, 3, 1
    first.set_options(0, 2)
    assert first.text(1) == "/x"
    copy = first.copy()
    first.move(len(PREFIX), 26, 0, EVENT_BY_ENUM["SYSCALL_CLOSE_E"], 26)
    assert (copy.num, copy.cpu, copy.flags, copy.options, copy.text(1)) == (7, 3, 1, b"be", "/x")
    assert (copy.type, copy.ts, copy.tid, copy.nparams, copy.size) == (3, 5, 6, 2, len(copy.raw()))


def test_a_malformed_event_stays_malformed_each_time_it_is_asked() -> None:
    """And the next record is not taken for one."""
    event = make("SYSCALL_CLOSE_E", [bytes(8)])
    event.size += 1
    for _ in range(2):
        with pytest.raises(MalformedEventError, match="the parameters of close take"):
            event.locate()
    event.move(event.start, 26, 1, event.type_id, event.size - 1)
    assert event.int64(0) == 0
