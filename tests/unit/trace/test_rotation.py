from __future__ import annotations

import gzip
import io
import os
import resource
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tercel.api import Capture
from tercel.capture.source import CaptureError
from tercel.state.machine import Machine
from tercel.trace.rotation import Rotation, RotationOptions
from tests.unit import samples
from tests.unit.capture.build import Reading
from tests.unit.state.build import SECOND, Feed, make_event
from tests.unit.trace.playing import Clock, Playing

NOON = 1_700_000_000 * SECOND


class Written:
    """Reads of a shell, one a second, recorded with some options."""

    def __init__(self, options: RotationOptions) -> None:
        """Begin the first file."""
        self.feed = Feed()
        self.rotation = Rotation(options, self.feed.machine)
        self.rotation.open(NOON)
        self.clock = NOON

    def events(self, count: int, data: bytes = b"data") -> None:
        """Record so many."""
        for _ in range(count):
            self.event("SYSCALL_READ_X", 4, data, 3, 100)

    def event(self, name: str, *values: int | str | bytes | list[str] | None) -> None:
        """Record an event."""
        event = make_event(name, *values, tid=10, ts=self.clock)
        self.clock += SECOND
        self.rotation.before(event)
        self.feed.machine.process(event)
        self.rotation.write(event)


def files(folder: Path) -> list[str]:
    """Return the names of the files in order."""
    return sorted(os.listdir(folder))


def counts(folder: Path) -> list[int]:
    """Return how many events each file holds; each is read alone and knows the process."""
    found: list[int] = []
    for name in files(folder):
        with Capture(str(folder / name)) as capture:
            events = [event.format("%proc.name %fd.name") for event in capture]
        assert set(events) <= {"bash /etc/hosts"}
        found.append(len(events))
    return found


@pytest.fixture
def options(tmp_path: Path) -> RotationOptions:
    """Return options that make one file."""
    return RotationOptions(str(tmp_path / "cap"))


def test_without_limits_there_is_one_file_of_the_name_asked_for(options: RotationOptions, tmp_path: Path) -> None:
    """Whatever happens."""
    written = Written(options)
    written.events(100)
    written.rotation.close()
    assert files(tmp_path) == ["cap"]
    assert counts(tmp_path) == [100]
    assert (written.rotation.events, written.rotation.files) == (100, 1)


@pytest.mark.parametrize(
    ("changes", "names", "sizes"),
    [
        ({"events": 4}, ["cap0", "cap1", "cap2"], [4, 4, 2]),
        ({"seconds": 3}, ["cap0", "cap1", "cap2", "cap3"], [3, 3, 3, 1]),
        ({"seconds": 100}, ["cap0"], [10]),
        ({"events": 3, "keep": 2}, ["cap0", "cap1"], [3, 1]),
        ({"events": 2, "keep": 3}, ["cap0", "cap1", "cap2"], [2, 2, 2]),
    ],
)
def test_a_counter_tells_files_apart_and_wraps_where_few_are_kept(
    options: RotationOptions, tmp_path: Path, changes: dict[str, int], names: list[str], sizes: list[int]
) -> None:
    """The names are those that sysdig gives; a file that begins anew has lost what it held."""
    written = Written(replace(options, **changes))  # type: ignore[arg-type]
    written.events(10)
    written.rotation.close()
    assert files(tmp_path) == names
    assert counts(tmp_path) == sizes


@pytest.mark.parametrize(("keep", "name"), [(0, "cap1"), (9, "cap1"), (10, "cap01"), (100, "cap001")])
def test_files_by_size_have_as_many_digits_as_the_number_kept(
    options: RotationOptions, tmp_path: Path, keep: int, name: str
) -> None:
    """So that they sort."""
    written = Written(replace(options, size=10_000, keep=keep))
    written.events(30, bytes(1000))
    written.rotation.close()
    assert name in files(tmp_path)
    assert all(os.path.getsize(tmp_path / file) < 11_500 for file in files(tmp_path))
    assert sum(counts(tmp_path)) == 30


def test_a_file_smaller_than_the_state_still_holds_events(options: RotationOptions, tmp_path: Path) -> None:
    """A limit below the size of the lists must not make a file of every event."""
    written = Written(replace(options, size=1))
    written.events(100)
    written.rotation.close()
    assert written.rotation.files < 50
    assert sum(counts(tmp_path)) == 100


def test_compressed_files_are_measured_as_they_are(options: RotationOptions, tmp_path: Path) -> None:
    """Random data does not shrink: about as many files as without."""
    written = Written(replace(options, size=100_000, compress=True))
    for _ in range(20):
        written.events(1, os.urandom(30_000))
    written.rotation.close()
    assert 4 <= len(files(tmp_path)) <= 8
    assert sum(counts(tmp_path)) == 20
    with gzip.open(tmp_path / "cap0") as file:
        assert file.read(4) == b"\x0a\x0d\x0d\x0a"


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have local times in UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def test_a_pattern_is_filled_in_with_the_time_and_the_oldest_files_go(tmp_path: Path, utc: None) -> None:
    """The first with when recording began, the others with their first event."""
    options = RotationOptions(str(tmp_path / "%H%M%S.scap"), seconds=3)
    for keep, names in ((0, ["221320", "221323", "221326", "221329"]), (2, ["221326", "221329"])):
        written = Written(replace(options, keep=keep))
        written.events(10)
        written.rotation.close()
        assert files(tmp_path) == [f"{name}.scap" for name in names]
        for name in files(tmp_path):
            (tmp_path / name).unlink()


