"""Captures made by hand: events of any type from the values of some of their parameters."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from tercel.capture.savefile.options import build_options
from tercel.capture.savefile.writer import SavefileWriter
from tercel.capture.source import StateSource
from tercel.events.event import Event
from tercel.events.table import EVENT_BY_ENUM, EVENTS

_HEADER = struct.Struct("<QQIHI")


def make_event(
    tid: int, enum: str, params: Mapping[str, bytes], options: list[tuple[int, bytes]] | None = None
) -> Event:
    """Return an event whose other parameters are zeros of their size, or empty."""
    info = EVENTS[EVENT_BY_ENUM[enum]]
    values = [params.get(param.name, bytes(max(param.size, 0))) for param in info.params]
    body = b"".join(struct.pack("<H", len(value)) for value in values) + b"".join(values)
    size = _HEADER.size + len(body)
    extra = build_options(options or [])
    data = _HEADER.pack(1, tid, size, info.id, len(values)) + body + extra
    event = Event(data, 0, _HEADER.size, len(values), info, 1, tid)
    event.size = size
    if extra:
        event.set_options(size, len(data))
    return event


def marker(tid: int, mark: int) -> Event:
    """Return the close that marks what follows."""
    return make_event(tid, "SYSCALL_CLOSE_X", {"res": number(-9), "fd": number(-1_000_000 - mark)})


def number(value: int, size: int = 8) -> bytes:
    """Return a number as events hold it."""
    return value.to_bytes(size, "little", signed=value < 0)


def write(path: str, events: list[Event]) -> str:
    """Write a capture of the events and return its path."""
    writer = SavefileWriter(path)
    writer.write_header(StateSource())
    writer.write_events(events)
    writer.close()
    return path
