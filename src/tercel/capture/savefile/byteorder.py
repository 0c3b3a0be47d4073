"""Big-endian captures made native: blocks are converted one by one, with the same lengths, before they are read."""

from __future__ import annotations

from typing import Final, Literal

from tercel.capture.savefile.blocks import (
    BLOCK_HEADER,
    BLOCK_OVERHEAD,
    MAGIC_BYTES,
    MAGIC_BYTES_BIG,
    MAX_LARGE_EVENT_BLOCK,
    SHB,
)
from tercel.capture.savefile.inflate import GZIP_MAGIC
from tercel.capture.savefile.stream import READ_SIZE, CaptureStream
from tercel.capture.savefile.swap import swap_block
from tercel.capture.source import CaptureError

_SHB_BYTES: Final[bytes] = SHB.to_bytes(4, "little")
_MAGIC_END: Final = 12


class NativeStream:
    """The bytes of a capture as a little-endian machine would have written them.

    They pass as they are until the reader meets the header of a big-endian section and calls `swap_from`. From then on
    the stream walks the blocks itself, and each section header decides anew.
    """

    def __init__(self, stream: CaptureStream) -> None:
        """Read from `stream`."""
        self._stream: CaptureStream = stream
        self._is_walking: bool = False
        self._is_big: bool = False
        self._data: bytes = b""
        self._at: int = 0
        # Bytes of a native block that pass without being looked at.
        self._passing: int = 0
        # How many bytes have been handed out, and what keeps more from following them.
        self._given: int = 0
        self._failure: CaptureError | None = None

    @property
    def position(self) -> int:
        """How many bytes of the file below have been read."""
        return self._stream.raw.position

    @property
    def size(self) -> int:
        """The size of the file below, -1 when it has none."""
        return self._stream.raw.size

    def read(self) -> bytes:
        """Return the next bytes; none at the end. Trouble is raised when all before it have been returned."""
        if self._failure is not None:
            raise self._failure
        data = self._walk() if self._is_walking else self._stream.read()
        self._given += len(data)
        return data

    def _walk(self) -> bytes:
        """Return about a megabyte of whole blocks."""
        parts: list[bytes] = []
        size = 0
        try:
            while size < READ_SIZE:
                part = self._passed() if self._passing else self._next_block(wait=not parts, offset=self._given + size)
                if not part:
                    break
                parts.append(part)
                size += len(part)
        except CaptureError as error:
            if not parts:
                raise
            self._failure = error
        return b"".join(parts)

    def swap_from(self, unread: bytes) -> None:
        """Take back bytes that begin with the header of a big-endian section."""
        self._is_walking = True
        self._given -= len(unread)
        self._data = unread
        self._at = 0

    def reconsider(self, unread: bytes) -> None:
        """Take back bytes that turned out to begin a gzip member."""
        self._given -= len(unread)
        self._stream.reconsider(unread)

    def close(self) -> None:
        """Close the file below."""
        self._stream.close()

    def _left(self) -> int:
        return len(self._data) - self._at

    def _have(self, count: int) -> bool:
        """Read until `count` bytes are at hand; return whether there are so many."""
        have = self._left()
        if have >= count:
            return True
        parts = [self._take(have)]
        while have < count:
            chunk = self._stream.read()
            if not chunk:
                break
            parts.append(chunk)
            have += len(chunk)
        self._data = b"".join(parts)
        self._at = 0
        return have >= count

    def _take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        self._at += len(taken)
        return taken

    def _number(self, offset: int, order: Literal["little", "big"]) -> int:
        return int.from_bytes(self._data[self._at + offset : self._at + offset + 4], order)

    def _passed(self) -> bytes:
        self._have(1)
        part = self._take(self._passing)
        self._passing = self._passing - len(part) if part else 0
        return part

    def _next_block(self, *, wait: bool, offset: int) -> bytes:
        """Return one block; nothing at the end, or when bytes would have to be waited for and `wait` is false."""
        if not wait and self._left() < BLOCK_HEADER:
            return b""
        if not self._have(BLOCK_HEADER):
            return self._take(self._left())
        if self._data.startswith(GZIP_MAGIC, self._at):
            self._stream.reconsider(self._take(self._left()))
            if not self._have(BLOCK_HEADER):
                return self._take(self._left())
        self._notice_section()
        if not self._is_big:
            self._passing = max(self._number(4, "little"), BLOCK_HEADER)
            return self._passed()
        return self._swapped(offset)

    def _notice_section(self) -> None:
        if self._data.startswith(_SHB_BYTES, self._at) and self._have(_MAGIC_END):
            magic = self._data[self._at + BLOCK_HEADER : self._at + _MAGIC_END]
            if magic in {MAGIC_BYTES, MAGIC_BYTES_BIG}:
                self._is_big = magic == MAGIC_BYTES_BIG

    def _swapped(self, offset: int) -> bytes:
        length = self._number(4, "big")
        if length > MAX_LARGE_EVENT_BLOCK:
            message = f"a block of {length} bytes is more than a big-endian capture may hold"
            raise CaptureError(message, offset, self._stream.raw.path)
        self._have(length)
        return swap_block(self._take(max(length, BLOCK_OVERHEAD)))
