from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tercel.capture.ebpf.ring import CHUNK, Records, RingSource
from tercel.capture.savefile.blocks import DUMP_STATE_ONLY, MARKED
from tercel.capture.savefile.options import build_options, parse_options
from tercel.events.event import MalformedEventError
from tests.unit.capture.ebpf.memory import BUSY, CLOSE, DISCARD, SMALLEST, Memory, block, framed, record

LATER = 1 << 60
# A local option that the probe adds: indexes and true lengths of what was cut.
CUT = 0x8054


class Rings:
    """A source over two made rings."""

    def __init__(self, size: int = SMALLEST, start: int = 0) -> None:
        self.large = Memory(size, start)
        self.vital = Memory(size, start)
        self.source = RingSource(self.large.ring, self.vital.ring)

    def times(self) -> list[int]:
        """Return the times of the events that may be handed out now."""
        found = []
        while self.source.advance():
            found.append(self.source.event.ts)
        return found

    def all_times(self, now: int = LATER) -> list[int]:
        """Return the times of all events that are there, looking again until there are no more."""
        found: list[int] = []
        while self.source.refill(now):
            found += self.times()
        return found


@contextmanager
def rings(size: int = SMALLEST, start: int = 0) -> Iterator[Rings]:
    """Have two rings."""
    made = Rings(size, start)
    try:
        yield made
    finally:
        made.source.close()
        made.large.close()
        made.vital.close()


def test_an_event_is_what_the_record_says() -> None:
    """Nothing is converted on the way from the kernel to the decoder."""
    with rings() as made:
        made.large.write(framed(block(1_000, [b"\2" + bytes(7), b"hi"], CLOSE, tid=42, cpu=3)))
        assert made.source.refill(LATER)
        assert made.source.advance()
        event = made.source.event
        assert (event.num, event.ts, event.tid, event.cpu, event.type_id) == (1, 1_000, 42, 3, CLOSE)
        assert [event.param(0), event.param(1)] == [b"\2" + bytes(7), b"hi"]
        assert event.options == b""
        assert not made.source.advance()
        assert made.source.stats.events == 1


@pytest.mark.parametrize(
    ("marks", "flags"), [(0, 0), (1 << 15, MARKED), (1 << 14, DUMP_STATE_ONLY), (3 << 14, MARKED | DUMP_STATE_ONLY)]
)
def test_the_marks_of_the_probe_are_flags_of_the_event(marks: int, flags: int) -> None:
    """They are in the word of the processor, which stays what it is; the next event has none."""
    with rings() as made:
        for cpu in (marks | 5, 6):
            made.large.write(framed(block(1_000, [bytes(8), bytes(8)], CLOSE, cpu=cpu)))
        assert made.source.refill(LATER)
        assert made.source.advance()
        assert (made.source.event.cpu, made.source.event.flags) == (5, flags)
        assert made.source.advance()
        assert (made.source.event.cpu, made.source.event.flags) == (6, 0)


@pytest.mark.parametrize("length", range(8))
def test_the_list_of_what_was_cut_is_found_whatever_lies_before_it(length: int) -> None:
    """It begins at the next multiple of four, which depends on the length of the values."""
    options = build_options([(CUT, struct.pack("<II", 1, 70_000))])
    with rings() as made:
        made.large.write(framed(block(1, [bytes(length)], CLOSE, options=options)))
        made.source.refill(LATER)
        assert made.source.advance()
        assert parse_options(made.source.event.options) == [(CUT, struct.pack("<II", 1, 70_000))]


def test_room_is_given_back_at_once() -> None:
    """What was copied does not fill the ring while it is worked on."""
    with rings() as made:
        made.large.write(record(1, 20_000))
        made.source.refill(LATER)
        assert made.large.read == made.large.written
        assert made.large.ring.waiting() == 0
        assert made.large.ring.most == made.large.written


def test_the_earlier_record_of_both_rings_comes_first() -> None:
    """A program's start lies in one ring, what it does in the other."""
    with rings() as made:
        for ts in (10, 30, 50):
            made.large.write(record(ts))
        for ts in (20, 40):
            made.vital.write(record(ts))
        assert made.all_times() == [10, 20, 30, 40, 50]


def test_a_record_waits_until_the_other_ring_is_known_up_to_its_time() -> None:
    """Something earlier may still be on its way there."""
    with rings() as made:
        made.large.write(record(100))
        assert not made.source.refill(99)
        made.vital.write(record(98))
        assert made.source.refill(101)
        assert made.times() == [98, 100]


def test_nothing_overtakes_a_record_that_is_being_written() -> None:
    """What comes after it, in either ring, waits; then all come in order."""
    with rings() as made:
        made.vital.write(record(5))
        at = made.vital.write(record(10, marks=BUSY))
        made.vital.write(record(20))
        made.large.write(record(15))
        assert made.source.refill(LATER)
        assert made.times() == [5]
        assert not made.source.refill(LATER)
        made.vital.place(at, record(10))
        assert made.all_times() == [10, 15, 20]


def test_a_discarded_record_is_passed_over() -> None:
    """The kernel leaves it in the ring, wherever that is."""
    with rings() as made:
        for ts, marks in ((1, DISCARD), (2, 0), (3, DISCARD), (4, DISCARD), (5, 0), (6, DISCARD)):
            made.large.write(record(ts, marks=marks))
        made.vital.write(framed(b"short", DISCARD))
        assert made.all_times() == [2, 5]
        assert made.large.ring.waiting() == made.vital.ring.waiting() == 0


