"""Captures of every version become the same events and state; damaged ones end in one error with a place."""

from __future__ import annotations

import gzip
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.capture.savefile.options import event_comments
from tercel.capture.savefile.reader import SavefileReader
from tercel.capture.source import CaptureError
from tercel.events.event import MalformedEventError
from tercel.events.table import EVENT_BY_ENUM, EVENT_COUNT
from tests.paths import SHARED, needs_shared
from tests.unit.capture.build import (
    CLOSE_E,
    OPEN_X,
    CaptureBuilder,
    Reading,
    Recorder,
    add_events,
    old_capture,
    open_exit,
    small_capture,
)

SMALL = small_capture()
WHOLE = Reading(SMALL)


def start() -> CaptureBuilder:
    """Return a capture that has a section header and nothing else."""
    return CaptureBuilder().section()


def test_events_carry_header_and_parameters() -> None:
    """Number, time, thread, processor, type and values are those of the block."""
    event = WHOLE.events[0]
    assert (event.num, event.ts, event.tid, event.cpu, event.type) == (1, 1_700_000_000_000_000_000, 42, 1, OPEN_X)
    assert (event.int64(0), event.text(1), event.uint32(3), event.uint64(5)) == (3, "/etc/passwd", 0o644, 99)
    assert (WHOLE.events[2].cpu, WHOLE.events[5].tid, WHOLE.events[3].flags) == (300, -1, 1)


def test_state_comes_before_events_and_in_file_order() -> None:
    """The sink hears of the host, its interfaces, accounts, threads and descriptors, then that this is all."""
    told = [str(row[0]) for row in WHOLE.sink.told]
    kinds = ["machine", "interface", "user", "group", "thread", "fd", "done"]
    assert list(dict.fromkeys(told)) == kinds
    assert {kind: told.count(kind) for kind in kinds} == dict(zip(kinds, (1, 4, 2, 1, 2, 22, 1), strict=True))


@pytest.mark.parametrize("processes", range(1, 9))
def test_old_captures_give_the_same_events(processes: int) -> None:
    """The number of parameters, which old blocks lack, is found from their lengths."""
    reading = Reading(old_capture(processes=processes))
    assert reading.error is None
    assert reading.records == WHOLE.records[:6]
    assert reading.reader.version == (1, 0)


def test_an_old_event_with_fewer_parameters_is_recognised() -> None:
    """An open of 2018 had four parameters."""
    reading = Reading(start().event(OPEN_X, open_exit(3, b"/x")[:4], version=1).event(OPEN_X, version=1).bytes())
    assert [event.nparams for event in reading.events] == [4, 0]


@pytest.mark.parametrize("kind", ["NOTIFICATION_E", "INFRASTRUCTURE_EVENT_E"])
def test_old_notifications_overstate_their_length(kind: str) -> None:
    """Three bytes of it belong to nothing."""
    builder = start()
    number = EVENT_BY_ENUM[kind]
    record = bytearray(builder.record(number, [b"a\0", b"b\0"], 1, 2, 1, "H") + bytes(3))
    record[16] += 3
    builder.block(0x204, builder.pack([("H", 0)]) + bytes(record))
    (event,) = Reading(builder.bytes()).events
    assert (event.info.enum, event.text(0), event.text(1)) == (kind, "a", "b")


@pytest.mark.parametrize("old", [False, True])
def test_pre_release_block_numbers_are_known(old: bool) -> None:
    """Builds before the first release numbered their blocks otherwise."""
    numbers = {0x202: 0x8000ABCD, 0x203: 0x8001ABCD, 0x201: 0x8002ABCD, 0x204: 0x8010ABCD, 0x205: 0x8011ABCD,
               0x206: 0x8012ABCD, 0x207: 0x8013ABCD, 0x209: 0x8014ABCD}  # fmt: skip
    builder = start().machine().interfaces(1).users(1).threads([1], 1).threads([2], 2).threads([3], 3).fds(1, 1)
    add_events(builder, version=1)
    blocks = [
        numbers.get(int.from_bytes(part[:4], "little"), 0).to_bytes(4, "little") + part[4:]
        if old and int.from_bytes(part[:4], "little") in numbers
        else part
        for part in builder.parts
    ]
    reading = Reading(b"".join(blocks))
    assert reading.error is None
    assert len(reading.events) == 6
    assert len(reading.sink.threads) == 3


