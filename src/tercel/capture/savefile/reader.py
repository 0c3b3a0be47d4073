"""The reader of capture files: from blocks to events, and from metadata blocks to the state's sink."""

from __future__ import annotations

from typing import BinaryIO, Final

from librt.strings import read_i32_le, read_i64_le
from mypy_extensions import i64

from tercel.capture.savefile.blocks import (
    BLOCK_HEADER,
    BLOCK_OVERHEAD,
    DUMP_LARGE,
    EVENT_FLAGS_V2_LARGE,
    EVENT_HEADER_V1,
    EVENT_HEADER_V2,
    EVENT_STARTS,
    EVENT_V1,
    EVENT_V2,
    EVENT_V2_LARGE,
    MAGIC_BYTES,
    MAGIC_BYTES_BIG,
    MAJOR_VERSION,
    MAX_EVENT_BLOCK,
    MAX_LARGE_EVENT_BLOCK,
    MAX_SECTION_HEADER,
    OLD_EVENT_KINDS,
    OLD_NUMBERS,
    SHB,
    SHB_SIZE,
    canonical_kind,
    kind_name,
)
from tercel.capture.savefile.buffer import Buffer, Cursor
from tercel.capture.savefile.byteorder import NativeStream
from tercel.capture.savefile.metadata import METADATA_KINDS, read_metadata
from tercel.capture.savefile.options import OPTION_COMMENT, option_texts
from tercel.capture.savefile.stream import GZIP_MAGIC, CaptureStream, RawStream
from tercel.capture.source import CaptureError, Source, StateSink
from tercel.events.event import Event
from tercel.events.table import EVENT_BY_ENUM, EVENT_COUNT, EVENTS, EventInfo

BATCH_EVENTS: Final = 4096
# Old events of these types count three bytes in their length that they do not have parameters for.
_OVERSTATED: Final[frozenset[int]] = frozenset(
    {EVENT_BY_ENUM["NOTIFICATION_E"], EVENT_BY_ENUM["INFRASTRUCTURE_EVENT_E"]}
)
_OVERSTATED_BY: Final = 3
# For each type of event block, where the event's header begins, and the header's size times 256.
_LAYOUTS: Final[dict[int, int]] = {
    kind: start + ((EVENT_HEADER_V1 if kind in OLD_EVENT_KINDS else EVENT_HEADER_V2) << 8)
    for kind, start in EVENT_STARTS.items()
} | {old: EVENT_STARTS[EVENT_V1] + (EVENT_HEADER_V1 << 8) for old, new in OLD_NUMBERS.items() if new == EVENT_V1}
_LARGE_KINDS: Final[frozenset[int]] = frozenset({EVENT_V2_LARGE, EVENT_FLAGS_V2_LARGE})


def infer_nparams(data: bytes, words: i64, rest: i64, info: EventInfo) -> i64:
    """Return how many length words, with the values that they announce, fill `rest` bytes; -1 when none do."""
    word_size: i64 = info.length_size
    most: i64 = info.nparams
    count: i64 = 0
    total: i64 = 0
    while total < rest and count < most:
        at: i64 = words + count * word_size
        if (count + 1) * word_size > rest:
            return -1
        total += word_size + data[at] + (data[at + 1] << 8)
        count += 1
    return count if total == rest else -1


