"""Captures that are cut, changed, or none at all: a correct reading with a count, or one message with a place."""

from __future__ import annotations

import gzip
import io
import itertools
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.captures import RULES, beginning, story, write
from tests.e2e.command import Outcome, assert_reading_or_error, run_main, run_process
from tests.unit.capture.build import CLOSE_E, CaptureBuilder, old_capture, small_capture

CHUNKS = 16
CHUNK = pytest.mark.parametrize("chunk", range(CHUNKS))


class Story:
    """The undamaged capture: its bytes, where its blocks end, and what the commands print of it."""

    def __init__(self, folder: Path) -> None:
        made = story()
        self.data = made.bytes()
        self.ends = list(itertools.accumulate(map(len, made.parts)))
        self.first_event = len(beginning().parts)
        path = write(folder, self.data)
        self.lines = trace(path).lines
        alerts = alerts_of(run(folder, path))
        # How many alerts the events before each one raise.
        self.alerts = [
            list(itertools.takewhile(lambda line, num=num: f" event ({num} " not in line, alerts))  # type: ignore[misc]
            for num in range(1, len(self.lines) + 2)
        ]

    def events_before(self, offset: int) -> int:
        """Return how many events lie wholly before an offset."""
        return sum(end <= offset for end in self.ends[self.first_event :])

    def alerts_before(self, events: int) -> list[str]:
        """Return the alerts of the first events; those of an event but for the last stand before `Every event`."""
        found = self.alerts[events]
        return found[: next((at + 1 for at in reversed(range(len(found))) if f" event ({events} " in found[at]), 0)]


def trace(path: str, *words: str) -> Outcome:
    """Print every event of a capture, internal ones too."""
    return run_main("trace", "-D", "-r", path, *words)


def run(folder: Path, path: str, *words: str) -> Outcome:
    """Apply the rules to a capture, all of them to every event."""
    rules = folder / "rules.yaml"
    if not rules.exists():
        rules.write_text(RULES)
    return run_main("run", "-r", str(rules), "-e", path, "-o", "rule_matching=all", *words)