def test_sections_continue_the_numbering() -> None:
    """`cat a.scap b.scap` replays as one stream, with the state of each in front of its events."""
    reading = Reading(SMALL + old_capture() + SMALL)
    assert [event.num for event in reading.events] == list(range(1, 25))
    assert [row[0] for row in reading.sink.told].count("section") == 2
    assert reading.reader.stats.sections == 3


def test_the_next_section_is_announced_only_after_the_events_before_it() -> None:
    """State of the second section would otherwise be seen by events of the first."""
    sink = Recorder()
    reader = SavefileReader(io.BytesIO(SMALL + SMALL), sink)
    assert len(reader.next_batch()) == 9
    assert ("section",) not in sink.told
    assert len(reader.next_batch()) == 9
    assert ("section",) in sink.told
    assert reader.next_batch() == []


@pytest.mark.parametrize(
    "make",
    [
        gzip.compress,
        lambda data: gzip.compress(data[:100]) + gzip.compress(data[100:]),
        lambda data: gzip.compress(data) + bytes(512),
    ],
    ids=["one member", "two members", "padding"],
)
def test_gzip_is_recognised_by_its_content(make: object) -> None:
    """Members follow each other as one stream; zeros after the last are padding."""
    assert callable(make)
    assert Reading(make(SMALL)).records == WHOLE.records


@pytest.mark.parametrize("shapes", ["gp", "pg", "ggp", "pgp", "pgg"])
def test_plain_and_compressed_captures_may_follow_each_other(shapes: str) -> None:
    """`cat a.scap b.scap.gz` works."""
    reading = Reading(b"".join(gzip.compress(SMALL) if shape == "g" else SMALL for shape in shapes))
    assert reading.error is None
    assert len(reading.events) == 9 * len(shapes)


def test_comments_are_exposed() -> None:
    """Those of the section by the reader, those of an event by its options."""
    assert WHOLE.reader.comments == ["made by hand"]
    assert event_comments(WHOLE.events[-1]) == ["the last one"]
    assert event_comments(WHOLE.events[0]) == []


def test_unknown_events_are_numbered_and_counted() -> None:
    """A newer capture stays readable."""
    reading = Reading(start().event(EVENT_COUNT + 5, [b"new"]).event(CLOSE_E, [("q", 1)]).bytes())
    assert [event.num for event in reading.events] == [2]
    assert reading.reader.stats.unknown_events == 1


@pytest.mark.parametrize("before", [True, False])
def test_unknown_blocks_are_passed_over_and_counted(before: bool) -> None:
    """Wherever they stand."""
    builder = start()
    for place in (True, False):
        if place == before:
            builder.block(0x0BAD, b"what is this").block(0x0BAD, b"")
        builder.event(CLOSE_E, [("q", 1)])
    reading = Reading(builder.bytes())
    assert reading.error is None
    assert len(reading.events) == 2
    assert reading.reader.stats.skipped_blocks == {0x0BAD: 2}


def test_a_large_event_is_read_whole() -> None:
    """Beyond 64 KiB, and beyond one read."""
    big = Reading(start().event(322, [("I", 1), bytes(3 << 20)], large=True).bytes())
    assert big.error is None
    assert big.events[0].param_size(1) == 3 << 20


def header_of(size: int, nparams: int = 1, words: bytes = b"") -> bytes:
    """Return a close's entry with a size and parameter count of its own."""
    builder = CaptureBuilder()
    head = builder.pack([("H", 0), ("Q", 1), ("Q", 2), ("I", size), ("H", CLOSE_E), ("I", nparams)])
    return head + words


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\0" * 27,
        header_of(4),
        header_of(5000),
        header_of(0xFFFFFFFF),
        header_of(36, 0xFFFFFFFF, b"\x08\0" + bytes(8)),
        header_of(36, 2000, b"\x08\0" + bytes(8)),
    ],
)
def test_an_event_that_contradicts_itself_is_counted_and_left_out(payload: bytes) -> None:
    """Its block is whole, so that reading goes on behind it."""
    reading = Reading(start().block(0x216, payload).event(CLOSE_E, [("q", 1)]).bytes())
    assert reading.error is None
    assert [event.num for event in reading.events] == [2]
    assert reading.reader.stats.malformed_events == 1


