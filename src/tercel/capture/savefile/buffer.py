"""The read buffer, and a cursor that takes values from the entries of one block without leaving it."""

from __future__ import annotations

from typing import Final

from librt.strings import read_i32_le, read_i64_le
from mypy_extensions import i64

from tercel.capture.savefile.blocks import MAX_ENTRY, MAX_EVENT_BLOCK
from tercel.capture.savefile.byteorder import NativeStream
from tercel.capture.source import CaptureError

# A list ends where fewer bytes are left than its smallest entry has; up to three are padding.
MIN_ENTRY: Final = 4


class Buffer:
    """A window on the capture: `data` from `pos` on is unread, `base` is the place of `data[0]` in the capture.

    What the stream gives becomes the window as it is. Only a block that lies across two pieces is put together, in a
    window of its own, so that large pieces are not copied.
    """

    def __init__(self, stream: NativeStream, path: str) -> None:
        """Start before the first byte."""
        self.stream: NativeStream = stream
        self.path: str = path
        self.data: bytes = b""
        self.pos: i64 = 0
        self.base: int = 0
        # The piece that was read last; from `_at` on it is not in the window yet.
        self._piece: bytes = b""
        self._at: i64 = 0

    def available(self) -> i64:
        """Return how many unread bytes are in the window."""
        return len(self.data) - self.pos

    def offset(self) -> int:
        """Return the place of the next byte in the capture."""
        return self.base + self.pos

    def fill(self, need: i64) -> bool:
        """Read until `need` unread bytes are in the window; return whether there are so many."""
        have: i64 = len(self.data) - self.pos
        if have >= need:
            return True
        if have == 0:
            if not self._has_piece():
                return False
            self._take_over()
            have = len(self.data) - self.pos
        return have >= need or self._gather(have, need)

    def _has_piece(self) -> bool:
        """Read the next piece when there is none; return whether there is one now."""
        if self._at >= len(self._piece):
            self._piece = self.stream.read()
            self._at = 0
        return len(self._piece) > 0

    def _take_over(self) -> None:
        """Make the rest of the piece the window."""
        self.base += self.pos - self._at
        self.data = self._piece
        self.pos = self._at
        self._piece = b""
        self._at = 0

    def _gather(self, have: i64, need: i64) -> bool:
        """Put what is unread into one window with the bytes that follow: whole pieces, for a short need just that."""
        parts = [self.data[self.pos :]]
        while have < need and self._has_piece():
            at: i64 = self._at
            end: i64 = len(self._piece)
            if need <= MAX_EVENT_BLOCK:
                end = min(end, at + need - have)
            parts.append(self._piece[at:end])
            self._at = end
            have += end - at
        self.base += self.pos
        self.pos = 0
        self.data = b"".join(parts)
        return have >= need

    def give_back(self) -> bytes:
        """Empty the window and return everything that was read and is unread."""
        unread = self.data[self.pos :] + self._piece[self._at :]
        self.base += self.pos
        self.data = b""
        self.pos = 0
        self._piece = b""
        self._at = 0
        return unread

    def skip(self, count: i64) -> bool:
        """Pass over `count` bytes without keeping them; return whether there were so many."""
        rest: i64 = count
        while True:
            have: i64 = self.available()
            if rest <= have:
                self.pos += rest
                return True
            rest -= have
            self.pos += have
            if not self.fill(1):
                return False

    def fail(self, message: str, back: i64 = 0) -> CaptureError:
        """Return an error whose place is `back` bytes before the next byte."""
        return CaptureError(message, self.offset() - back, self.path)


class Cursor:
    """Reads values one after the other up to `limit`, the end of the block or of one of its entries."""

    def __init__(self, buffer: Buffer, payload: i64, name: str) -> None:
        """Stand at the start of a block's payload, which `buffer.pos` points at."""
        self.buffer: Buffer = buffer
        self.name: str = name
        self.rest: i64 = payload
        self.data: bytes = buffer.data
        self.start: i64 = buffer.pos
        self.pos: i64 = buffer.pos
        self.limit: i64 = buffer.pos

    def sync(self) -> None:
        """Give what has been read back to the buffer and open as much of the payload as one entry may need."""
        buffer = self.buffer
        self.close()
        window: i64 = min(MAX_ENTRY, self.rest)
        if not buffer.fill(window):
            raise buffer.fail(f"the {self.name} ends early: {buffer.available()} of {self.rest} bytes are there")
        self.data = buffer.data
        self.pos = buffer.pos
        self.start = buffer.pos
        self.limit = self.pos + window

    def close(self) -> i64:
        """Give what has been read back to the buffer and return how much of the payload is left."""
        self.rest -= self.pos - self.buffer.pos
        self.buffer.pos = self.pos
        return self.rest

    def next_entry(self) -> bool:
        """Go to the next entry, if there is one; its first value is at the cursor."""
        self.sync()
        return self.rest >= MIN_ENTRY

    def narrow(self, size: i64) -> None:
        """Set the limit to `size` bytes after the entry's start."""
        end: i64 = self.start + size
        if end < self.pos or end > self.limit:
            raise self.fail(f"an entry of {size} bytes does not fit")
        self.limit = end

    def finish_entry(self) -> None:
        """Pass over what a later version added to the entry."""
        self.pos = self.limit

    def left(self) -> i64:
        """Return the bytes before the limit."""
        return self.limit - self.pos

    def take(self, count: i64) -> i64:
        """Pass over `count` bytes and return where they start."""
        at: i64 = self.pos
        if count > self.limit - at:
            raise self.fail(f"a value of {count} bytes lies beyond the end of its entry")
        self.pos = at + count
        return at

    def raw(self, count: i64) -> bytes:
        """Return the next `count` bytes."""
        at: i64 = self.take(count)
        return self.data[at : at + count]

    def u8(self) -> i64:
        """Return an unsigned byte."""
        return self.data[self.take(1)]

    def u16(self) -> i64:
        """Return an unsigned 16-bit number."""
        at: i64 = self.take(2)
        return self.data[at] | (self.data[at + 1] << 8)

    def u32(self) -> i64:
        """Return an unsigned 32-bit number."""
        value: int = read_i32_le(self.data, self.take(4))
        return value & 0xFFFFFFFF

    def s64(self) -> i64:
        """Return a signed 64-bit number."""
        return read_i64_le(self.data, self.take(8))

    def u64(self) -> int:
        """Return an unsigned 64-bit number."""
        value: int = self.s64()
        return value if value >= 0 else value + (1 << 64)

    def counted(self) -> bytes:
        """Return a string of which a 16-bit length goes before."""
        return self.raw(self.u16())

    def text(self) -> str:
        """Return a counted string as text."""
        return self.counted().decode("utf-8", "surrogateescape")

    def fail(self, message: str) -> CaptureError:
        """Return an error in this block, placed at the entry's start."""
        return CaptureError(f"the {self.name} is damaged: {message}", self.buffer.base + self.start, self.buffer.path)
