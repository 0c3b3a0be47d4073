"""Events out of the probe's rings, in the order of their times, with no copy but that of the bytes as they lie there.

A ring holds records of eight bytes of head, the length and two marks of the kernel's, and one event block of the
capture format each. What a ring holds is copied out at once, so that the probe has its room back; the event then moves
over the copies, always to the earlier one of their next records.

What makes the order right: a thread's calls come one after the other, and a record is in its ring before the thread
goes on. Whatever the clock says before the rings' fill is looked at, no record with an earlier time can still be
missing, unless nothing that came later depends on it. So a ring of which everything was read counts as known up to
that time, and the other ring's records may be handed out up to there.
"""

from __future__ import annotations

import mmap
from typing import Final

from librt.strings import read_i64_le
from mypy_extensions import i64

from tercel.capture.savefile.blocks import DUMP_STATE_ONLY, EVENT_HEADER_V2, EVENT_V2, MARKED
from tercel.capture.source import Source
from tercel.events.event import Event
from tercel.events.table import EVENT_COUNT

# How much of a ring is copied at a time, at most.
CHUNK: Final = 1 << 19
_BUSY: Final = 1 << 31
_DISCARD: Final = 1 << 30
_HEAD: Final = 8
# In an event's processor: the probe would have dropped it.
_MARK: Final = 1 << 15
# The same: it tells of a file whose opening was dropped, so that what follows can be understood.
_MARK_STATE: Final = 1 << 14
_CPU: Final = _MARK_STATE - 1
# Block head, processor and event head.
_SMALLEST: Final = 8 + 2 + EVENT_HEADER_V2 + 4
# Later than all times; not the largest number, which would need an object of its own to be compared with.
NEVER: Final = (1 << 62) - 1


class Records:
    """Records in memory of which the next one's time is known."""

    def __init__(self) -> None:
        """Begin without any."""
        self.chunk: bytes = b""
        self.pos: i64 = 0
        # The next record's time, later than all others when there is none.
        self.ts: i64 = NEVER
        # When there is none: up to when none can come any more.
        self.known: i64 = 0

    def look(self) -> None:
        """Find the next record and note its time."""
        data = self.chunk
        end: i64 = len(data)
        while self.pos + _HEAD + _SMALLEST <= end:
            length: i64 = read_i64_le(data, self.pos) & 0xFFFFFFFF
            if not length & _DISCARD:
                self.ts = read_i64_le(data, self.pos + _HEAD + 10)
                return
            self.pos += _step(length)
        self.ts = NEVER

    def put(self, data: bytes) -> None:
        """Have these records handed out after those that are left."""
        self.chunk = self.chunk[self.pos :] + data
        self.pos = 0
        self.look()


