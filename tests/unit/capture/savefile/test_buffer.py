"""The buffer gives what there is, and a cursor never leaves its block."""

from __future__ import annotations

import io

import pytest

from tercel.capture.savefile.buffer import Buffer, Cursor
from tercel.capture.savefile.byteorder import NativeStream
from tercel.capture.savefile.stream import CaptureStream, RawStream
from tercel.capture.source import CaptureError


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
