"""Bytes of a capture in order: from a path, standard input or an open stream, inflated where they are gzip."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, Final

from tercel.capture.savefile import inflate
from tercel.capture.savefile.inflate import GZIP_MAGIC, DamageError, Inflater
from tercel.capture.source import CaptureError

if TYPE_CHECKING:
    from tercel.capture.ahead import Ahead, Step

# Not larger, so that the bytes are still in the processor's cache when they are looked at.
READ_SIZE: Final = 1 << 18
COMPRESSED_READ_SIZE: Final = 1 << 17
# Damage in a member loses no more than one step before it.
STEP: Final = 1024


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
        # Where in the file the reading began, -1 when there is no going back.
        self._origin: int = source.tell() if source.seekable() else -1

    def _open(self, path: str) -> BinaryIO:
        try:
            file = open(path, "rb")  # noqa: SIM115  # `close` closes it
            status = os.fstat(file.fileno())
            self.size = status.st_size
            if stat.S_ISREG(status.st_mode) and hasattr(os, "posix_fadvise"):
                # The system then reads twice as far ahead; a thread for it would cost more than it gains.
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
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

    def can_rewind(self) -> bool:
        """Return whether `rewind` works: it does for files, not for pipes."""
        return self._origin >= 0

    def rewind(self, position: int) -> None:
        """Go back to an earlier position."""
        try:
            self._file.seek(self._origin + position)
        except OSError as error:
            raise CaptureError(f"cannot read: {error.strerror or error}", self.position, self.path) from error
        self.position = position

    def close(self) -> None:
        """Close the file if it was opened here."""
        if self._owned:
            self._file.close()


_TRUNCATED: Final = "the gzip data ends early: the file is truncated"
# What the next bytes of the file are, outside of a gzip member.
_UNDECIDED: Final = 0
_PLAIN: Final = 1
_ENDED: Final = 2


class CaptureStream:
    """Uncompressed bytes of a capture: plain, gzip members one after the other, or one kind after the other.

    Zero bytes after a gzip member are padding. Where a plain part ends and a gzip part follows is known only to
    the reader of the blocks, which then calls `reconsider`.

    A long gzip part of a file is inflated ahead by another thread. Where that meets damage, the part is gone through
    again from its beginning in small steps, since the large step that failed does not tell what it had inflated
    before. Pipes, to which there is no going back, are inflated in small steps from the beginning.
    """

    def __init__(self, raw: RawStream) -> None:
        """Read from `raw`."""
        self.raw: RawStream = raw
        self._pending: bytes = b""
        self._mode: int = _UNDECIDED
        self._after_member: bool = False
        self._member: Inflater | None = None
        self._failure: CaptureError | None = None
        self._ahead: Ahead | None = None
        self._may_go_ahead: bool = raw.can_rewind()
        # Where in the file the part that is inflated ahead begins, and how much of it has been handed out.
        self._start: int = 0
        self._given: int = 0

    def reconsider(self, unread: bytes) -> None:
        """Take back bytes that were read as plain but begin a gzip member."""
        self._pending = unread
        self._mode = _UNDECIDED

    def read(self) -> bytes:
        """Return the next bytes, at most about a megabyte; none at the end."""
        while True:
            if self._mode == _PLAIN:
                return self.raw.read(READ_SIZE)
            chunk = self._read_steps() if self._ahead is None else self._read_ahead(self._ahead)
            if chunk or (self._mode == _ENDED and self._failure is None):
                return chunk

    def _read_steps(self) -> bytes:
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
        return self._failure is not None or self._ahead is not None or self._mode in (_PLAIN, _ENDED)

    def _is_waiting(self) -> bool:
        return not self._pending and (self._member is None or self._member.wants_input())

    def _step(self) -> bytes:
        if self._failure is not None:
            return b""
        return self._decide() if self._member is None else self._inflate(self._member)

    def _inflate(self, member: Inflater) -> bytes:
        at_end = False
        if member.wants_input() and not self._pending:
            self._pending = self.raw.read(COMPRESSED_READ_SIZE)
            at_end = not self._pending
        data, self._pending = self._pending, b""
        try:
            chunk = member.inflate(data, STEP)
        except DamageError as error:
            self._fail(f"the gzip data is damaged ({error})")
            return b""
        if member.ended():
            self._pending = member.rest()
            self._member = None
            self._after_member = True
        elif at_end and not chunk:
            self._fail(_TRUNCATED)
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
            self._begin_member(head)
            return b""
        self._pending = b""
        self._mode = _PLAIN
        return head

    def _unpadded(self, data: bytes) -> bytes:
        return data.lstrip(b"\x00") if self._after_member else data

    def _begin_member(self, head: bytes) -> None:
        if self._may_go_ahead and len(head) < COMPRESSED_READ_SIZE:
            head += self._peek()
        # Of a short file all has been read by now: starting a thread would take longer than inflating it.
        if self._may_go_ahead and len(head) >= COMPRESSED_READ_SIZE and self._go_ahead(head):
            return
        self._pending = head
        self._member = inflate.new_inflater()

    def _peek(self) -> bytes:
        """Return the next bytes of the file; trouble with them comes again once those before it have been used."""
        try:
            return self.raw.read(COMPRESSED_READ_SIZE)
        except CaptureError:
            return b""

    def _go_ahead(self, head: bytes) -> bool:
        """Have another thread inflate what begins with `head`; return whether there is one to be had."""
        from tercel.capture.ahead import Ahead

        try:
            self._ahead = Ahead(head)
        except RuntimeError:
            # The system lets no further thread start.
            self._may_go_ahead = False
            return False
        self._start = self.raw.position - len(head)
        self._given = 0
        self._pending = b""
        return True

    def _read_ahead(self, ahead: Ahead) -> bytes:
        """Return the next bytes from the other thread; none, with the thread ended, where it cannot go on."""
        while True:
            self._feed(ahead)
            if ahead.is_idle():
                return self._end_ahead(ahead)
            try:
                step = ahead.take()
            except DamageError:
                return self._go_back()
            if step.is_plain:
                return self._leave_ahead(ahead, step)
            chunk = step.data
            if chunk:
                self._given += len(chunk)
                return chunk

    def _feed(self, ahead: Ahead) -> None:
        """Give the other thread enough to do."""
        while not ahead.has_enough():
            piece = b""
            if self._failure is None and ahead.wants_input():
                piece = self._read_piece()
            if not piece and ahead.is_done():
                return
            ahead.give(piece)

    def _read_piece(self) -> bytes:
        try:
            return self.raw.read(COMPRESSED_READ_SIZE)
        except CaptureError as error:
            # Everything before comes first.
            self._failure = error
            return b""

    def _end_ahead(self, ahead: Ahead) -> bytes:
        """Deal with the end of the file: the members are complete, or the last of them is cut."""
        step = ahead.last
        self._stop_ahead()
        self._mode = _ENDED
        if step is None:
            return b""
        if self._failure is None and step.in_member:
            self._fail(_TRUNCATED)
        return step.rest

    def _leave_ahead(self, ahead: Ahead, step: Step) -> bytes:
        """Go on with plain bytes, of which the other thread was given some."""
        rest = step.rest + ahead.untouched()
        self._stop_ahead()
        self._failure = None
        self._mode = _PLAIN
        return rest

    def _go_back(self) -> bytes:
        """Inflate everything again in small steps, up to the damage that a large step met; return what is new."""
        from tercel.capture.ahead import pass_over

        self._stop_ahead()
        self._may_go_ahead = False
        self._failure = None
        self.raw.rewind(self._start)
        return pass_over(self._step, self._has_stopped, self._given)

    def _stop_ahead(self) -> None:
        ahead = self._ahead
        self._ahead = None
        if ahead is not None:
            ahead.stop()

    def _fail(self, message: str) -> None:
        text = f"{message}, near byte {self.raw.position} of the compressed file"
        self._failure = CaptureError(text, -1, self.raw.path)

    def close(self) -> None:
        """End the other thread and close the file below."""
        self._stop_ahead()
        self.raw.close()