def alerts_of(outcome: Outcome) -> list[str]:
    """Return the alerts, which stand before the closing summary."""
    return list(itertools.takewhile(lambda line: not line.startswith("Events detected: "), outcome.lines))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Return the undamaged capture."""
    return Story(tmp_path_factory.mktemp("whole"))


def test_the_undamaged_capture_is_read_without_a_remark(whole: Story, tmp_path: Path) -> None:
    """What the others compare with."""
    path = write(tmp_path, whole.data)
    assert trace(path) == Outcome(0, "".join(line + "\n" for line in whole.lines), "")
    assert len(whole.lines) == len(whole.ends) - whole.first_event == whole.events_before(len(whole.data))
    outcome = run(tmp_path, path)
    assert alerts_of(outcome) == whole.alerts_before(len(whole.lines))
    assert "passed over" not in outcome.err


@CHUNK
def test_a_capture_cut_anywhere_gives_all_events_before(whole: Story, tmp_path: Path, chunk: int) -> None:
    """Between two events it is a correct capture, elsewhere the place is told."""
    whole_ones = set(whole.ends[whole.first_event :])
    for length in range(chunk, len(whole.data), CHUNKS):
        outcome = trace(write(tmp_path, whole.data[:length]))
        assert_reading_or_error(outcome)
        assert outcome.status == int(length not in whole_ones), (length, outcome)
        assert outcome.lines == whole.lines[: whole.events_before(length)], length


@CHUNK
def test_a_capture_cut_anywhere_gives_all_alerts_before(whole: Story, tmp_path: Path, chunk: int) -> None:
    """And the summary counts them."""
    for length in range(chunk, len(whole.data), 2 * CHUNKS):
        outcome = run(tmp_path, write(tmp_path, whole.data[:length]))
        assert_reading_or_error(outcome)
        expected = whole.alerts_before(whole.events_before(length))
        assert alerts_of(outcome) == expected, length
        assert f"Events detected: {len(expected)}\n" in outcome.out


def flipped(data: bytes, at: int, mask: int) -> bytes:
    """Return the data with bits of one byte turned round."""
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]


@CHUNK
@pytest.mark.parametrize("mask", [0xFF, 0x01])
def test_any_byte_may_be_wrong(whole: Story, tmp_path: Path, chunk: int, mask: int) -> None:
    """Events before it are printed as ever; what is left out is told."""
    for at in range(chunk, len(whole.data), CHUNKS):
        outcome = trace(write(tmp_path, flipped(whole.data, at, mask)))
        assert_reading_or_error(outcome)
        before = whole.events_before(at)
        assert outcome.lines[:before] == whole.lines[:before], at
        if len(outcome.lines) < len(whole.lines):
            assert outcome.err, f"byte {at}: {len(outcome.lines)} lines and nothing said"


@CHUNK
def test_any_byte_may_be_wrong_for_rules_too(whole: Story, tmp_path: Path, chunk: int) -> None:
    """Alerts of the events before it come as ever."""
    for at in range(chunk, len(whole.data), CHUNKS):
        outcome = run(tmp_path, write(tmp_path, flipped(whole.data, at, 0xFF)))
        assert_reading_or_error(outcome)
        expected = whole.alerts_before(whole.events_before(at))
        assert alerts_of(outcome)[: len(expected)] == expected, at


@pytest.mark.parametrize("chunk", range(4))
def test_what_is_left_of_a_damaged_capture_can_be_written(whole: Story, tmp_path: Path, chunk: int) -> None:
    """What the new file holds prints the same, whether the old one could be read to its end or not."""
    target = str(tmp_path / "written.scap")
    for at in range(chunk * 5, len(whole.data), 20):
        path = write(tmp_path, flipped(whole.data, at, 0xFF))
        printed = [line.split(" ", 1)[1] for line in trace(path).lines]
        outcome = run_main("trace", "-r", path, "-w", target)
        assert_reading_or_error(outcome)
        if printed:
            assert [line.split(" ", 1)[1] for line in trace(target).lines] == printed, at


@pytest.mark.parametrize("make", [small_capture, old_capture])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("chunk", range(2))
def test_captures_of_every_age_and_byte_order_may_be_damaged(
    tmp_path: Path, make: Callable[[str], bytes], order: str, chunk: int
) -> None:
    """Cut or changed, they end in a reading or in one message."""
    data = make(order)
    for at in range(chunk, len(data), 4):
        assert_reading_or_error(trace(write(tmp_path, flipped(data, at, 0xFF))))
        if at % 3 == 0:
            assert_reading_or_error(trace(write(tmp_path, data[:at])))


@pytest.mark.parametrize("chunk", range(4))
def test_a_compressed_capture_may_be_cut_or_changed_anywhere(whole: Story, tmp_path: Path, chunk: int) -> None:
    """A cut is always noticed; a changed byte is at the latest when the checksum is."""
    packed = gzip.compress(whole.data, mtime=0)
    for at in range(chunk, len(packed), 4):
        outcome = trace(write(tmp_path, packed[:at]))
        assert_reading_or_error(outcome)
        assert outcome.status == 1, at
        assert outcome.lines == whole.lines[: len(outcome.lines)], at
        assert_reading_or_error(trace(write(tmp_path, flipped(packed, at, 0x10))))


def block(kind: int, length: int, payload: bytes = bytes(64)) -> bytes:
    """Return a block that claims a length."""
    return struct.pack("<II", kind, length) + payload


SECTION = CaptureBuilder().section().bytes()
EVENT = CaptureBuilder().event(CLOSE_E, [("q", 3)]).bytes()
KINDS = {"section": 0x0A0D0D0A, "machine": 0x201, "processes": 0x215, "old processes": 0x202, "descriptors": 0x218,
         "interfaces": 0x219, "users": 0x220, "event": 0x216, "flagged event": 0x217, "large event": 0x221,
         "old event": 0x204, "unknown": 0x7777}  # fmt: skip


@pytest.mark.parametrize("length", [0, 1, 4, 8, 11, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFC, 0xFFFFFFFF])
@pytest.mark.parametrize("kind", KINDS)
def test_a_length_that_cannot_be_ends_the_reading_at_its_place(tmp_path: Path, kind: str, length: int) -> None:
    """Neither a length of nothing nor one of 4 GiB makes it stand still or ask for memory."""
    data = SECTION + EVENT + block(KINDS[kind], length)
    outcome = trace(write(tmp_path, data))
    assert_reading_or_error(outcome)
    assert (outcome.status, len(outcome.lines)) == (1, 1)
    assert f"offset {len(SECTION + EVENT)}" in outcome.err


def pcapng() -> bytes:
    """Return a network capture of the same container format: an interface and a packet."""
    made = CaptureBuilder().section()
    made.block(1, struct.pack("<HHI", 1, 0, 65535))
    return made.block(6, struct.pack("<IIIII", 0, 0, 0, 4, 4) + b"abcd").bytes()


NOT_CAPTURES = {
    "empty": b"",
    "one byte": b"\x0a",
    "a lone section": SECTION,
    "text": b"- rule: This is a rules file\n  desc: not a capture\n" * 20,
    "zeros": bytes(100_000),
    "ones": b"\xff" * 100_000,
    "a program": b"\x7fELF\x02\x01\x01" + bytes(100),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "old pcap": struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1),
    "pcapng": pcapng(),
    "compressed text": gzip.compress(b"hello " * 100),
    "compressed nothing": gzip.compress(b""),
    "gzip magic": b"\x1f\x8b",
    "gzip of gzip": gzip.compress(gzip.compress(SECTION + EVENT)),
    "a section of a later version": CaptureBuilder().section(major=2).bytes() + EVENT,
    "events without a section": EVENT * 3,
}


@pytest.mark.parametrize("name", NOT_CAPTURES)
def test_what_is_no_capture_is_said_in_one_line(tmp_path: Path, name: str) -> None:
    """With the file's name and an offset."""
    path = write(tmp_path, NOT_CAPTURES[name])
    for outcome in (trace(path), run(tmp_path, path)):
        assert_reading_or_error(outcome)
        assert outcome.status == 1
        assert path in outcome.err


