"""The inflating thread gives the bytes in order, stays a few steps ahead at most, and always ends."""

from __future__ import annotations

import gc
import gzip
import io
import os
import threading
from collections.abc import Callable, Iterator

import pytest

from tercel.capture.ahead import DEPTH, WINDOW, Ahead, pass_over
from tercel.capture.savefile import inflate
from tercel.capture.savefile.reader import SavefileReader
from tercel.capture.savefile.stream import COMPRESSED_READ_SIZE, CaptureStream, RawStream
from tercel.capture.source import CaptureError
from tests.unit.capture.build import CLOSE_E, CaptureBuilder

LINES = b"".join(b"%d\n" % (number * 7919 % 1_000_003) for number in range(400_000))
PACKED = gzip.compress(LINES, 1)
NOISE = os.urandom(400_000)
# A capture whose compressed form is long enough for the thread.
CAPTURE = (
    CaptureBuilder().section().bytes()
    + b"".join(CaptureBuilder().event(CLOSE_E, [os.urandom(1000)], ts=number).bytes() for number in range(600))
    + CaptureBuilder().event(CLOSE_E, [("q", 1)]).bytes() * 40_000
)


class Pipe(io.BytesIO):
    """Bytes to which there is no going back."""

    def seekable(self) -> bool:
        """Say so."""
        return False


class Failing(io.BytesIO):
    """A file on a device that fails."""

    def read1(self, size: int | None = -1) -> bytes:
        """Give what is there, then no end but an error."""
        chunk = super().read1(size)
        if not chunk:
            raise OSError(5, "Input/output error")
        return chunk


