"""Makes events from values, for what no source reported: converted calls, and state that only events can carry."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from tercel.capture.savefile.blocks import EVENT_HEADER_V2
from tercel.capture.savefile.encode import number
from tercel.events.event import Event
from tercel.events.table import EVENTS

_LONGEST_SHORT: Final = 0xFFFF


def compose(type_id: int, params: list[bytes], ts: i64, tid: i64) -> Event:
    """Return an event of a type with the values of its parameters; what no length word can count is cut off."""
    info = EVENTS[type_id]
    if info.length_size == 2:
        params = [param[:_LONGEST_SHORT] for param in params]
    lengths = b"".join([number(len(param), info.length_size) for param in params])
    body = lengths + b"".join(params)
    size = EVENT_HEADER_V2 + len(body)
    head = number(ts, 8) + number(tid, 8) + number(size, 4) + number(type_id, 2) + number(len(params), 4)
    event = Event(head + body, 0, EVENT_HEADER_V2, len(params), info, ts, tid)
    event.size = size
    return event