class SavefileReader(Source):
    """Reads a capture file, plain or gzip, of any version and byte order, from a path or an open binary stream.

    State goes to the sink as it is met; the sink of a later section hears of it only after the events before
    have been handed out. `comments` are those of the section that was begun last. `metadata_done` tells whether
    that section's state is complete.
    """

    def __init__(self, source: str | BinaryIO, sink: StateSink | None = None, first_num: int = 1) -> None:
        """Open the capture (`-` is standard input); nothing is read yet. Events are numbered from `first_num`."""
        super().__init__()
        raw = RawStream(source)
        self.path: str = raw.path
        self.sink: StateSink = sink if sink is not None else StateSink()
        self.options: bytes = b""
        self.version: tuple[int, int] = (0, 0)
        self.metadata_done: bool = False
        self._stream: NativeStream = NativeStream(CaptureStream(raw))
        self._buffer: Buffer = Buffer(self._stream, raw.path)
        self._num: i64 = first_num - 1
        self._first: i64 = first_num
        self._begun: bool = False
        self._counted: int = 0
        self._failure: CaptureError | None = None
        self._ended: bool = False

    @property
    def comments(self) -> list[str]:
        """The comments of the current section's header."""
        return option_texts(self.options, OPTION_COMMENT)

    @property
    def progress(self) -> float:
        """How much of the file has been read, between 0 and 1; 0 when its size is not known."""
        size = self._stream.size
        return self._stream.position / size if size > 0 else 0.0

    def next_num(self) -> int:
        """Return the number that the next event would have, skipped ones counted."""
        return self._num + 1

    def close(self) -> None:
        """Close the file."""
        self._ended = True
        self._stream.close()

    def read_metadata(self) -> None:
        """Read up to the first event of the section, so that the sink has its state; done by `next_batch` too."""
        while not self._ended and not self.metadata_done:
            self._advance()

    def next_batch(self) -> list[Event]:
        """Return the next events; at most a buffer's worth or 4096, none at the end."""
        if self._failure is not None:
            raise self._failure
        batch: list[Event] = []
        try:
            while not batch and not self._ended:
                self._advance()
                if self.metadata_done:
                    self._read_events(batch)
        except CaptureError as error:
            self._failure = error
            self.close()
            if not batch:
                raise
        self.stats.events += len(batch)
        self.stats.bytes += self._buffer.offset() - self._counted
        self._counted = self._buffer.offset()
        return batch

    def _advance(self) -> None:
        """Deal with whatever stands before the next event, and bring that event into the buffer."""
        buffer = self._buffer
        if not buffer.fill(BLOCK_OVERHEAD):
            self._end()
            return
        data = buffer.data
        pos: i64 = buffer.pos
        kind_value: int = read_i32_le(data, pos)
        size_value: int = read_i32_le(data, pos + 4)
        kind = canonical_kind(kind_value & 0xFFFFFFFF)
        length: int = size_value & 0xFFFFFFFF
        if self._begun and data.startswith(GZIP_MAGIC, pos):
            self._stream.reconsider(self._give_back())
        elif kind == SHB:
            self._begin_section(length)
        elif not self._begun:
            raise buffer.fail("not a capture file: it does not begin with a section header")
        elif length < BLOCK_OVERHEAD:
            raise buffer.fail(f"a block ({kind_name(kind)}) claims a length of {length} bytes")
        elif kind in EVENT_STARTS:
            self._open_event(kind, length)
        else:
            self._read_block(kind, length)

    def _end(self) -> None:
        left = self._buffer.available()
        if left:
            raise self._buffer.fail(f"the capture ends within a block: {left} bytes are there")
        if not self._begun:
            raise self._buffer.fail("the file is empty")
        if self._num < self._first:
            raise self._buffer.fail("there are no events in the capture")
        self.close()

    def _give_back(self) -> bytes:
        """Empty the buffer and return what was unread: the stream has to look at it again."""
        buffer = self._buffer
        unread = buffer.data[buffer.pos :]
        buffer.base += buffer.pos
        buffer.data = b""
        buffer.pos = 0
        return unread

    def _begin_section(self, length: int) -> None:
        buffer = self._buffer
        if buffer.data.startswith(MAGIC_BYTES_BIG, buffer.pos + BLOCK_HEADER):
            self._stream.swap_from(self._give_back())
            return
        if not SHB_SIZE <= length <= MAX_SECTION_HEADER:
            raise buffer.fail(f"a section header claims a length of {length} bytes")
        if not buffer.fill(length):
            raise buffer.fail(f"the section header ends early: {buffer.available()} of {length} bytes are there")
        data = buffer.data
        pos = buffer.pos
        magic = data[pos + 8 : pos + 12]
        if magic != MAGIC_BYTES:
            raise buffer.fail(f"not a capture file: invalid magic number {magic.hex()}")
        self.version = (data[pos + 12] | (data[pos + 13] << 8), data[pos + 14] | (data[pos + 15] << 8))
        if self.version[0] > MAJOR_VERSION:
            raise buffer.fail(f"the capture has format version {self.version[0]}, this reader knows {MAJOR_VERSION}")
        self.options = data[pos + SHB_SIZE - 4 : pos + length - 4]
        buffer.pos += length
        self.metadata_done = False
        self._begun = True
        self.stats.sections += 1
        self.stats.blocks += 1
        if self.stats.sections > 1:
            self.sink.new_section()

    def _open_event(self, kind: int, length: int) -> None:
        """Bring a whole event block into the buffer."""
        buffer = self._buffer
        limit = MAX_LARGE_EVENT_BLOCK if kind in _LARGE_KINDS else MAX_EVENT_BLOCK
        if length > limit:
            raise buffer.fail(f"an event block claims a length of {length} bytes, {limit} are allowed")
        if not buffer.fill(length):
            raise buffer.fail(f"the event block ends early: {buffer.available()} of {length} bytes are there")
        if not self.metadata_done:
            self.metadata_done = True
            self.sink.metadata_done()

    def _read_block(self, kind: int, length: int) -> None:
        """Read a metadata block, or pass over one of a type that is not known."""
        buffer = self._buffer
        start = buffer.offset()
        name = kind_name(kind)
        if kind not in METADATA_KINDS:
            self.stats.skip_block(kind)
        elif self.metadata_done:
            raise buffer.fail(f"a block ({name}) stands among the events")
        buffer.pos += BLOCK_HEADER
        rest: i64 = length - BLOCK_OVERHEAD
        if kind in METADATA_KINDS:
            cursor = Cursor(buffer, rest, name)
            read_metadata(kind, cursor, self.sink, self.stats)
            rest = cursor.close()
        if not buffer.skip(rest) or not buffer.fill(4):
            raise CaptureError(f"the block ({name}) of {length} bytes ends early", start, self.path)
        trailer: int = read_i32_le(buffer.data, buffer.pos)
        if trailer & 0xFFFFFFFF != length:
            message = f"the block ({name}) begins with a length of {length} and ends with {trailer & 0xFFFFFFFF}"
            raise CaptureError(message, start, self.path)
        buffer.pos += 4
        self.stats.blocks += 1

    def _read_events(self, batch: list[Event]) -> None:
        """Append the events whose blocks are whole in the buffer, up to the first block of another kind."""
        data = self._buffer.data
        pos: i64 = self._buffer.pos
        end: i64 = len(data)
        num: i64 = self._num
        first: i64 = num
        at: i64
        header: i64
        damaged = False
        while pos + BLOCK_OVERHEAD <= end and num - first < BATCH_EVENTS:
            word: i64 = read_i64_le(data, pos)
            kind: i64 = word & 0xFFFFFFFF
            # The sign of lengths of 2 GiB and more makes them too short.
            length: i64 = word >> 32
            close: i64 = pos + length - 4
            if length < BLOCK_OVERHEAD or close + 4 > end:
                break
            if kind == EVENT_V2:
                at = pos + 10
                header = EVENT_HEADER_V2
            else:
                layout: i64 = _LAYOUTS.get(kind, 0)
                if not layout:
                    break
                at = pos + (layout & 0xFF)
                header = layout >> 8
            closing: int = read_i32_le(data, close)
            if closing != length:
                damaged = self._is_damaged(data, at, close)
                if damaged:
                    break
            num += 1
            event = self._event(data, pos, at, header, close, num)
            if event is not None:
                batch.append(event)
            pos = close + 4
        self.stats.blocks += num - first
        self._num = num
        self._buffer.pos = pos
        if damaged:
            raise self._buffer.fail("an event block begins with another length than it ends with")

    def _is_damaged(self, data: bytes, at: i64, close: i64) -> bool:
        """Decide about a block whose two lengths differ: harmless, and counted, when the event fills the first."""
        size: i64 = read_i64_le(data, at + 16) & 0xFFFFFFFF if at + EVENT_HEADER_V1 <= close else 0
        if 0 <= close - at - size < 4:
            self.stats.bad_trailers += 1
            return False
        return True

    def _event(self, data: bytes, pos: i64, at: i64, header: i64, close: i64, num: i64) -> Event | None:
        """Return the event whose header is at `at`; None, counted, when it cannot be one or its type is not known."""
        if at + header > close:
            self.stats.malformed_events += 1
            return None
        word: i64 = read_i64_le(data, at + 16)
        size: i64 = word & 0xFFFFFFFF
        slack: i64 = close - at - size
        if size < header or slack < 0:
            self.stats.malformed_events += 1
            return None
        number: i64 = (word >> 32) & 0xFFFF
        if number >= EVENT_COUNT:
            self.stats.unknown_events += 1
            return None
        info = EVENTS[number]
        count: i64
        if header == EVENT_HEADER_V2:
            words: int = read_i32_le(data, at + 22)
            count = words
        else:
            if number in _OVERSTATED:
                size -= _OVERSTATED_BY
            count = infer_nparams(data, at + header, size - header, info)
        if count < 0 or header + count * info.length_size > size:
            self.stats.malformed_events += 1
            return None
        event = Event(data, at, header, count, info, read_i64_le(data, at), read_i64_le(data, at + 8))
        event.num = num
        event.size = size
        event.cpu = data[pos + 8] | (data[pos + 9] << 8)
        if at - pos > 10:
            flags: int = read_i32_le(data, pos + 10)
            event.flags = flags & ~DUMP_LARGE
        if slack > 3:
            # Options begin at a multiple of four bytes from the block's payload, and are so many themselves.
            start: i64 = pos + BLOCK_HEADER
            start += at + size - start + 3 & ~3
            event.options = data[start : start + (close - start & ~3)]
        return event