@pytest.fixture(params=[True, False], ids=["isal", "zlib"])
def _inflater(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param and not inflate.HAS_ISAL:
        pytest.skip("isal is not installed")
    monkeypatch.setattr(inflate, "new_inflater", inflate.FastInflater if request.param else inflate.Inflater)


@pytest.fixture(autouse=True)
def _no_thread_stays() -> Iterator[None]:
    """Look after every test whether the thread has ended."""
    yield
    gc.collect()
    for thread in inflating():
        thread.join(5)
    assert inflating() == []


def inflating() -> list[threading.Thread]:
    """Return the threads that inflate."""
    return [thread for thread in threading.enumerate() if thread.name == "inflate"]


def count(reader: SavefileReader) -> int:
    """Return how many events are left."""
    return sum(len(batch) for batch in iter(reader.next_batch, []))


def read_all(source: io.BytesIO) -> tuple[bytes, str]:
    """Return what a stream gives and the message that it ends with, which must stay."""
    stream = CaptureStream(RawStream(source))
    parts: list[bytes] = []
    message = ""
    try:
        while chunk := stream.read():
            parts.append(chunk)
    except CaptureError as error:
        message = error.message
        with pytest.raises(CaptureError):
            stream.read()
    finally:
        stream.close()
    return b"".join(parts), message


@pytest.mark.usefixtures("_inflater")
@pytest.mark.parametrize(
    ("packed", "expected"),
    [
        (PACKED, LINES),
        (PACKED + gzip.compress(NOISE) + bytes(3000) + PACKED, LINES + NOISE + LINES),
        (gzip.compress(NOISE[:5000]) * 100, NOISE[:5000] * 100),
        (PACKED + NOISE, LINES + NOISE),
        (PACKED + b"\0\0plain\0", LINES + b"plain\0"),
        (PACKED + b"\x1f", LINES + b"\x1f"),
        (PACKED + bytes(500_000), LINES),
        (gzip.compress(b"") + PACKED, LINES),
        (gzip.compress(NOISE) + gzip.compress(bytes(20 << 20), 9), NOISE + bytes(20 << 20)),
    ],
    ids=["one", "three", "many", "plain", "padded plain", "odd byte", "padding", "empty first", "zeros"],
)
def test_everything_comes_in_order(packed: bytes, expected: bytes) -> None:
    """Members, padding and what is no gzip, as small steps give it too."""
    assert read_all(io.BytesIO(packed)) == (expected, "")
    assert read_all(Pipe(packed)) == (expected, "")


@pytest.mark.usefixtures("_inflater")
@pytest.mark.parametrize("at", [100, 140_000, 400_000, len(PACKED) - 6, len(PACKED) - 2])
def test_nothing_before_damage_is_lost(at: int) -> None:
    """A file gives as much as small steps give of a pipe, and ends in the same message."""
    for mask in (0x01, 0xFF):
        packed = bytearray(gzip.compress(NOISE) + PACKED)
        at_in = len(packed) - len(PACKED) + at
        packed[at_in : at_in + 40] = bytes(byte ^ mask for byte in packed[at_in : at_in + 40])
        assert read_all(io.BytesIO(packed)) == read_all(Pipe(packed))


@pytest.mark.usefixtures("_inflater")
@pytest.mark.parametrize("keep", [COMPRESSED_READ_SIZE, 3 * COMPRESSED_READ_SIZE, 400_001, len(PACKED) - 1])
def test_a_cut_file_gives_what_it_has(keep: int) -> None:
    """And says that it is cut, at its end."""
    got, message = read_all(io.BytesIO(PACKED[:keep]))
    assert LINES.startswith(got)
    assert (got, message) == read_all(Pipe(PACKED[:keep]))
    assert message == f"the gzip data ends early: the file is truncated, near byte {keep} of the compressed file"


def test_a_failing_device_loses_nothing_that_was_read() -> None:
    """Its error comes after everything before it."""
    got, message = read_all(Failing(PACKED[:500_000]))
    assert len(got) > 500_000
    assert message == "cannot read: Input/output error"


def test_a_short_file_on_a_failing_device_gives_what_it_has() -> None:
    """There the thread is not worth its start, and the error is met before it is known."""
    packed = gzip.compress(NOISE[:50_000])
    assert read_all(Failing(packed)) == (NOISE[:50_000], "cannot read: Input/output error")


def test_without_a_further_thread_small_steps_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system's limit is reached."""

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert read_all(io.BytesIO(PACKED)) == (LINES, "")


def test_a_part_that_begins_later_is_found_again() -> None:
    """Damage in it has that part gone through again, not what stands before."""
    packed = bytearray(gzip.compress(CAPTURE))
    packed[-6] ^= 0xFF
    reader = SavefileReader(io.BytesIO(CAPTURE + packed))
    with pytest.raises(CaptureError, match="the gzip data is damaged"):
        count(reader)
    assert 81_150 < reader.stats.events <= 81_200


def test_the_thread_stays_a_few_steps_ahead() -> None:
    """However fast it is, and however much comes of little."""
    zeros = gzip.compress(bytes(64 << 20), 9)
    raw = RawStream(io.BytesIO(gzip.compress(NOISE) + zeros + PACKED * 20))
    stream = CaptureStream(raw)
    taken = 0
    while chunk := stream.read():
        taken += len(chunk)
        assert len(chunk) <= WINDOW
        # Of the compressed bytes as many as all that was taken can have come from, and a few pieces.
        assert raw.position <= 6 * COMPRESSED_READ_SIZE + taken
    stream.close()


def test_steps_are_limited() -> None:
    """No more are under way than may be, whatever the thread does meanwhile."""
    ahead = Ahead(PACKED[:1000])
    assert not ahead.has_enough()
    ahead.give(b"")
    assert ahead.has_enough()
    for _ in range(DEPTH):
        assert not ahead.is_idle()
        ahead.take()
    assert ahead.is_idle()
    ahead.stop()


@pytest.mark.parametrize("leave", ["end", "close", "error", "drop"])
def test_the_thread_ends_with_the_reader(leave: str) -> None:
    """Read to the end, closed in the middle, failed, or forgotten."""
    packed = gzip.compress(CAPTURE)
    reader = SavefileReader(io.BytesIO(packed[:-100_000] if leave == "error" else packed))
    assert reader.fill()
    assert len(inflating()) == 1
    if leave == "end":
        assert count(reader) == 40_600
    elif leave == "close":
        reader.close()
        assert reader.next_batch() == []
    elif leave == "error":
        with pytest.raises(CaptureError):
            count(reader)
    else:
        del reader
        return
    assert inflating() == []


@pytest.mark.parametrize("make", [gzip.compress(CAPTURE)[:50_000], gzip.compress(NOISE[:1000]), CAPTURE])
def test_short_and_plain_files_need_no_thread(make: bytes) -> None:
    """Starting one would take longer than it gains."""
    stream = CaptureStream(RawStream(io.BytesIO(make)))
    assert stream.read()
    assert inflating() == []


def test_other_trouble_in_the_thread_is_raised_where_its_steps_are_taken() -> None:
    """A thread that dies silently would be waited for without end."""
    ahead = Ahead("no bytes")  # type: ignore[arg-type]  # that is the trouble
    with pytest.raises(TypeError):
        ahead.take()
    ahead.stop()


def steps_of(chunks: list[bytes]) -> tuple[Callable[[], bytes], Callable[[], bool]]:
    """Return a function that gives the chunks one by one, and one that says whether they are used up."""
    return lambda: chunks.pop(0), lambda: not chunks


@pytest.mark.parametrize(
    ("count", "over"), [(0, b"abc"), (1, b"bc"), (3, b"def"), (4, b"ef"), (6, b""), (9, b"")], ids=str
)
def test_what_is_known_is_passed_over(count: int, over: bytes) -> None:
    """The rest of the step in which it ends is new."""
    assert pass_over(*steps_of([b"abc", b"", b"def"]), count) == over
