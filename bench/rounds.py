"""Rounds of events made of short captures: later every time, and with processes of their own.

A process that the captures see begin or end gets a new number in every round, in event headers and in parameters
alike; the machine's own threads, which were there before, keep theirs. Some program names and some files change one
letter from round to round, so that whoever remembers names has more than one round's worth to remember.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Final, Protocol

from bench.records import Record, read_capture
from bench.template import Slot, Template
from tercel.events.types import PT_BYTEBUF, PT_CHARBUF, PT_FSPATH, PT_FSRELPATH, PT_PID

ROUND_GAP_NS: Final = 1_000
EVENT_GAP_NS: Final = 4_000  # between the events of merged captures
FIRST_ID: Final = 100_000
LAST_ID: Final = 4_194_304  # the kernel's largest process number
LETTERS: Final = b"0123456789abcdefghijklmnopqrstuvwxyz"

LIFE: Final = frozenset({"clone", "clone3", "fork", "vfork", "execve", "execveat", "procexit"})
BIRTHS: Final = frozenset({"clone", "clone3", "fork", "vfork"})
TEXTS: Final = frozenset({PT_CHARBUF, PT_BYTEBUF, PT_FSPATH, PT_FSRELPATH})
SCRATCH: Final = re.compile(rb"^(?:/tmp|/var/tmp|/dev/shm|/srv|/home)/[^\0]*[a-z0-9](?=\0?$)")


class Rounds(Protocol):
    """What a long capture is made of: something before the events, then rounds of them."""

    metadata: bytes
    ends: list[int]  # where in a round each event ends

    def render(self, number: int) -> bytes:
        """Return the events of a round."""


@dataclass(frozen=True)
class Mix:
    """Which captures make a round; `life` keeps the events of processes beginning and ending alone."""

    captures: tuple[str, ...]
    life: bool = False


MIXES: Final = {
    "web": Mix(("web",)),
    "redis": Mix(("redis",)),
    "mix": Mix(("web", "shop", "attack", "admin")),
    "lifecycle": Mix(("py", "web", "admin", "attack", "attack-host", "attack-container", "shop"), life=True),
}


def born(records: Iterable[Record]) -> set[tuple[int, int]]:
    """Return (capture, thread) of the threads that begin or end among the events."""
    found = set()
    for record in records:
        if record.info.name == "procexit" or (record.info.name in BIRTHS and is_child(record)):
            found.add((record.index, record.tid))
    return found


def is_child(record: Record) -> bool:
    """Return whether this is the return of a clone or fork in the new thread."""
    return not record.info.is_enter and next(record.params())[2] == bytes(8)


def programs(records: Iterable[Record]) -> re.Pattern[bytes]:
    """Return a pattern that finds the names of a third of the programs that were started."""
    names = set()
    for record in records:
        if record.info.name in LIFE:
            names |= {value.rstrip(b"\0") for param, _, value in record.params() if param.name == "comm"}
    chosen = sorted(name for name in names if len(name) >= 5)[::3]
    return re.compile(rb"(?<![\w.-])(?:" + b"|".join(map(re.escape, chosen)) + rb")(?![\w.-])")


def merge(captures: list[list[Record]]) -> list[Record]:
    """Return the events of all captures as if they had happened side by side, each spread over the whole round."""
    placed = [
        (number / len(records), record.index, record) for records in captures for number, record in enumerate(records)
    ]
    return [record for *_, record in sorted(placed, key=lambda entry: entry[:2])]


class CaptureRounds:
    """Rounds of recorded events."""

    def __init__(self, paths: list[Path], *, life: bool = False) -> None:
        """Read the captures and find every place that changes from round to round."""
        read = [read_capture(path, index) for index, path in enumerate(paths)]
        self.metadata: bytes = read[0][0]
        captures = [[record for record in records if not life or record.info.name in LIFE] for _, records in read]
        records = merge(captures)
        first = records[0].ts
        alone = len(paths) == 1
        self._times = [record.ts if alone else first + EVENT_GAP_NS * number for number, record in enumerate(records)]
        self._span = max(self._times) - min(self._times) + ROUND_GAP_NS
        self._threads = {thread: number for number, thread in enumerate(sorted(born(records)))}
        self._programs = programs(records)
        self.ends: list[int] = list(accumulate(len(record.raw) for record in records))
        slots = [slot for number, record in enumerate(records) for slot in self._slots(number, record)]
        self._template = Template(b"".join(record.raw for record in records), slots)

    def _slots(self, number: int, record: Record) -> Iterator[Slot]:
        start = self.ends[number] - len(record.raw)
        yield Slot(start + record.at, "q", number)
        for at, tid in self._ids(record):
            thread = self._threads.get((record.index, tid))
            if thread is not None:
                yield Slot(start + at, "q", len(self._times) + thread)
        for at in self._varied(record):
            yield Slot(start + at, "B", len(self._times) + len(self._threads))

    def _ids(self, record: Record) -> Iterator[tuple[int, int]]:
        """Yield where thread and process numbers stand, and the numbers."""
        yield record.at + 8, record.tid
        for param, at, value in record.params():
            if param.type == PT_PID and value:
                yield at, int.from_bytes(value, "little", signed=True)

    def _varied(self, record: Record) -> Iterator[int]:
        """Yield where letters stand that change from round to round."""
        process = record.info.name in LIFE
        for param, at, value in record.params():
            if param.type in TEXTS and process:
                yield from (at + found.end() - 1 for found in self._programs.finditer(value))
            elif param.type in {PT_FSPATH, PT_FSRELPATH} and (path := SCRATCH.match(value)):
                yield at + path.end() - 1

    def render(self, number: int) -> bytes:
        """Return the events of a round."""
        later = number * self._span
        count = len(self._threads)
        first_id = FIRST_ID + number % ((LAST_ID - FIRST_ID) // max(count, 1)) * count
        values: list[object] = [when + later for when in self._times]
        values += range(first_id, first_id + count)
        values.append(LETTERS[number % len(LETTERS)])
        return self._template.render(values)


def mix_rounds(name: str, captures: Path, example: Path) -> CaptureRounds:
    """Return the rounds of a mix; where the recorded captures are not at hand the example stands for them."""
    mix = MIXES[name]
    paths = [captures / f"{capture}.classic.scap.gz" for capture in mix.captures]
    if not all(path.is_file() for path in paths):
        paths = [example]
    return CaptureRounds(paths, life=mix.life)
