"""A capture that was read and written again says the same, to this reader and to other programs."""

from __future__ import annotations

import io
import os
import subprocess
from pathlib import Path

import pytest

from tercel.capture.savefile.reader import SavefileReader
from tercel.capture.savefile.writer import SavefileWriter
from tercel.capture.source import CaptureError
from tests.paths import SHARED, needs_shared
from tests.unit.capture.build import (
    CaptureBuilder,
    Reading,
    event_values,
    old_capture,
    open_exit,
    small_capture,
)


def rewrite(reading: Reading, compress: bool = False) -> bytes:
    """Return a reading as it is written."""
    target = io.BytesIO()
    writer = SavefileWriter(target, compress)
    writer.write_header(reading.sink.state, reading.reader.options)
    writer.write_events(reading.events)
    writer.close()
    assert writer.events == len(reading.events)
    return target.getvalue()


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("make", [small_capture, old_capture])
def test_events_state_and_comments_survive(make: object, compress: bool) -> None:
    """Old captures come out in the current version with parameters byte for byte."""
    assert callable(make)
    reading = Reading(make())
    data = rewrite(reading, compress)
    again = Reading(data)
    assert data.startswith(b"\x1f\x8b") == compress
    assert again.error is None
    assert again.records == reading.records
    assert again.sink.told == reading.sink.told
    assert again.reader.options == reading.reader.options
    assert again.reader.version == (1, 2)
    assert all(event.header_size == 26 for event in again.events)


def test_what_this_reader_wrote_it_writes_the_same_again() -> None:
    """Byte for byte."""
    once = rewrite(Reading(small_capture()))
    assert rewrite(Reading(once)) == once


def test_block_types_follow_flags_and_size() -> None:
    """Flags, large payloads and events too long for a plain block each have their type."""
    builder = CaptureBuilder().section()
    builder.event(4, [("q", 1)]).event(4, [("q", 1)], flags=1).event(322, [("I", 1), b""], large=True)
    builder.event(322, [("I", 1), b""], large=True, flags=1)
    builder.event(3, [("q", 1), bytes(65490), *open_exit(1, b"")[2:]])
    events = Reading(builder.bytes()).events
    target = io.BytesIO()
    writer = SavefileWriter(target)
    writer.write_events(events)
    writer.close()
    kinds: list[int] = []
    data = target.getvalue()
    at = 0
    while at < len(data):
        kinds.append(int.from_bytes(data[at : at + 4], "little"))
        at += int.from_bytes(data[at + 4 : at + 8], "little")
    assert kinds == [0x216, 0x217, 0x221, 0x222, 0x221]


def test_an_old_event_at_the_limit_moves_to_a_large_block() -> None:
    """With four more bytes of header it would be too long for a plain one."""
    builder = CaptureBuilder().section()
    builder.event(3, [("q", 1), bytes(65484), *open_exit(1, b"")[2:4]], version=1)
    reading = Reading(builder.bytes())
    again = Reading(rewrite(reading))
    assert reading.error is again.error is None
    assert again.records == reading.records


def test_a_path_that_cannot_be_written_is_a_capture_error(tmp_path: Path) -> None:
    """As is a full device."""
    with pytest.raises(CaptureError, match="No such file or directory"):
        SavefileWriter(str(tmp_path / "no" / "out.scap"))
    writer = SavefileWriter("/dev/full")
    writer.write_events(Reading(small_capture()).events)
    with pytest.raises(CaptureError, match="/dev/full: cannot write: No space left"):
        writer.close()


def printed(path: Path, fields: str) -> list[str]:
    """Return the lines of Debian's sysdig for a capture."""
    command = ["sysdig", "-r", str(path), "-p", fields]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()


LINE = "*%evt.num %evt.time %evt.cpu %proc.name %thread.tid %evt.dir %evt.type %evt.args %fd.name %user.name %proc.cwd"
PEER_CAPTURES = [
    "captures/py.classic.scap.gz",
    "compat/libs/curl_google.scap",
    "compat/falco-2022/trace_files/cat_write.scap",
    "compat/falco-2022/trace_files/psp/run_as_user_0_container.scap",
]


@needs_shared
@pytest.mark.peer("sysdig")
@pytest.mark.parametrize("name", PEER_CAPTURES)
def test_sysdig_prints_the_same_of_a_rewritten_capture(name: str, tmp_path: Path) -> None:
    """Lines with state in them: names of users, descriptors and processes."""
    out = tmp_path / "out.scap.gz"
    out.write_bytes(rewrite(Reading((SHARED / name).read_bytes()), compress=True))
    lines = printed(SHARED / name, LINE)
    assert lines
    assert printed(out, LINE) == lines


def dissected(path: Path, home: Path) -> list[str]:
    """Return number, time, processor, thread and type of each event as tshark sees them."""
    fields = ("frame.number", "frame.time_epoch", "sysdig.cpu_id", "sysdig.thread_id", "sysdig.event_type")
    command = ["tshark", "-r", str(path), "-T", "fields", *(word for field in fields for word in ("-e", field))]
    environment = {**os.environ, "HOME": str(home)}
    found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=environment)
    return found.stdout.splitlines()


@needs_shared
@pytest.mark.peer("tshark")
@pytest.mark.parametrize("name", [PEER_CAPTURES[0], "compat/libs/curl_google_comments.scap"])
def test_tshark_reads_a_rewritten_capture(name: str, tmp_path: Path) -> None:
    """All events, and the same of each."""
    reading = Reading((SHARED / name).read_bytes())
    out = tmp_path / "out.scap"
    out.write_bytes(rewrite(reading))
    lines = dissected(out, tmp_path)
    assert len(lines) == len(reading.events)
    assert lines == dissected(SHARED / name, tmp_path)


@needs_shared
@pytest.mark.parametrize("name", ["libs/test_ipv6_client.scap", "falco-2022/trace_files/syscall.scap"])
def test_real_captures_survive(name: str) -> None:
    """Events and the whole state."""
    reading = Reading((SHARED / "compat" / name).read_bytes())
    again = Reading(rewrite(reading))
    assert again.error is None
    assert again.records == reading.records
    assert again.sink.told == reading.sink.told


def test_sections_can_be_written_one_after_the_other() -> None:
    """Each with its own state."""
    reading = Reading(small_capture())
    target = io.BytesIO()
    writer = SavefileWriter(target)
    for _ in range(2):
        writer.write_header(reading.sink.state, reading.reader.options)
        writer.write_events(reading.events)
    writer.close()
    reader = SavefileReader(io.BytesIO(target.getvalue()))
    first, second = reader.next_batch(), reader.next_batch()
    assert [event_values(event)[1:] for event in first] == [event_values(event)[1:] for event in second]
    assert writer.bytes == len(target.getvalue())
