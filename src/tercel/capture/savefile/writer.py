"""The writer of capture files: current block types, events byte for byte as they were read."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterable
from typing import BinaryIO, Final, cast

from tercel.capture.savefile.blocks import (
    BLOCK_OVERHEAD,
    DUMP_LARGE,
    EVENT_FLAGS_V2,
    EVENT_FLAGS_V2_LARGE,
    EVENT_HEADER_V1,
    EVENT_V2,
    EVENT_V2_LARGE,
    MARKED,
    MAX_EVENT_BLOCK,
)
from tercel.capture.savefile.encode import build_block, number, section_header, state_blocks
from tercel.capture.source import CaptureError, StateSource
from tercel.events.event import Event

FLUSH_SIZE: Final = 1 << 18
_GZIP_WINDOW: Final = 31
_GZIP_LEVEL: Final = 6
# Readers count the padding and the closing length too, hence the distance.
_MAX_PLAIN_PAYLOAD: Final = MAX_EVENT_BLOCK - 2 * BLOCK_OVERHEAD
# Block types by whether there are dump flags and whether the event may be larger than 64 KiB.
_KINDS: Final[dict[tuple[bool, bool], int]] = {
    (False, False): EVENT_V2,
    (True, False): EVENT_FLAGS_V2,
    (False, True): EVENT_V2_LARGE,
    (True, True): EVENT_FLAGS_V2_LARGE,
}


def event_record(event: Event) -> bytes:
    """Return an event with the current header; parameters and their lengths stay as they were."""
    raw = event.raw()
    if event.header_size != EVENT_HEADER_V1:
        return raw
    return raw[:16] + number(event.size + 4, 4) + raw[20:22] + number(event.nparams, 4) + raw[EVENT_HEADER_V1:]


def event_block(event: Event) -> bytes:
    """Return the block of an event with its flags and options."""
    record = event_record(event)
    flags = event.flags & ~(DUMP_LARGE | MARKED)
    payload = number(event.cpu, 2) + (number(flags, 4) if flags else b"") + record
    if event.options:
        payload += bytes(-len(payload) & 3) + event.options
    is_large = event.info.length_size == 4 or len(payload) > _MAX_PLAIN_PAYLOAD
    return build_block(_KINDS[flags != 0, is_large], payload)


class SavefileWriter:
    """Writes a capture, plain or gzip, to a path (`-` is standard output) or an open binary stream.

    `write_header` opens a section with the state; it may be called again to begin another. `events` and `bytes`
    (before compression) count what has been written.
    """

    def __init__(self, target: str | BinaryIO, compress: bool = False) -> None:
        """Create the file; nothing is written yet."""
        self.path: str = target if isinstance(target, str) else str(getattr(target, "name", "<stream>"))
        self.events: int = 0
        self.bytes: int = 0
        self._parts: list[bytes] = []
        self._size: int = 0
        self._owned: bool = False
        self._file: BinaryIO = self._open(target) if isinstance(target, str) else target
        self._gzip = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW) if compress else None

    def _open(self, path: str) -> BinaryIO:
        if path == "-":
            self.path = "<stdout>"
            return sys.stdout.buffer
        try:
            # Unbuffered, since whole blocks are gathered here: what cannot be written is not tried again when closing.
            file = cast("BinaryIO", open(path, "wb", buffering=0))  # noqa: SIM115  # `close` closes it
        except OSError as error:
            raise CaptureError(error.strerror or str(error), -1, path) from error
        self._owned = True
        return file

    def write_header(self, state: StateSource, options: bytes = b"") -> None:
        """Begin a section: its header, with the options of the section it was read from, and the state."""
        self._add(section_header(options))
        for block in state_blocks(state):
            self._add(block)

    def write_event(self, event: Event) -> None:
        """Write one event."""
        self._add(event_block(event))
        self.events += 1

    def write_events(self, events: Iterable[Event]) -> None:
        """Write events in order."""
        for event in events:
            self.write_event(event)

    def flush(self) -> None:
        """Hand what has been gathered to the file; of a gzip file, as much as the compressor gives."""
        data = b"".join(self._parts)
        self._parts = []
        self._size = 0
        self._put(data if self._gzip is None else self._gzip.compress(data))

    def close(self) -> None:
        """Write the rest and close the file if it was opened here."""
        try:
            self.flush()
            if self._gzip is not None:
                self._put(self._gzip.flush())
            self._file.flush()
        except OSError as error:
            raise self._error(error) from error
        finally:
            if self._owned:
                self._file.close()

    def _add(self, block: bytes) -> None:
        self._parts.append(block)
        self._size += len(block)
        self.bytes += len(block)
        if self._size >= FLUSH_SIZE:
            self.flush()

    def _put(self, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest:
                # A statement of its own: mypyc evaluates the bounds of a memoryview's slice twice.
                written = self._file.write(rest)
                rest = rest[written:]
        except OSError as error:
            raise self._error(error) from error

    def _error(self, error: OSError) -> CaptureError:
        return CaptureError(f"cannot write: {error.strerror or error}", -1, self.path)
