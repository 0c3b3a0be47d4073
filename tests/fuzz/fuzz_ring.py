"""Two rings of the probe under arbitrary bytes: `one_input(data)`, and records to start from."""

from __future__ import annotations

from collections.abc import Iterator

from tercel.capture.ebpf.ring import RingSource
from tercel.events.event import MalformedEventError
from tests.unit.capture.ebpf.memory import BUSY, DISCARD, SMALLEST, Memory, framed, record

LATER = 1 << 60


def one_input(data: bytes) -> None:
    """Read the first half of the bytes as one ring, the second as the other; what comes out is numbered in order."""
    large, vital = Memory(), Memory()
    source = RingSource(large.ring, vital.ring)
    # A record begins at a multiple of eight.
    middle = len(data) // 16 * 8
    large.write(data[:middle][:SMALLEST])
    vital.write(data[middle:][:SMALLEST])
    try:
        found = 0
        for _ in range(3):
            source.refill(LATER)
            while source.advance():
                assert source.event.num > found
                found = source.event.num
                decode(source)
    finally:
        source.close()
        large.close()
        vital.close()


def decode(source: RingSource) -> None:
    """Read every parameter of the event."""
    try:
        for index in range(source.event.nparams):
            source.event.param(index)
    except MalformedEventError:
        return


def seeds() -> Iterator[bytes]:
    """Yield rings in every state."""
    yield record(1) + record(2) + record(1) + record(3)
    for marks in (BUSY, DISCARD):
        yield record(1) + record(2, marks=marks) + record(3) + record(1, 300) + framed(b"short", marks)
    for size in (0, 1, 80, 4_000):
        yield b"".join(record(ts, size) for ts in range(4))