def test_a_pattern_that_says_too_little_gets_a_number(tmp_path: Path, utc: None) -> None:
    """No file that is to be kept is written over."""
    written = Written(RotationOptions(str(tmp_path / "%Y"), seconds=4))
    written.events(10)
    written.rotation.close()
    assert counts(tmp_path) == [4, 4, 2]
    assert files(tmp_path) == ["2023", "20231", "20232"]


def test_each_file_begins_with_the_state_of_its_moment(options: RotationOptions, tmp_path: Path) -> None:
    """What was closed before is closed, what is open is listed."""
    written = Written(replace(options, events=2))
    written.event("SYSCALL_OPEN_X", 5, "/tmp/new", 1, 0, 0, 0)
    written.event("SYSCALL_CLOSE_X", 0, 3)
    written.event("SYSCALL_READ_X", 4, b"data", 5, 100)
    written.rotation.close()
    with Capture(str(tmp_path / "cap1")) as capture:
        assert [event.format("%fd.name") for event in capture] == ["/tmp/new"]
        assert [number for number, _ in capture.machine.threads[10].fds.items()] == [5]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """Before anything is recorded."""
    with pytest.raises(CaptureError, match="No such file or directory") as caught:
        Written(RotationOptions(str(tmp_path / "nowhere" / "cap")))
    assert caught.value.path.endswith("nowhere/cap")


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    """The device that is always full stands for it."""
    (tmp_path / "cap").symlink_to("/dev/full")
    rotation = Rotation(RotationOptions(str(tmp_path / "cap")), Feed().machine)
    with pytest.raises(CaptureError, match=r"cap: cannot write: No space left on device"):
        rotation.open(NOON)
    rotation.close()


def test_what_was_written_before_a_failure_is_readable(options: RotationOptions, tmp_path: Path) -> None:
    """The first file is whole, though the second cannot be begun."""
    (tmp_path / "cap1").mkdir()
    written = Written(replace(options, events=4))
    with pytest.raises(CaptureError, match="Is a directory"):
        written.events(10)
    written.rotation.close()
    with Capture(str(tmp_path / "cap0")) as capture:
        assert len(list(capture)) == 4


def test_classic_files_hold_entries_too(options: RotationOptions, tmp_path: Path) -> None:
    """And say what they had to leave out."""
    written = Written(replace(options, classic=True))
    written.events(2)
    written.event("SYSCALL_MEMFD_CREATE_X", 4, "x", 0)
    written.rotation.close()
    with Capture(str(tmp_path / "cap")) as capture:
        assert [event.direction + event.type for event in capture] == [">read", "<read"] * 2
    assert len(written.rotation.remarks()) == 1
    assert "memfd_create (1)" in written.rotation.remarks()[0]


def test_a_file_that_can_grow_no_further_keeps_what_it_got(options: RotationOptions, tmp_path: Path) -> None:
    """Every whole event of it is read before the reader says that the end is missing."""
    written = Written(options)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    try:
        with pytest.raises(CaptureError, match="cannot write: File too large"):
            written.events(600, bytes(1000))
        written.rotation.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    with Capture(options.path) as capture:
        with pytest.raises(CaptureError, match=r"ends in the middle|ends early|of [0-9]+ bytes"):
            list(capture)
        assert capture.stats.events > 270


def test_a_state_that_was_read_again_begins_a_section(options: RotationOptions) -> None:
    """Once per reading: after losses no event tells what is open. What is told anew is for the state alone."""
    written = Written(options)
    written.events(3)
    container = written.feed.machine.container_table.read(b'{"container":{"id":"0123456789ab","name":"web"}}')
    assert container is not None
    written.feed.machine.container_table.add(container)
    written.feed.open_file(10, 7, "/found")
    with Playing(io.BytesIO(samples.builder().bytes()), Machine(), []) as playing:
        for playing.repairs in (0, 1, 1):
            written.rotation.keep_up(playing, Clock())
    written.event("SYSCALL_READ_X", 4, b"data", 7, 100)
    written.rotation.close()
    reading = Reading(Path(options.path).read_bytes())
    assert reading.sink.told.count(("section",)) == 1  # the first needs none
    assert [(event.info.name, event.flags) for event in reading.events[3:]] == [("container", 1), ("read", 0)]
    with Capture(options.path) as capture:
        assert len(list(capture)) >= 4
        assert capture.machine.threads[10].fds[7].name == "/found"
        assert "0123456789ab" in capture.machine.containers
