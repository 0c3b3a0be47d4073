"""Reads the event blocks of a short capture: what the generators of long captures are made of."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tercel.events.table import EVENTS, EventInfo, ParamInfo

# Event blocks of the current format, and the bytes between the block's head and the time stamp (CPU, dump flags).
EVENT_PREFIX: Final = {0x216: 2, 0x217: 6, 0x221: 2, 0x222: 6}
BLOCK_HEAD: Final = struct.Struct("<II")
EVENT_HEAD: Final = struct.Struct("<QqIHI")  # time stamp, thread, length, type, number of parameters
GENERIC: Final = frozenset({0, 1})
# From this type on Debian's sysdig 0.29.3 does not know the events: it stops or crashes there.
FIRST_UNKNOWN: Final = 336


@dataclass(frozen=True)
class Record:
    """One event block; `at` is the offset of the event's header, `index` numbers the capture it came from."""

    raw: bytes
    at: int
    ts: int
    tid: int
    info: EventInfo
    nparams: int
    index: int

    def params(self) -> Iterator[tuple[ParamInfo, int, bytes]]:
        """Yield each parameter present with the offset and the bytes of its value."""
        size = self.info.length_size
        words = self.at + EVENT_HEAD.size
        at = words + size * self.nparams
        for number, param in enumerate(self.info.params[: self.nparams]):
            length = int.from_bytes(self.raw[words + number * size : words + (number + 1) * size], "little")
            yield param, at, self.raw[at : at + length]
            at += length


def blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the type and the bytes of every whole block."""
    at = 0
    while at + BLOCK_HEAD.size <= len(data):
        kind, length = BLOCK_HEAD.unpack_from(data, at)
        if length < BLOCK_HEAD.size or at + length > len(data):
            return
        yield kind, data[at : at + length]
        at += length


def read_capture(path: Path, index: int = 0) -> tuple[bytes, list[Record]]:
    """Return what stands before the events, and the events that Debian's sysdig knows."""
    data = path.read_bytes()
    metadata, records = bytearray(), []
    for kind, raw in blocks(gzip.decompress(data) if path.suffix == ".gz" else data):
        if kind not in EVENT_PREFIX:
            metadata += raw
            continue
        at = BLOCK_HEAD.size + EVENT_PREFIX[kind]
        ts, tid, _, type_id, nparams = EVENT_HEAD.unpack_from(raw, at)
        if type_id not in GENERIC and type_id < FIRST_UNKNOWN:
            records.append(Record(raw, at, ts, tid, EVENTS[type_id], nparams, index))
    if not records:
        raise ValueError(f"{path} has no events of the current format")
    return bytes(metadata), records
