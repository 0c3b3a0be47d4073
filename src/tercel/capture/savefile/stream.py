"""Bytes of a capture in order: from a path, standard input or an open stream, inflated where they are gzip."""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Callable
from typing import BinaryIO, Final

from tercel.capture.source import CaptureError

try:
    from isal import igzip_lib

    HAS_ISAL = True
except ImportError:
    HAS_ISAL = False

READ_SIZE: Final = 1 << 20
COMPRESSED_READ_SIZE: Final = 1 << 17
# Small steps cost isal little (1 GB/s), and damage in a member loses no more than one step before it.
STEP: Final = 1024
GZIP_MAGIC: Final[bytes] = b"\x1f\x8b"
_GZIP_WINDOW: Final = 31


class RawStream:
    """The bytes as they lie in the file or come from a pipe; `position` counts them."""

    def __init__(self, source: str | BinaryIO) -> None:
        """Open a path, `-` for standard input, or take an open binary stream (which then stays open)."""
        self.path: str = source if isinstance(source, str) else str(getattr(source, "name", "<stream>"))
        self.position: int = 0
        self.size: int = -1
        self._owned: bool = False
        if source == "-":
            self.path = "<stdin>"
            source = sys.stdin.buffer
        if isinstance(source, str):
            source = self._open(source)
        self._file: BinaryIO = source
        # A pipe is read as far as it has come, so that events appear while their writer still runs.
        self._read: Callable[[int], bytes] = getattr(source, "read1", source.read)

    def _open(self, path: str) -> BinaryIO:
        try:
            file = open(path, "rb")  # noqa: SIM115  # `close` closes it
            self.size = os.fstat(file.fileno()).st_size
        except OSError as error:
            raise CaptureError(error.strerror or str(error), -1, path) from error
        except ValueError as error:
            # A name that no file can have.
            raise CaptureError(str(error), -1, path) from error
        self._owned = True
        return file

    def read(self, size: int) -> bytes:
        """Return the next bytes of the file, at most `size`; none at its end."""
        try:
            chunk = self._read(size)
        except OSError as error:
            raise CaptureError(f"cannot read: {error.strerror or error}", self.position, self.path) from error
        self.position += len(chunk)
        return chunk

    def close(self) -> None:
        """Close the file if it was opened here."""
        if self._owned:
            self._file.close()


class Inflater:
    """One gzip member being inflated by zlib."""

    def __init__(self) -> None:
        """Start a member."""
        self._zlib = zlib.decompressobj(_GZIP_WINDOW)

    def inflate(self, data: bytes) -> bytes:
        """Return at most `STEP` bytes; with none to give, more input is needed or the member has ended."""
        try:
            return self._zlib.decompress(self._zlib.unconsumed_tail + data, STEP)
        except zlib.error as error:
            raise DamageError(str(error)) from error

    def ended(self) -> bool:
        """Return whether the member is complete and its checksum right."""
        return self._zlib.eof

    def wants_input(self) -> bool:
        """Return whether all input given so far has been used."""
        return not self._zlib.unconsumed_tail

    def rest(self) -> bytes:
        """Return what followed the member in the input."""
        return self._zlib.unused_data


class FastInflater(Inflater):
    """The same by isal, three times as fast."""

    def __init__(self) -> None:
        """Start a member."""
        self._isal = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)

    def inflate(self, data: bytes) -> bytes:
        """Return at most `STEP` bytes."""
        try:
            return self._isal.decompress(data, STEP)
        except igzip_lib.IsalError as error:  # type: ignore[misc]  # the stub gives it no class
            raise DamageError(str(error)) from error

    def ended(self) -> bool:
        """Return whether the member is complete and its checksum right."""
        return self._isal.eof

    def wants_input(self) -> bool:
        """Return whether all input given so far has been used."""
        return self._isal.needs_input

    def rest(self) -> bytes:
        """Return what followed the member in the input."""
        return self._isal.unused_data


class DamageError(Exception):
    """A gzip member cannot be inflated further."""


def new_inflater() -> Inflater:
    """Return the fastest inflater that is installed."""
    return FastInflater() if HAS_ISAL else Inflater()


# What the next bytes of the file are, outside of a gzip member.
_UNDECIDED: Final = 0
_PLAIN: Final = 1
_ENDED: Final = 2


class CaptureStream:
    """Uncompressed bytes of a capture: plain, gzip members one after the other, or one kind after the other.

    Zero bytes after a gzip member are padding. Where a plain part ends and a gzip part follows is known only to
    the reader of the blocks, which then calls `reconsider`.
    """

    def __init__(self, raw: RawStream) -> None:
        """Read from `raw`."""
        self.raw: RawStream = raw
        self._pending: bytes = b""
        self._mode: int = _UNDECIDED
        self._after_member: bool = False
        self._member: Inflater | None = None
        self._failure: CaptureError | None = None

    def reconsider(self, unread: bytes) -> None:
        """Take back bytes that were read as plain but begin a gzip member."""
        self._pending = unread
        self._mode = _UNDECIDED

    def read(self) -> bytes:
        """Return the next bytes, about a megabyte; none at the end."""
        if self._mode == _PLAIN:
            return self.raw.read(READ_SIZE)
        parts: list[bytes] = []
        size = 0
        # What there is is handed out before more is waited for: the source may be a pipe.
        while size < READ_SIZE and not (size and self._is_waiting()):
            chunk = self._step()
            parts.append(chunk)
            size += len(chunk)
            if self._has_stopped():
                break
        if self._failure is not None and not size:
            raise self._failure
        return b"".join(parts)

    def _has_stopped(self) -> bool:
        return self._failure is not None or self._mode in (_PLAIN, _ENDED)

    def _is_waiting(self) -> bool:
        return not self._pending and (self._member is None or self._member.wants_input())

    def _step(self) -> bytes:
        if self._failure is not None:
            return b""
        return self._decide() if self._member is None else self._inflate(self._member)

    def _inflate(self, member: Inflater) -> bytes:
        if member.wants_input() and not self._pending:
            self._pending = self.raw.read(COMPRESSED_READ_SIZE)
        data, self._pending = self._pending, b""
        try:
            chunk = member.inflate(data)
        except DamageError as error:
            self._fail(f"the gzip data is damaged ({error})")
            return b""
        if member.ended():
            self._pending = member.rest()
            self._member = None
            self._after_member = True
        elif not chunk and not data and member.wants_input():
            self._fail("the gzip data ends early: the file is truncated")
        return chunk

    def _decide(self) -> bytes:
        """Look at what comes next: a gzip member, plain bytes, padding or the end."""
        head = self._unpadded(self._pending)
        while len(head) < len(GZIP_MAGIC):
            more = self.raw.read(COMPRESSED_READ_SIZE)
            if not more:
                self._mode = _ENDED
                self._pending = b""
                return head
            head = self._unpadded(head + more)
        if head.startswith(GZIP_MAGIC):
            self._pending = head
            self._member = new_inflater()
            return b""
        self._pending = b""
        self._mode = _PLAIN
        return head

    def _unpadded(self, data: bytes) -> bytes:
        return data.lstrip(b"\x00") if self._after_member else data

    def _fail(self, message: str) -> None:
        text = f"{message}, near byte {self.raw.position} of the compressed file"
        self._failure = CaptureError(text, -1, self.raw.path)

    def close(self) -> None:
        """Close the file below."""
        self.raw.close()
