"""Make a long capture out of a short one: its events again and again, each round later than the one before."""

from __future__ import annotations

import gzip
import io
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

# Event blocks of the current format, and the bytes between the block's head and the time stamp (CPU, dump flags).
EVENT_PREFIX: Final = {0x216: 2, 0x217: 6, 0x221: 2, 0x222: 6}
BLOCK_HEAD: Final = struct.Struct("<II")
STAMP: Final = struct.Struct("<Q")
ROUND_GAP_NS: Final = 1_000


@dataclass(frozen=True)
class Amplified:
    """What was written."""

    path: Path
    rounds: int
    events: int


def blocks(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield the type and the bytes of every whole block."""
    while len(head := stream.read(BLOCK_HEAD.size)) == BLOCK_HEAD.size:
        kind, length = BLOCK_HEAD.unpack(head)
        body = stream.read(length - BLOCK_HEAD.size)
        if length < BLOCK_HEAD.size or len(body) < length - BLOCK_HEAD.size:
            return
        yield kind, head + body


class Round:
    """The events of the short capture as one piece of memory in which only the time stamps change."""

    def __init__(self, source: Path) -> None:
        """Read the short capture whole: what comes before the events, the events, where their time stamps are."""
        metadata, events = bytearray(), bytearray()
        self.stamps: list[tuple[int, int]] = []
        data = source.read_bytes()
        with io.BytesIO(gzip.decompress(data) if source.suffix == ".gz" else data) as stream:
            for kind, raw in blocks(stream):
                if kind in EVENT_PREFIX:
                    at = BLOCK_HEAD.size + EVENT_PREFIX[kind]
                    self.stamps.append((len(events) + at, STAMP.unpack_from(raw, at)[0]))
                    events += raw
                else:
                    metadata += raw
        if not self.stamps:
            raise ValueError(f"{source} has no events of the current format")
        self.metadata = bytes(metadata)
        self.events = events
        times = [when for _, when in self.stamps]
        self.span = max(times) - min(times) + ROUND_GAP_NS

    def write(self, out: BinaryIO, number: int) -> None:
        """Write the events as they would have happened in the given round."""
        later = number * self.span
        for at, when in self.stamps:
            STAMP.pack_into(self.events, at, when + later)
        out.write(self.events)


def amplify(source: Path, target: Path, at_least: int) -> Amplified:
    """Write a plain capture of at least so many events."""
    unit = Round(source)
    rounds = -(-at_least // len(unit.stamps))
    with target.open("wb") as out:
        out.write(unit.metadata)
        for number in range(rounds):
            unit.write(out, number)
    return Amplified(target, rounds, rounds * len(unit.stamps))


def main() -> None:
    """Amplify a capture: SOURCE TARGET EVENTS; print how often it was repeated and how many events that makes."""
    made = amplify(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
    print(made.rounds, made.events)


if __name__ == "__main__":
    main()
