"""The buffer gives what there is, and a cursor never leaves its block."""

from __future__ import annotations

import io

import pytest

from tercel.capture.savefile.buffer import Buffer, Cursor
from tercel.capture.savefile.byteorder import NativeStream
from tercel.capture.savefile.stream import CaptureStream, RawStream
from tercel.capture.source import CaptureError
from tests.unit.capture.reference import Pieces


def buffer_of(data: bytes) -> Buffer:
    """Return a buffer on some bytes."""
    return Buffer(NativeStream(CaptureStream(RawStream(io.BytesIO(data)))), "x.scap")


def test_filling_stops_at_the_end() -> None:
    """And keeps what is there."""
    buffer = buffer_of(b"0123456789")
    assert buffer.fill(4)
    buffer.pos += 4
    assert not buffer.fill(7)
    assert (buffer.available(), buffer.offset()) == (6, 4)


@pytest.mark.parametrize("size", [1, 7, 10, 100])
def test_blocks_across_pieces_are_put_together(size: int) -> None:
    """Whatever the pieces, the bytes and their places are those of the capture."""
    data = bytes(range(100))
    buffer = Buffer(NativeStream(CaptureStream(RawStream(Pieces(data, [size], seekable=False)))), "x.scap")
    for at in range(0, 100, 5):
        assert buffer.fill(2)
        assert buffer.fill(5)
        assert (buffer.offset(), buffer.data[buffer.pos : buffer.pos + 5]) == (at, data[at : at + 5])
        buffer.pos += 5
    assert not buffer.fill(1)


def test_a_piece_is_not_copied() -> None:
    """Only what lies across two pieces is."""
    buffer = Buffer(NativeStream(CaptureStream(RawStream(Pieces(bytes(3000), [1000])))), "x.scap")
    sizes = []
    while buffer.fill(300):
        sizes.append(len(buffer.data))
        buffer.pos += 300
    assert sizes == [1000, 1000, 1000, 300, 1000, 1000, 300, 1000, 1000, 1000]


def test_what_is_given_back_is_everything_unread() -> None:
    """Of the window and of the piece behind it."""
    buffer = Buffer(NativeStream(CaptureStream(RawStream(Pieces(bytes(range(200)), [100])))), "x.scap")
    assert buffer.fill(90)
    buffer.pos += 90
    assert buffer.fill(20)
    assert buffer.give_back() == bytes(range(90, 200))
    assert (buffer.offset(), buffer.available()) == (90, 0)


def test_skipping_keeps_nothing() -> None:
    """However far it goes."""
    buffer = buffer_of(bytes(3 << 20) + b"end")
    assert buffer.skip(3 << 20)
    assert buffer.fill(3)
    assert buffer.offset() == 3 << 20
    assert not buffer.skip(4)


def test_a_cursor_reads_numbers_and_texts() -> None:
    """One after the other."""
    buffer = buffer_of(b"\xff\xff\xff\xff\xff\xff\xff" + b"\xff" * 16 + b"\x02\x00hi" + b"rest")
    cursor = Cursor(buffer, 27, "list")
    assert cursor.next_entry()
    assert (cursor.u8(), cursor.u16(), cursor.u32()) == (0xFF, 0xFFFF, 0xFFFFFFFF)
    assert (cursor.s64(), cursor.u64(), cursor.text()) == (-1, (1 << 64) - 1, "hi")
    assert not cursor.next_entry()
    assert buffer.offset() == 27


def test_a_cursor_does_not_leave_its_entry() -> None:
    """Nor the block."""
    cursor = Cursor(buffer_of(bytes(20)), 12, "list")
    assert cursor.next_entry()
    cursor.narrow(6)
    cursor.u32()
    with pytest.raises(CaptureError, match="the list is damaged: a value of 4 bytes lies beyond the end"):
        cursor.u32()
    assert cursor.left() == 2
    cursor.finish_entry()
    assert cursor.next_entry()
    with pytest.raises(CaptureError, match="an entry of 7 bytes does not fit"):
        cursor.narrow(7)


def test_a_block_that_ends_early_says_how_much_is_there() -> None:
    """Before anything is read from it."""
    with pytest.raises(CaptureError, match=r"x\.scap, offset 0: the list ends early: 5 of 100 bytes are there"):
        Cursor(buffer_of(b"12345"), 100, "list").next_entry()
