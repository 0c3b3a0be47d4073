"""A plain reading of little-endian captures, written for being right: what the fast reader is compared with."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, field

from tercel.capture.savefile.reader import SavefileReader
from tercel.capture.source import CaptureError, StateSink
from tercel.events.event import Event
from tercel.events.table import EVENT_COUNT, EVENTS
from tercel.state.model import MachineInfo
from tests.unit.capture.build import event_values

SECTION, MACHINE = 0x0A0D0D0A, 0x201
# Event blocks: whether they have flags, and the size of the event's header.
EVENT_BLOCKS = {
    0x204: (False, 22),
    0x208: (True, 22),
    0x216: (False, 26),
    0x217: (True, 26),
    0x221: (False, 26),
    0x222: (True, 26),
}
LARGE = 4


@dataclass
class Told:
    """What a capture tells, in order, and where its structure is lost."""

    rows: list[tuple[object, ...]] = field(default_factory=list)
    events: int = 0
    unknown: int = 0
    malformed: int = 0
    bad_trailers: int = 0
    damage: int = -1

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """The numbers that the statistics have too."""
        return self.events, self.unknown, self.malformed, self.bad_trailers


def by_the_book(data: bytes) -> Told:
    """Return what the whole blocks of a capture tell."""
    told = Told()
    at = num = sections = 0
    is_told = False
    while at + 12 <= len(data):
        kind, length = struct.unpack_from("<II", data, at)
        block = data[at : at + length]
        if len(block) < length:
            break
        if kind == SECTION:
            sections += 1
            is_told = False
            told.rows += [("section",)] if sections > 1 else []
        elif kind == MACHINE:
            told.rows.append(("machine", block[28 : 28 + 128].rstrip(b"\0").decode()))
        elif kind in EVENT_BLOCKS:
            told.rows += [] if is_told else [("done",)]
            is_told = True
            trailer = struct.unpack_from("<I", block, length - 4)[0]
            if trailer != length and not fills(block, kind):
                told.damage = at
                break
            told.bad_trailers += trailer != length
            num += 1
            add_event(told, block, kind, num)
        at += length
    return told


def fills(block: bytes, kind: int) -> bool:
    """Return whether the event of a block ends where the block does, but for padding."""
    start = 14 if EVENT_BLOCKS[kind][0] else 10
    if start + 22 > len(block) - 4:
        return False
    size = struct.unpack_from("<I", block, start + 16)[0]
    return bool(0 <= len(block) - 4 - start - size < 4)


def add_event(told: Told, block: bytes, kind: int, num: int) -> None:
    """Add the event of a block, or count it."""
    has_flags, header = EVENT_BLOCKS[kind]
    start, end = (14 if has_flags else 10), len(block) - 4
    if start + header > end:
        told.malformed += 1
        return
    ts, tid, size, number = struct.unpack_from("<qqIH", block, start)
    if size < header or start + size > end:
        told.malformed += 1
        return
    if number >= EVENT_COUNT:
        told.unknown += 1
        return
    word = EVENTS[number].length_size
    rest = block[start + header : start + size]
    count = struct.unpack_from("<I", block, start + 22)[0] if header == 26 else number_of_words(rest, number)
    if count < 0 or count * word > len(rest):
        told.malformed += 1
        return
    cpu = struct.unpack_from("<H", block, 8)[0]
    flags = struct.unpack_from("<I", block, 10)[0] & ~LARGE if has_flags else 0
    padded = 8 + (start + size - 8 + 3) // 4 * 4
    options = block[padded:end] if end - start - size > 3 else b""
    options = options[: len(options) // 4 * 4]
    told.events += 1
    told.rows.append(("event", num, ts, tid, cpu, number, flags, count, options, rest))


def number_of_words(rest: bytes, number: int) -> int:
    """Return how many lengths stand before the values of an event that does not say; -1 when none fit."""
    word = EVENTS[number].length_size
    for count in range(min(EVENTS[number].nparams, len(rest) // word) + 1):
        lengths = [int.from_bytes(rest[k * word : k * word + 2], "little") for k in range(count)]
        if count * word + sum(lengths) == len(rest):
            return count
    return -1


class Log(StateSink):
    """Writes down what it hears, between the events."""

    def __init__(self) -> None:
        """Start empty."""
        self.rows: list[tuple[object, ...]] = []

    def new_section(self) -> None:
        """Note it."""
        self.rows.append(("section",))

    def machine_info(self, info: MachineInfo) -> None:
        """Note the name."""
        self.rows.append(("machine", info.hostname))

    def metadata_done(self) -> None:
        """Note it."""
        self.rows.append(("done",))

    def event(self, event: Event) -> None:
        """Note an event."""
        self.rows.append(("event", *event_values(event)))


class Pieces(io.BytesIO):
    """Bytes that come in pieces of given sizes, over and over, as a pipe or a slow disk gives them."""

    def __init__(self, data: bytes, sizes: list[int], seekable: bool = True) -> None:
        """Begin with the first size."""
        super().__init__(data)
        self.sizes = sizes
        self.reads = 0
        self.can_seek = seekable

    def seekable(self) -> bool:
        """Return what was said at the beginning."""
        return self.can_seek

    def read1(self, size: int | None = -1) -> bytes:
        """Return the next piece."""
        wanted = self.sizes[self.reads % len(self.sizes)]
        self.reads += 1
        return super().read1(wanted if size is None or size < 0 else min(size, wanted))


def walk(source: io.BytesIO, batches: bool = False) -> tuple[Log, SavefileReader, str]:
    """Read a capture event by event or in batches; return what it told, its reader and its error."""
    log = Log()
    reader = SavefileReader(source, log)
    error = ""
    try:
        if batches:
            while batch := reader.next_batch():
                for event in batch:
                    log.event(event)
        else:
            while reader.fill():
                while reader.advance():
                    log.event(reader.event)
    except CaptureError as trouble:
        error = str(trouble)
    finally:
        reader.close()
    return log, reader, error