@pytest.mark.parametrize("length", [9, 7, 0xFFFF])
def test_parameters_that_do_not_fill_the_event_are_noticed_when_read(length: int) -> None:
    """Lengths are not added up for events that nobody decodes."""
    payload = header_of(36, 1, length.to_bytes(2, "little") + bytes(8))
    (event,) = Reading(start().block(0x216, payload).bytes()).events
    with pytest.raises(MalformedEventError, match="event 1: the parameters of close take"):
        event.int64(0)


def test_an_old_event_whose_lengths_do_not_add_up_is_left_out() -> None:
    """There is no telling how many parameters it has."""
    builder = start()
    head = builder.pack([("H", 0), ("Q", 1), ("Q", 2), ("I", 33), ("H", CLOSE_E), ("H", 8)])
    reading = Reading(builder.block(0x204, head + bytes(9)).event(CLOSE_E, [("q", 1)]).bytes())
    assert reading.reader.stats.malformed_events == 1
    assert len(reading.events) == 1


def test_a_wrong_closing_length_is_only_counted() -> None:
    """The event is whole."""
    builder = start()
    record = builder.pack([("H", 0)]) + builder.record(CLOSE_E, [("q", 1)], 1, 2, 2, "H")
    reading = Reading(builder.block(0x216, record, trailer=7).event(CLOSE_E, [("q", 1)]).bytes())
    assert len(reading.events) == 2
    assert reading.reader.stats.bad_trailers == 1


LOST = [
    (b"", 0, "the file is empty"),
    (b"\x0a", 0, "the capture ends within a block: 1 bytes are there"),
    (b"#!/bin/sh\necho hello\n", 0, "not a capture file: it does not begin with a section header"),
    (bytes(64), 0, "not a capture file"),
    (start().bytes()[:8] + b"\xaa" * 20, 0, "invalid magic number aaaaaaaa"),
    (CaptureBuilder().section(major=2).bytes(), 0, "format version 2"),
    (start().bytes(), 28, "there are no events"),
    (start().block(0x216, b"", length=0).bytes(), 28, r"a block \(event\) claims a length of 0 bytes"),
    (start().block(0x216, b"", length=0xFFFFFFFF).bytes(), 28, "claims a length of 4294967295 bytes, 65548 are"),
    (start().block(0x221, b"", length=0xFFFFFFFC).bytes(), 28, "claims a length of 4294967292 bytes, 67108864 are"),
    (start().block(0x215, b"", length=0xFFFFFFFC).bytes(), 36, "the process list ends early"),
    (start().block(0x999, b"", length=0xFFFFFFFC).bytes(), 28, "unknown type 0x999.* ends early"),
    (start().block(0x0A0D0D0A, b"", length=0xFFFFFFFC).bytes(), 28, "a section header claims a length of"),
    (start().block(0x201, bytes(180), trailer=5).bytes(), 28, "begins with a length of 192 and ends with 5"),
    (start().block(0x201, bytes(100)).bytes(), 36, "the machine info is damaged"),
    (start().event(CLOSE_E).machine().bytes(), 68, r"a block \(machine info\) stands among the events"),
    (start().block(0x205, b"\x09\0\0\0" + bytes(20)).bytes(), 36, "there is no interface type 9"),
    (start().block(0x203, bytes(24) + b"\x4d" + bytes(20)).bytes(), 44, "there is no descriptor type 77"),
    (start().block(0x220, b"\xff\xff\xff\x7f" + bytes(20)).bytes(), 36, "an entry of 2147483647 bytes does not fit"),
    (start().block(0x220, b"\x02\0\0\0" + bytes(20)).bytes(), 36, "an entry of 2 bytes does not fit"),
]