class Ring(Records):
    """One ring: shared memory of the kernel, and what was copied out of it.

    The first page holds how far was read, written here; the second how far was written, and after it the data. The
    kernel would show the data twice, so that no record is cut in two (kernel/bpf/ringbuf.c), but every page that is
    looked at counts as memory of this process: joining the two pieces every now and then costs less.
    """

    def __init__(self, fd: int, size: int) -> None:
        """Map a ring of `size` bytes."""
        super().__init__()
        page = mmap.PAGESIZE
        self._consumer: mmap.mmap = mmap.mmap(fd, page, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        self._producer: mmap.mmap = mmap.mmap(fd, page + size, mmap.MAP_SHARED, mmap.PROT_READ, offset=page)
        self._page: i64 = page
        self._mask: i64 = size - 1
        self.size: i64 = size
        self._read: i64 = read_i64_le(self._consumer[:8], 0)
        self.most: i64 = 0

    def waiting(self) -> i64:
        """Return how many bytes lie in the ring."""
        waiting: i64 = read_i64_le(self._producer[:8], 0) - self._read
        return waiting

    def refill(self, now: i64) -> None:
        """Copy what lies in the ring, when all of the last copy was used; `now` is not later than this moment."""
        if self.ts != NEVER:
            return
        fill: i64 = self.waiting()
        self.most = max(self.most, fill)
        if fill == 0:
            self.known = now
            return
        # Which records are complete is found out first, and what they hold is read after that: one that the probe
        # completes during a copy may be in it half old, half new.
        end: i64 = _whole(self._bytes(min(CHUNK, fill)))
        self.chunk = self._bytes(end)
        self.pos = 0
        self._read += end
        self._consumer[:8] = int(self._read).to_bytes(8, "little", signed=True)
        self.known = now if end == fill else 0
        self.look()

    def _bytes(self, count: i64) -> bytes:
        """Return the next so many bytes of the ring."""
        start: i64 = self._page + (self._read & self._mask)
        beyond: i64 = start + count - self._page - self.size
        if beyond <= 0:
            return self._producer[start : start + count]
        return self._producer[start : start + count - beyond] + self._producer[self._page : self._page + beyond]

    def close(self) -> None:
        """Give the memory back."""
        self._consumer.close()
        self._producer.close()


def _step(length: i64) -> i64:
    """Return how far it is to the next record from one with this word for its length."""
    return _HEAD + ((length & ~(_BUSY | _DISCARD)) + 7 & ~7)


def _whole(data: bytes) -> i64:
    """Return how many of the bytes are records that are complete."""
    size: i64 = len(data)
    at: i64 = 0
    while at + _HEAD <= size:
        length: i64 = read_i64_le(data, at) & 0xFFFFFFFF
        step: i64 = _step(length)
        if length & _BUSY or at + step > size:
            break
        at += step
    return at


def _take_marks(event: Event, word: i64) -> None:
    """Give an event its processor, and the flags that the probe's marks in the same word stand for."""
    event.cpu = word & _CPU
    if word & _MARK:
        event.flags |= MARKED
    if word & _MARK_STATE:
        event.flags |= DUMP_STATE_ONLY


class RingSource(Source):
    """The events of the large and of the small ring as one stream; `fill` is what waits and is defined elsewhere.

    `marks` are records that the reader itself puts into the stream, where their times belong.
    """

    def __init__(self, large: Ring, vital: Ring) -> None:
        """Read from these rings."""
        super().__init__()
        self.large: Ring = large
        self.vital: Ring = vital
        self.marks: Records = Records()
        self._num: i64 = 0
        self._is_held: bool = False

    def refill(self, now: i64) -> bool:
        """Copy what lies in the rings; return whether there is an event to advance to."""
        self.large.refill(now)
        self.vital.refill(now)
        return self._next() is not None

    def _next(self) -> Records | None:
        """Return where the earliest record is, None when nothing may be handed out before the next look."""
        large = self.large
        vital = self.vital
        found: Records = large
        if vital.ts < large.ts:
            found = vital
        if self.marks.ts <= found.ts:
            found = self.marks
        ts: i64 = found.ts
        if ts == NEVER or (large.ts == NEVER and ts > large.known) or (vital.ts == NEVER and ts > vital.known):
            return None
        return found

    def hold(self) -> None:
        """Have the next `advance` stay where it is."""
        self._is_held = True

    def advance(self) -> bool:
        """Move to the next event that is in memory; False when there is none."""
        if self._is_held:
            self._is_held = False
            return True
        while True:
            ring = self._next()
            if ring is None:
                return False
            if self._take(ring):
                return True

    def _take(self, ring: Records) -> bool:
        """Move to the ring's next record; False, counted, when it is no event."""
        data = ring.chunk
        at: i64 = ring.pos
        length: i64 = read_i64_le(data, at) & 0x3FFFFFFF
        step: i64 = _HEAD + (length + 7 & ~7)
        block: i64 = at + _HEAD
        word: i64 = read_i64_le(data, block)
        size: i64 = read_i64_le(data, block + 26)
        number: i64 = (size >> 32) & 0xFFFF
        size &= 0xFFFFFFFF
        count: i64 = read_i64_le(data, block + 28) >> 32
        # From the end of the event to the block's closing length: padding, or options.
        slack: i64 = length - 14 - size
        ring.pos = at + step
        if at + step + _HEAD + _SMALLEST <= len(data) and not read_i64_le(data, at + step) & _DISCARD:
            ring.ts = read_i64_le(data, at + step + _HEAD + 10)
        else:
            ring.look()
        self._num += 1
        stats = self.stats
        if (
            word & 0xFFFFFFFF != EVENT_V2
            or word >> 32 != length
            or slack < 0
            or number >= EVENT_COUNT
            or count < 0
            or EVENT_HEADER_V2 + 2 * count > size
        ):
            stats.malformed_events += 1
            return False
        stats.events += 1
        event = self.event
        event.data = data
        event.move(block + 10, EVENT_HEADER_V2, count, number, size)
        event.num = self._num
        _take_marks(event, read_i64_le(data, block + 8) & 0xFFFF)
        if slack > 3:
            start: i64 = block + 8 + (2 + size + 3 & ~3)
            event.set_options(start, block + length - 4)
        return True

    def close(self) -> None:
        """Give the memory back."""
        self.large.close()
        self.vital.close()