def test_a_held_event_stays() -> None:
    """Whoever looked one event too far gives it back."""
    with rings() as made:
        made.large.write(record(1))
        made.large.write(record(2))
        made.source.refill(LATER)
        assert made.source.advance()
        made.source.hold()
        assert made.times() == [1, 2]


def test_marks_stand_where_their_times_belong() -> None:
    """A loss is told before what came after it, and not before what came earlier."""
    with rings() as made:
        made.large.write(record(10))
        made.vital.write(record(30))
        made.source.marks.put(record(20) + record(40))
        assert made.all_times() == [10, 20, 30, 40]


def test_a_mark_waits_as_events_do() -> None:
    """Earlier events may still come."""
    with rings() as made:
        made.source.marks.put(record(20))
        assert not made.source.refill(19)
        assert made.all_times(20) == [20]


def test_what_is_put_comes_after_what_is_left() -> None:
    """A second loss does not hide the first one."""
    records = Records()
    records.put(record(1) + record(2))
    records.put(record(3))
    assert records.ts == 1
    assert len(records.chunk) == 3 * len(record(1))


def test_more_than_is_copied_at_a_time_comes_in_pieces() -> None:
    """A record that a copy would cut waits for the next one."""
    with rings(size=2 * CHUNK) as made:
        count = 0
        while made.large.room >= 61_000:
            made.large.write(record(count, 60_001))
            count += 1
        made.vital.write(record(count))
        assert made.large.ring.waiting() > CHUNK
        assert made.source.refill(LATER)
        first = made.times()
        assert len(first) < count
        assert first + made.all_times() == list(range(count + 1))


@given(
    start=st.integers(0, 1 << 40).map(lambda number: number * 8),
    sizes=st.lists(st.integers(0, 9_000), min_size=1, max_size=60),
)
@settings(max_examples=40, deadline=None)
def test_records_go_round_the_end_of_the_ring(start: int, sizes: list[int]) -> None:
    """The data lies there twice, so that no record is cut in two."""
    with rings(start=start) as made:
        found: list[int] = []
        for ts, size in enumerate(sizes):
            data = record(ts, size)
            if made.large.room < len(data):
                found += made.all_times()
            made.large.write(data)
        found += made.all_times()
        assert found == list(range(len(sizes)))
        assert made.source.stats.malformed_events == 0


@given(
    steps=st.lists(st.tuples(st.sampled_from(["large", "vital", "look"]), st.integers(0, 3)), max_size=80),
    marks=st.sets(st.integers(0, 79), max_size=8),
)
@settings(max_examples=80, deadline=None)
def test_two_rings_are_one_stream_in_the_order_of_time(steps: list[tuple[str, int]], marks: set[int]) -> None:
    """However writing and reading alternate: everything comes, once, and nothing before its time."""
    with rings() as made:
        now = 0
        written: list[int] = []
        found: list[int] = []
        for index, (what, distance) in enumerate(steps):
            now += distance
            if what == "look":
                made.source.refill(now)
                found += made.times()
            else:
                getattr(made, what).write(record(now, marks=DISCARD if index in marks else 0))
                if index not in marks:
                    written.append(now)
        found += made.all_times()
        assert found == sorted(found)
        assert found == written


def garbage() -> st.SearchStrategy[bytes]:
    """Make bytes that begin like records, or not at all."""
    piece = st.one_of(
        st.binary(max_size=64),
        st.integers(0, 400).map(lambda size: record(5, size)),
        st.tuples(st.integers(0, (1 << 32) - 1), st.binary(max_size=80)).map(
            lambda p: struct.pack("<II", p[0], 0) + p[1]
        ),
        st.tuples(st.binary(min_size=60, max_size=200), st.sampled_from([0, BUSY, DISCARD])).map(lambda p: framed(*p)),
    )
    return st.lists(piece, max_size=12).map(b"".join)


@given(garbage(), garbage(), st.integers(0, 2_000) | st.sampled_from([1 << 20, (1 << 63) - 1, 1 << 63, (1 << 64) - 8]))
@settings(max_examples=100, deadline=None)
def test_any_bytes_in_the_rings_are_gone_through(large: bytes, vital: bytes, position: int) -> None:
    """Shared memory is read as carefully as a file: no error, no end that does not come."""
    with rings() as made:
        made.large.place(0, large)
        made.large.tell(position)
        made.vital.place(0, vital)
        made.vital.tell(len(vital))
        # A position that the kernel cannot have told lasts for ever; what is there is gone through once.
        for _ in range(2):
            made.source.refill(LATER)
            while made.source.advance():
                try:
                    [made.source.event.param(index) for index in range(min(made.source.event.nparams, 40))]
                except MalformedEventError:
                    continue


@pytest.mark.parametrize("at", [0, 4, 26, 30, 32])
def test_a_record_that_contradicts_itself_is_counted(at: int) -> None:
    """It is numbered, so that its loss shows, and not handed out."""
    data = bytearray(block(1, [b"12345678"], CLOSE))
    data[at : at + 2] = b"\xff\xff"
    with rings() as made:
        made.large.write(framed(bytes(data)))
        made.large.write(record(2))
        made.source.refill(LATER)
        assert made.times() == [2]
        assert made.source.stats.malformed_events == 1
        assert made.source.event.num == 2