@pytest.mark.parametrize(("data", "offset", "message"), LOST)
def test_lost_structure_is_one_error_with_its_place(data: bytes, offset: int, message: str) -> None:
    """Where a block's end cannot be known, reading stops."""
    error = Reading(data).error
    assert error is not None
    assert re.search(message, error.message)
    assert error.offset == offset


def test_a_path_that_cannot_be_opened_is_a_capture_error(tmp_path: Path) -> None:
    """As are all other troubles with a capture."""
    with pytest.raises(CaptureError, match=r"nothing\.scap: No such file"):
        SavefileReader(str(tmp_path / "nothing.scap"))
    with pytest.raises(CaptureError, match="Is a directory"):
        SavefileReader(str(tmp_path)).next_batch()


def test_events_before_the_damage_come_first_and_the_error_stays() -> None:
    """Everything good is handed out."""
    reader = SavefileReader(io.BytesIO(SMALL[:-5]))
    assert len(reader.next_batch()) == 8
    for _ in range(2):
        with pytest.raises(CaptureError, match="ends early"):
            reader.next_batch()


@pytest.mark.parametrize("make", [small_capture, old_capture])
@pytest.mark.parametrize("order", "<>")
def test_a_capture_cut_at_any_byte_gives_all_events_before_the_cut(make: object, order: str) -> None:
    """Then it ends in an error, or at a boundary between events."""
    assert callable(make)
    data = make(order)
    whole = Reading(data)
    complete = 0
    for cut in range(len(data)):
        reading = Reading(data[:cut])
        assert reading.records == whole.records[: len(reading.events)]
        assert len(reading.events) >= complete
        complete = len(reading.events)
        assert reading.error is not None or complete
    assert complete == len(whole.events) - 1


@pytest.mark.parametrize("make", [small_capture, old_capture])
@pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
def test_any_single_damaged_byte_is_survived(make: object, mask: int) -> None:
    """Only a capture error may come out, and events can be read or say that they are malformed."""
    assert callable(make)
    data = bytearray(make())
    for at in range(len(data)):
        data[at] ^= mask
        reading = Reading(bytes(data))
        assert reading.error is None or reading.error.offset >= 0
        decode_all(reading)
        data[at] ^= mask


def decode_all(reading: Reading) -> None:
    """Read every parameter of every event."""
    for event in reading.events:
        try:
            for index in range(event.nparams):
                event.param(index)
        except MalformedEventError:
            continue


def test_a_cut_gzip_file_gives_what_it_has() -> None:
    """Every complete block before the cut, then the error."""
    data = start().bytes() + b"".join(
        CaptureBuilder().event(OPEN_X, open_exit(number, os.urandom(40))).bytes() for number in range(2000)
    )
    packed = gzip.compress(data)
    reading = Reading(packed[: len(packed) // 2])
    assert 900 < len(reading.events) < 1100
    assert "the gzip data ends early" in str(reading.error)


@pytest.mark.parametrize("at", range(0, 1200, 7))
def test_damaged_gzip_is_survived(at: int) -> None:
    """The damage shows as an error of the compressed data or of what it inflates to."""
    packed = bytearray(gzip.compress(SMALL, mtime=0))
    packed[at % len(packed)] ^= 0x55
    reading = Reading(bytes(packed))
    decode_all(reading)
    assert reading.error is not None or reading.records == WHOLE.records


@given(st.binary(max_size=400))
def test_random_bytes_end_in_a_capture_error(data: bytes) -> None:
    """Nothing else comes out."""
    assert Reading(data).error is not None


@given(
    st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), min_size=1, max_size=8),
    st.sampled_from("<>"),
    st.integers(0, len(SMALL)),
)
def test_captures_damaged_in_several_places_are_survived(
    changes: list[tuple[int, int]], order: str, duplicate: int
) -> None:
    """Bytes changed, and a piece repeated."""
    data = bytearray(small_capture(order))
    for at, value in changes:
        data[at] = value
    data[duplicate:duplicate] = data[duplicate : duplicate + 40]
    decode_all(Reading(bytes(data)))


