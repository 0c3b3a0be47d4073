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
from tercel.capture.savefile.inflate import GZIP_MAGIC
from tercel.capture.savefile.metadata import METADATA_KINDS, read_metadata
from tercel.capture.savefile.options import OPTION_COMMENT, option_texts
from tercel.capture.savefile.stream import CaptureStream, RawStream
from tercel.capture.source import CaptureError, Source, StateSink
from tercel.events.table import EVENT_BY_ENUM, EVENT_COUNT, EVENTS, EventInfo

# The shortest block that holds an event of the current version: header, processor, event header, closing length.
_MIN_EVENT_BLOCK: Final = BLOCK_HEADER + 2 + EVENT_HEADER_V2 + 4
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
        # The window: from `_pos` up to `_end` its bytes are still to be looked at.
        self._data: bytes = b""
        self._pos: i64 = 0
        self._end: i64 = 0
        # Up to here the shortest event fits into the window; less to have `advance` go the long way.
        self._fast_end: i64 = -1
        self._is_held: bool = False
        self._types: i64 = EVENT_COUNT
        # What the statistics know of, and how many events were passed over since.
        self._counted: int = 0
        self._counted_num: i64 = self._num
        self._passed: i64 = 0
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
        self._close_window()
        self._ended = True
        self._stream.close()

    def read_metadata(self) -> None:
        """Read up to the first event of the section, so that the sink has its state; done by `fill` too."""
        while not self._ended and not self.metadata_done:
            self._proceed()

    def fill(self) -> bool:
        """Read on to the next events; the window holds what was read in one go, about a megabyte at most."""
        self._close_window()
        if self._failure is not None:
            self.close()
            raise self._failure
        try:
            while not self._ended:
                if self._proceed():
                    self._open_window()
                    return True
        except CaptureError as error:
            self._failure = error
            self.close()
            raise
        return False

    def _open_window(self) -> None:
        data = self._buffer.data
        self.event.data = data
        self._data = data
        self._pos = self._buffer.pos
        self._end = len(data)
        self._fast_end = self._end - _MIN_EVENT_BLOCK

    def _count(self) -> None:
        """Bring the statistics up to date with what `advance` has passed."""
        count: i64 = self._num - self._counted_num
        self._counted_num = self._num
        self.stats.blocks += count
        self.stats.events += count - self._passed
        self._passed = 0

    def _close_window(self) -> None:
        """Leave what `advance` has not passed to the buffer."""
        self._count()
        buffer = self._buffer
        if self._end:
            buffer.pos = self._pos
            self._data = b""
            self._pos = 0
            self._end = 0
            self._fast_end = -1
        self.stats.bytes += buffer.offset() - self._counted
        self._counted = buffer.offset()

    def _proceed(self) -> bool:
        """Deal with whatever stands next in the file; return whether it is an event, now whole in the buffer."""
        buffer = self._buffer
        if not buffer.fill(BLOCK_OVERHEAD):
            self._finish()
            return False
        data = buffer.data
        pos: i64 = buffer.pos
        kind_value: int = read_i32_le(data, pos)
        size_value: int = read_i32_le(data, pos + 4)
        kind = canonical_kind(kind_value & 0xFFFFFFFF)
        length: int = size_value & 0xFFFFFFFF
        if self._begun and data.startswith(GZIP_MAGIC, pos):
            self._stream.reconsider(buffer.give_back())
        elif kind == SHB:
            self._begin_section(length)
        elif not self._begun:
            raise buffer.fail("not a capture file: it does not begin with a section header")
        elif length < BLOCK_OVERHEAD:
            raise buffer.fail(f"a block ({kind_name(kind)}) claims a length of {length} bytes")
        elif kind in EVENT_STARTS:
            self._open_event(kind, length)
            return True
        else:
            self._read_block(kind, length)
        return False

    def _finish(self) -> None:
        left = self._buffer.available()
        if left:
            raise self._buffer.fail(f"the capture ends within a block: {left} bytes are there")
        if not self._begun:
            raise self._buffer.fail("the file is empty")
        if self._num < self._first:
            raise self._buffer.fail("there are no events in the capture")
        self.close()

    def _begin_section(self, length: int) -> None:
        buffer = self._buffer
        if buffer.data.startswith(MAGIC_BYTES_BIG, buffer.pos + BLOCK_HEADER):
            self._stream.swap_from(buffer.give_back())
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

    def hold(self) -> None:
        """Have the next `advance` stay at the event that the last one moved to."""
        self._is_held = True
        self._fast_end = -1

    def advance(self) -> bool:
        """Move `event` to the next one of the window; False when it is used up."""
        pos: i64 = self._pos
        if pos > self._fast_end:
            return self._advance_any()
        # Most events are of the current version, without flags and options, and sound: they need no more than this.
        data = self._data
        word: i64 = read_i64_le(data, pos)
        length: i64 = word >> 32
        close: i64 = pos + length - 4
        if word & 0xFFFFFFFF != EVENT_V2 or length < _MIN_EVENT_BLOCK or close > self._end - 4:
            return self._advance_any()
        word = read_i64_le(data, pos + 26)
        size: i64 = word & 0xFFFFFFFF
        number: i64 = (word >> 32) & 0xFFFF
        count: i64 = read_i64_le(data, pos + 28) >> 32
        slack: i64 = close - pos - 10 - size
        if slack < 0 or slack > 3 or number >= self._types or count < 0 or EVENT_HEADER_V2 + 4 * count > size:
            return self._advance_any()
        if read_i64_le(data, close - 4) >> 32 != length:
            return self._advance_any()
        self._pos = close + 4
        self._num += 1
        event = self.event
        event.move(pos + 10, EVENT_HEADER_V2, count, number, size)
        event.num = self._num
        event.cpu = read_i64_le(data, pos + 8) & 0xFFFF
        return True

    def _advance_any(self) -> bool:
        """Move to the next event of any kind; count and pass over those that cannot be handed out."""
        if self._is_held:
            self._is_held = False
            self._fast_end = self._end - _MIN_EVENT_BLOCK
            return True
        data = self._data
        while True:
            pos: i64 = self._pos
            if pos + BLOCK_OVERHEAD > self._end:
                break
            word: i64 = read_i64_le(data, pos)
            # The sign of lengths of 2 GiB and more makes them too short.
            length: i64 = word >> 32
            close: i64 = pos + length - 4
            layout: i64 = _LAYOUTS.get(word & 0xFFFFFFFF, 0)
            if not layout or length < BLOCK_OVERHEAD or close + 4 > self._end:
                break
            at: i64 = pos + (layout & 0xFF)
            if read_i64_le(data, close - 4) >> 32 != length and self._is_damaged(data, at, close):
                break
            self._num += 1
            self._pos = close + 4
            if self._move(pos, at, layout >> 8, close):
                return True
            self._passed += 1
        self._count()
        return False

    def _is_damaged(self, data: bytes, at: i64, close: i64) -> bool:
        """Decide about a block whose two lengths differ: harmless, and counted, when the event fills the first."""
        size: i64 = read_i64_le(data, at + 16) & 0xFFFFFFFF if at + EVENT_HEADER_V1 <= close else 0
        if 0 <= close - at - size < 4:
            self.stats.bad_trailers += 1
            return False
        self._close_window()
        self._failure = self._buffer.fail("an event block begins with another length than it ends with")
        return True

    def _move(self, pos: i64, at: i64, header: i64, close: i64) -> bool:
        """Move to the event whose header is at `at`; False, counted, when it cannot be one or its type is not known."""
        data = self._data
        if at + header > close:
            self.stats.malformed_events += 1
            return False
        word: i64 = read_i64_le(data, at + 16)
        size: i64 = word & 0xFFFFFFFF
        slack: i64 = close - at - size
        if size < header or slack < 0:
            self.stats.malformed_events += 1
            return False
        number: i64 = (word >> 32) & 0xFFFF
        if number >= self._types:
            self.stats.unknown_events += 1
            return False
        info = EVENTS[number]
        count: i64
        if header == EVENT_HEADER_V2:
            count = read_i64_le(data, at + 18) >> 32
        else:
            if number in _OVERSTATED:
                size -= _OVERSTATED_BY
            count = infer_nparams(data, at + header, size - header, info)
        if count < 0 or header + count * info.length_size > size:
            self.stats.malformed_events += 1
            return False
        event = self.event
        event.move(at, header, count, number, size)
        event.num = self._num
        event.cpu = data[pos + 8] | (data[pos + 9] << 8)
        if at - pos > 10:
            flags: int = read_i32_le(data, pos + 10)
            event.flags = flags & ~DUMP_LARGE
        if slack > 3:
            # Options begin at a multiple of four bytes from the block's payload, and are so many themselves.
            start: i64 = pos + BLOCK_HEADER
            start += at + size - start + 3 & ~3
            event.set_options(start, start + (close - start & ~3))
        return True
