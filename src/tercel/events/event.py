"""An event is a view on the bytes of its record: the header is read first, parameters only when asked for."""

from __future__ import annotations

from typing import Final

from librt.strings import read_i32_le, read_i64_le
from librt.vecs import append, vec
from mypy_extensions import i64

from tercel.events.table import EVENTS, EventInfo

# By event id: whether the lengths of parameters take four bytes.
_IS_LONG: Final[bytes] = bytes(info.length_size == 4 for info in EVENTS)


class MalformedEventError(ValueError):
    """A parameter's length does not fit its type; the text names event, parameter and lengths."""


class Event:
    """One event of a capture or of a live source.

    `data` holds the record, `start` is the offset of its header (time stamp). The header's fields are attributes:
    `num` (1-based position in the stream), `ts` (ns since the epoch), `tid` (-1 when there is none), `cpu`,
    `type_id` and `info` (the event type), `nparams` (parameters present: old captures carry fewer than the type has).
    `flags` are the capture's dump flags, `options` the raw pcapng options of its block (comments), `size` the length of
    the record: where it is given, parameters that do not fill it are an error. A parameter index beyond `nparams`
    reads as empty.

    A source has one event that it moves from record to record; whoever wants to keep it takes a copy.
    """

    def __init__(
        self,
        data: bytes,
        start: i64,
        header_size: i64,
        nparams: i64,
        info: EventInfo,
        ts: i64,
        tid: i64,
    ) -> None:
        """Make a view; the caller has checked that header and length words lie within `data`."""
        self.data: bytes = data
        self.start: i64 = start
        self.header_size: i64 = header_size
        self.nparams: i64 = nparams
        self.type_id: i64 = info.id
        self.ts: i64 = ts
        self.tid: i64 = tid
        self.num: i64 = 0
        self.cpu: i64 = 0
        self.size: i64 = 0
        self.flags: i64 = 0
        self._options: i64 = 0
        self._options_end: i64 = 0
        # Where each parameter's value starts and the last one ends, once somebody asked for one of them.
        self._offsets: vec[i64] = vec[i64]()
        self._is_located: bool = False

    def move(self, start: i64, header_size: i64, nparams: i64, type_id: i64, size: i64) -> None:
        """Turn to the record at `start` of the same data; the caller has checked it, and sets `num` and `cpu`."""
        data = self.data
        self.start = start
        self.header_size = header_size
        self.nparams = nparams
        self.type_id = type_id
        self.size = size
        self.ts = read_i64_le(data, start)
        self.tid = read_i64_le(data, start + 8)
        self.flags = 0
        self._options_end = 0
        self._is_located = False

    def set_options(self, start: i64, end: i64) -> None:
        """Say where in `data` the options of the event's block are."""
        self._options = start
        self._options_end = end

    def copy(self) -> Event:
        """Return an event of its own with the same record, which stays as it is when this one moves on."""
        event = Event(self.data, self.start, self.header_size, self.nparams, self.info, self.ts, self.tid)
        event.num = self.num
        event.cpu = self.cpu
        event.size = self.size
        event.flags = self.flags
        event.set_options(self._options, self._options_end)
        return event

    @property
    def info(self) -> EventInfo:
        """The event type."""
        return EVENTS[self.type_id]

    @property
    def type(self) -> int:
        """The event type's id."""
        return self.type_id

    @property
    def options(self) -> bytes:
        """The pcapng options of the event's block."""
        end: i64 = self._options_end
        return self.data[self._options : end] if end else b""

    def raw(self) -> bytes:
        """Return the record: header, length words, values."""
        return self.data[self.start : self.start + self.size]

    def locate(self) -> None:
        """Find where the parameters' values are; raises MalformedEventError when they do not fill the record."""
        if self._is_located:
            return
        count: i64 = self.nparams
        while len(self._offsets) <= count:
            self._offsets = append(self._offsets, 0)
        words: i64 = self.start + self.header_size
        at: i64 = self._place_long(words, count) if _IS_LONG[self.type_id] else self._place(words, count)
        if at != self.start + self.size and self.size:
            raise MalformedEventError(self._misfit(at))
        self._is_located = True

    def _place(self, words: i64, count: i64) -> i64:
        """Note where values start whose lengths take two bytes each, and return where the last one ends."""
        data = self.data
        offsets = self._offsets
        at: i64 = words + 2 * count
        k: i64 = 0
        while k + 4 <= count:
            lengths: i64 = read_i64_le(data, words)
            offsets[k] = at
            at += lengths & 0xFFFF
            offsets[k + 1] = at
            at += (lengths >> 16) & 0xFFFF
            offsets[k + 2] = at
            at += (lengths >> 32) & 0xFFFF
            offsets[k + 3] = at
            at += (lengths >> 48) & 0xFFFF
            words += 8
            k += 4
        while k < count:
            offsets[k] = at
            at += data[words] | (data[words + 1] << 8)
            words += 2
            k += 1
        offsets[count] = at
        return at

    def _place_long(self, words: i64, count: i64) -> i64:
        """Note where values start whose lengths take four bytes each, and return where the last one ends."""
        data = self.data
        offsets = self._offsets
        at: i64 = words + 4 * count
        k: i64 = 0
        while k < count:
            offsets[k] = at
            length: int = read_i32_le(data, words)
            at += length & 0xFFFFFFFF
            words += 4
            k += 1
        offsets[count] = at
        return at

    def _misfit(self, end: i64) -> str:
        return (
            f"event {self.num}: the parameters of {self.info.name} take {end - self.start} bytes with the header, "
            f"the event has {self.size}"
        )

    def param(self, index: i64) -> bytes:
        """Return the bytes of a parameter's value; empty when it is absent."""
        if index < 0 or index >= self.nparams:
            return b""
        if not self._is_located:
            self.locate()
        start: i64 = self._offsets[index]
        end: i64 = self._offsets[index + 1]
        return self.data[start:end]

    def has(self, index: i64) -> bool:
        """Return whether the parameter is present and not empty."""
        if index < 0 or index >= self.nparams:
            return False
        if not self._is_located:
            self.locate()
        return self._offsets[index + 1] > self._offsets[index]

    def param_size(self, index: i64) -> int:
        """Return the length of a parameter's value in bytes; 0 when it is absent."""
        if index < 0 or index >= self.nparams:
            return 0
        self.locate()
        return self._offsets[index + 1] - self._offsets[index]

    def place(self, index: i64, size: i64) -> i64:
        """Return where in `data` a parameter of `size` bytes is, -1 when it is absent or empty."""
        if index < 0 or index >= self.nparams:
            return -1
        if not self._is_located:
            self.locate()
        at: i64 = self._offsets[index]
        length: i64 = self._offsets[index + 1] - at
        if length == size:
            return at
        if length != 0:
            raise MalformedEventError(self._wrong_size(index, length, size))
        return -1

    def _wrong_size(self, index: i64, length: i64, size: i64) -> str:
        info = self.info
        name = info.params[index].name if index < info.nparams else str(index)
        return f"event {self.num}: parameter {index} ({name}) of {info.name} has {length} bytes, expected {size}"

    def int64(self, index: i64, default: i64 = 0) -> i64:
        """Return a signed 64-bit parameter, `default` when it is absent or empty."""
        at: i64 = self.place(index, 8)
        return read_i64_le(self.data, at) if at >= 0 else default

    def uint64(self, index: i64, default: int = 0) -> int:
        """Return an unsigned 64-bit parameter."""
        at: i64 = self.place(index, 8)
        if at < 0:
            return default
        value: int = read_i64_le(self.data, at)
        return value if value >= 0 else value + (1 << 64)

    def int32(self, index: i64, default: i64 = 0) -> int:
        """Return a signed 32-bit parameter."""
        at: i64 = self.place(index, 4)
        value: int = read_i32_le(self.data, at) if at >= 0 else default
        return value

    def uint32(self, index: i64, default: i64 = 0) -> i64:
        """Return an unsigned 32-bit parameter."""
        at: i64 = self.place(index, 4)
        if at < 0:
            return default
        value: int = read_i32_le(self.data, at)
        return value & 0xFFFFFFFF

    def uint16(self, index: i64, default: i64 = 0) -> i64:
        """Return an unsigned 16-bit parameter."""
        at: i64 = self.place(index, 2)
        return self.data[at] | (self.data[at + 1] << 8) if at >= 0 else default

    def uint8(self, index: i64, default: i64 = 0) -> i64:
        """Return an unsigned 8-bit parameter."""
        at: i64 = self.place(index, 1)
        return self.data[at] if at >= 0 else default

    def text(self, index: i64) -> str:
        """Return a NUL-terminated string parameter as text; bytes that are not UTF-8 become surrogates."""
        value = self.param(index)
        end = value.find(0)
        if end >= 0:
            value = value[:end]
        return value.decode("utf-8", "surrogateescape")

    def strings(self, index: i64) -> list[str]:
        """Return a list of NUL-separated strings (arguments, environment, cgroups)."""
        value = self.param(index)
        if not value:
            return []
        if value[-1] == 0:
            value = value[:-1]
        return value.decode("utf-8", "surrogateescape").split("\x00")
