"""Records as the probe makes them, and the memory of a ring as the kernel lays it out."""

from __future__ import annotations

import mmap
import os
import struct

from tercel.capture.ebpf.ring import Ring
from tercel.capture.savefile.blocks import EVENT_V2
from tercel.events.table import EVENT_BY_ENUM

PAGE = mmap.PAGESIZE
BUSY = 1 << 31
DISCARD = 1 << 30
SMALLEST = 1 << 16
CLOSE = EVENT_BY_ENUM["SYSCALL_CLOSE_X"]
WRITE = EVENT_BY_ENUM["SYSCALL_WRITE_X"]


def block(ts: int, params: list[bytes], kind: int = WRITE, tid: int = 7, cpu: int = 1, options: bytes = b"") -> bytes:
    """Return an event block, built by the format's own description."""
    values = struct.pack(f"<{len(params)}H", *map(len, params)) + b"".join(params)
    event = struct.pack("<QqIHI", ts, tid, 26 + len(values), kind, len(params)) + values
    body = struct.pack("<H", cpu) + event
    body += bytes(-len(body) & 3) + options
    return struct.pack("<II", EVENT_V2, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def framed(data: bytes, marks: int = 0) -> bytes:
    """Return data as a record of a ring, with the kernel's marks."""
    return struct.pack("<II", len(data) | marks, 0) + data + bytes(-len(data) & 7)


def record(ts: int, size: int = 4, marks: int = 0, tid: int = 7) -> bytes:
    """Return the record of an event at a time whose data has so many bytes."""
    return framed(block(ts, [struct.pack("<q", ts), bytes(size), struct.pack("<q", 3), bytes(4)], tid=tid), marks)


class Memory:
    """What a ring's descriptor maps: how far was read, how far was written, the data twice."""

    def __init__(self, size: int = SMALLEST, start: int = 0) -> None:
        """Begin empty, as if `start` bytes had gone through already."""
        self.size = size
        self.fd = os.memfd_create("ring")
        os.ftruncate(self.fd, 2 * PAGE + 2 * size)
        self.written = start
        os.pwrite(self.fd, struct.pack("<Q", start), 0)
        self.tell(start)
        self.ring = Ring(self.fd, size)

    def tell(self, position: int) -> None:
        """Say how far was written."""
        os.pwrite(self.fd, struct.pack("<Q", position % (1 << 64)), PAGE)

    @property
    def read(self) -> int:
        """How far the reader says that it has read."""
        return int(struct.unpack("<Q", os.pread(self.fd, 8, 0))[0])

    @property
    def room(self) -> int:
        """How many bytes can be written."""
        return self.size - (self.written - self.read)

    def place(self, at: int, data: bytes) -> None:
        """Write bytes at a position, in both copies of the data."""
        at %= self.size
        for piece, start in ((data[: self.size - at], at), (data[self.size - at :], 0)):
            for copy in (0, self.size):
                os.pwrite(self.fd, piece, 2 * PAGE + copy + start)

    def write(self, data: bytes) -> int:
        """Append a record as the kernel does; return where it is."""
        assert len(data) <= self.room
        at = self.written
        self.place(at, data)
        self.written += len(data)
        self.tell(self.written)
        return at

    def close(self) -> None:
        """Give everything back."""
        self.ring.close()
        os.close(self.fd)