@given(st.binary(max_size=200), st.integers(0x201, 0x222))
def test_blocks_of_random_content_are_survived(payload: bytes, kind: int) -> None:
    """The container is right, what it holds is not."""
    for order in "<>":
        decode_all(Reading(CaptureBuilder(order).section().block(kind, payload).event(CLOSE_E).bytes()))


def test_batches_are_bounded() -> None:
    """At most 4096 events, so that a caller is never away for long."""
    reader = SavefileReader(io.BytesIO(start().bytes() + CaptureBuilder().event(CLOSE_E).bytes() * 10000))
    sizes = list(iter(lambda: len(reader.next_batch()), 0))
    assert max(sizes) == 4096
    assert sum(sizes) == 10000


def test_metadata_can_be_read_ahead_of_the_events() -> None:
    """A writer needs the state before the first event changes it."""
    sink = Recorder()
    reader = SavefileReader(io.BytesIO(SMALL), sink)
    reader.read_metadata()
    assert sink.told[-1] == ("done",)
    assert reader.stats.events == 0
    assert len(reader.next_batch()) == 9


def test_standard_input_is_read_as_it_comes() -> None:
    """Events are handed out before the pipe's writer has ended."""
    program = (
        "from tercel.capture.savefile.reader import SavefileReader\n"
        "reader = SavefileReader('-')\n"
        "print(reader.path, len(reader.next_batch()), flush=True)\n"
        "print(len(reader.next_batch()), len(reader.next_batch()))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=False
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(SMALL)
        process.stdin.flush()
        assert process.stdout.readline() == b"<stdin> 9\n"
        process.stdin.write(SMALL)
        process.stdin.close()
        assert process.stdout.read() == b"9 0\n"


def test_a_path_tells_how_far_reading_has_come(tmp_path: Path) -> None:
    """For a progress display; closing ends the reading."""
    path = tmp_path / "a.scap"
    path.write_bytes(SMALL)
    reader = SavefileReader(str(path), first_num=100)
    assert reader.progress == 0.0
    assert reader.next_batch()[0].num == 100
    assert reader.progress == 1.0
    reader.close()
    assert reader.next_batch() == []
    assert SavefileReader(io.BytesIO(SMALL)).progress == 0.0


COUNTS = {
    "falco-2022/trace_files/cat_write.scap": 345,
    "falco-2022/trace_files/open-multiple-files.scap": 1272,
    "falco-2022/trace_files/connect_localhost.scap": 374,
    "falco-2022/trace_files/syscall.scap": 368,
    "falco-2022/trace_files/ping_sendto.scap": 1526,
    "falco-2022/trace_files/empty.scap": 143,
    "falco-2022/trace_files/psp/privileged.scap": 2059,
    "falco-2022/trace_files/psp/run_as_user_0_container.scap": 4143,
    "falco-2022/trace_files/psp/run_as_user_65534_container.scap": 241,
    "falco-2022/trace_files/psp/write_tmp_test.scap": 229,
    "libs/single_ipv6_conn.scap": 1728,
    "libs/curl_google.scap": 1536,
    "libs/curl_google_comments.scap": 1536,
    "libs/test_ipv6_client.scap": 326,
}


@needs_shared
@pytest.mark.parametrize("name", COUNTS)
def test_real_captures_of_old_are_read_whole(name: str) -> None:
    """Nothing in them is unknown or malformed."""
    reading = Reading((SHARED / "compat" / name).read_bytes())
    stats = reading.reader.stats
    assert reading.error is None
    assert len(reading.events) == COUNTS[name]
    assert (stats.unknown_events, stats.malformed_events, stats.bad_trailers) == (0, 0, 0)
    assert not stats.skipped_blocks
    assert reading.sink.threads
    for event in reading.events:
        event.locate()


@needs_shared
def test_comments_of_a_real_capture_are_found() -> None:
    """Wireshark's editcap added them."""
    reading = Reading((SHARED / "compat/libs/curl_google_comments.scap").read_bytes())
    assert reading.reader.comments == ["File-level comment"]
    assert [event.num for event in reading.events if event_comments(event)] == [1, 211, 213]