def event_block(record: bytes, kind: int = 0x216) -> bytes:
    """Return the block of an event with the record given."""
    return CaptureBuilder().block(kind, struct.pack("<H", 1) + record).bytes()


def record(kind: int = CLOSE_E, size: int = 36, nparams: int = 1, rest: bytes = b"\x08\0" + bytes(8)) -> bytes:
    """Return an event's header and what follows."""
    return struct.pack("<QQIHI", 1_700_000_000_000_000_000, 42, size, kind, nparams) + rest


LEFT_OUT = {
    "an unknown block": (block(0x7777, 76) + struct.pack("<I", 76), "1 blocks of unknown types"),
    "an unknown event type": (event_block(record(kind=65535)), "1 events of unknown types"),
    "the first unknown event type": (event_block(record(kind=1000)), "1 events of unknown types"),
    "an event longer than its block": (event_block(record(size=4000)), "1 events with contradicting lengths"),
    "an event of 4 GiB": (event_block(record(size=0xFFFFFFFF)), "1 events with contradicting lengths"),
    "an event of no size": (event_block(record(size=0)), "1 events with contradicting lengths"),
    "an event shorter than its header": (event_block(record(size=25)), "1 events with contradicting lengths"),
    "an event block without an event": (event_block(b""), "1 events with contradicting lengths"),
    "a header cut short": (event_block(bytes(20)), "1 events with contradicting lengths"),
    "four billion parameters": (event_block(record(nparams=0xFFFFFFFF)), "1 events with contradicting lengths"),
    "two billion parameters": (event_block(record(nparams=0x7FFFFFFF)), "1 events with contradicting lengths"),
    "a parameter past the event": (event_block(record(rest=b"\xff\xff" + bytes(8))), "1 events could not be decoded"),
    "a parameter that leaves a rest": (event_block(record(rest=b"\x04\0" + bytes(8))), "1 events could not be decoded"),
    "a number of the wrong width": (
        CaptureBuilder().event(3, [("I", 3), b"/x\0", ("I", 1), ("I", 0), ("I", 0), ("Q", 0)]).bytes(),
        "1 events told the state nothing",
    ),
    "a number of 60,000 bytes": (CaptureBuilder().event(CLOSE_E, [bytes(60_000)]).bytes(), "could not be decoded"),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_is_passed_over_is_counted(tmp_path: Path, name: str) -> None:
    """The events around it are read, the status is 0."""
    data, remark = LEFT_OUT[name]
    path = write(tmp_path, SECTION + EVENT + data + EVENT)
    outcome = trace(path)
    assert_reading_or_error(outcome)
    assert outcome.status == 0
    assert remark in outcome.err
    assert [line.split(" ")[0] for line in outcome.lines if "close fd=3 " in line] == [
        "1", "2" if "block" in name and "event" not in name else "3",
    ]  # fmt: skip
    replayed = run(tmp_path, path)
    assert replayed.status == 0
    assert remark in replayed.err


def test_lengths_that_differ_at_both_ends_of_an_event_are_counted(tmp_path: Path) -> None:
    """When the event fills the length that stands in front."""
    data = CaptureBuilder().event(CLOSE_E, [("q", 3)]).bytes()[:-4] + b"\x01\0\0\0"
    outcome = trace(write(tmp_path, SECTION + data + EVENT))
    assert (outcome.status, len(outcome.lines)) == (0, 2)
    assert "1 blocks end with another length than they begin with" in outcome.err


def test_garbage_behind_the_capture_is_told(tmp_path: Path, whole: Story) -> None:
    """Everything before is printed."""
    for garbage in (b"x", b"garbage" * 10, bytes(11), bytes(500), b"\x1f\x8b garbage of some length"):
        outcome = trace(write(tmp_path, whole.data + garbage))
        assert_reading_or_error(outcome)
        assert outcome.status == 1
        assert outcome.lines == whole.lines


def test_metadata_among_events_is_told(tmp_path: Path) -> None:
    """No writer puts it there."""
    data = SECTION + EVENT + CaptureBuilder().users().bytes() + EVENT
    outcome = trace(write(tmp_path, data))
    assert_reading_or_error(outcome)
    assert (outcome.status, len(outcome.lines)) == (1, 1)


def test_several_captures_end_with_the_one_that_is_damaged(tmp_path: Path, whole: Story) -> None:
    """The ones before are printed."""
    good, bad = write(tmp_path, whole.data, "good.scap"), write(tmp_path, whole.data[:-3])
    outcome = trace(good, "-r", bad, "-r", good)
    assert_reading_or_error(outcome)
    assert outcome.lines == whole.lines + whole.lines[:-1]
    assert bad in outcome.errors[0]


def gzip_bomb(head: bytes, mebibytes: int) -> bytes:
    """Return a small gzip file that inflates to `head` and so many mebibytes of zeros."""
    target = io.BytesIO()
    with gzip.GzipFile(fileobj=target, mode="wb", compresslevel=1, mtime=0) as file:
        file.write(head)
        for _ in range(mebibytes):
            file.write(bytes(1 << 20))
    return target.getvalue()


@pytest.mark.parametrize(
    ("kind", "message"),
    [(0x7777, "ends early"), (0x215, "damaged"), (0x218, "damaged"), (0x220, "damaged"), (0x221, "allowed")],
)
def test_a_gzip_bomb_in_one_block_takes_no_memory(tmp_path: Path, kind: int, message: str) -> None:
    """A block of 4 GiB is passed over piece by piece, or refused."""
    path = write(tmp_path, gzip_bomb(SECTION + struct.pack("<II", kind, 0xFFFFFFFC), 600))
    outcome = run_process("trace", "-r", path, memory_mib=256)
    assert_reading_or_error(outcome)
    assert outcome.status == 1
    assert message in outcome.err


# The least that an entry may have: numbers, and texts of no length.
_ENTRY = 124


def threads(first: int, count: int) -> bytes:
    """Return a process list block of threads of which hardly more is told than their ids."""
    rest = bytes(_ENTRY - 28)
    parts = [struct.pack("<IQQQ", _ENTRY, tid, tid, 1) + rest for tid in range(first, first + count)]
    return CaptureBuilder().block(0x215, b"".join(parts)).bytes()


@pytest.mark.timeout(120)
@pytest.mark.slow
def test_ten_million_threads_fill_the_table_and_no_more(tmp_path: Path) -> None:
    """Memory is bounded by the table; the millions behind those that fit are passed over, and counted."""
    path, rules = tmp_path / "threads.scap.gz", tmp_path / "rules.yaml"
    rules.write_text(RULES)
    block = threads(2, 100_000)
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(SECTION + block)
        member = gzip.compress(block, compresslevel=1)
    with path.open("ab") as file:
        # The same threads again and again: the table is full by then and does not look who they are.
        file.write(member * 99 + gzip.compress(EVENT))
    size = "falco_libs.thread_table_size=50000"
    outcome = run_process("run", "-r", str(rules), "-e", str(path), "-o", size, memory_mib=400, timeout=110)
    assert outcome.status == 0
    assert "9950000 threads were left out because the table was full" in outcome.err


def test_a_list_that_claims_ten_million_threads_and_has_one_ends_early(tmp_path: Path) -> None:
    """Nothing is reserved for what is only claimed."""
    entry = CaptureBuilder().with_lengths([CaptureBuilder().thread(1)])
    data = SECTION + struct.pack("<II", 0x215, 10_000_000 * len(entry) + 12) + entry
    outcome = run_process("trace", "-r", write(tmp_path, data), memory_mib=256)
    assert_reading_or_error(outcome)
    assert outcome.status == 1
    assert "ends early" in outcome.err
