"""Captures as they would be if they had been recorded without the entries of calls, as the probe records."""

from __future__ import annotations

import io
import struct
from pathlib import Path

from tercel.capture.savefile.reader import SavefileReader
from tercel.capture.savefile.writer import SavefileWriter
from tercel.events.convert import SOURCE_DEFAULT, SOURCE_ENTER, Resolved, plan_for
from tercel.events.event import Event, MalformedEventError
from tercel.events.table import EVENTS
from tercel.events.types import EF_UNUSED
from tercel.state.machine import Machine
from tercel.state.saved import SavedState

HEADER_SIZE = 26


def is_call_entry(event: Event) -> bool:
    """Return whether an event is the entry of a call, whose exit follows."""
    return event.info.is_enter and not EVENTS[event.info.id + 1].flags & EF_UNUSED


def exits_only(path: Path) -> bytes:
    """Return a capture without the entries of calls; its exits have all parameters of the present event table."""
    machine = Machine()
    machine.keeps_entries = True
    reader = SavefileReader(str(path), machine)
    target = io.BytesIO()
    writer = SavefileWriter(target)
    resolved = Resolved(reader.event)
    begun = False
    while reader.fill():
        if not begun:
            writer.write_header(SavedState(machine))
            begun = True
        while reader.advance():
            event = reader.event
            try:
                ctx = machine.process(event)
            except MalformedEventError:
                continue
            if not is_call_entry(event):
                resolved.bind(event, ctx.enter)
                writer.write_event(event if resolved.is_identity else _present(event, resolved))
    writer.close()
    return target.getvalue()


def _present(event: Event, resolved: Resolved) -> Event:
    """Return an exit in the present layout of its type."""
    info = EVENTS[resolved.target]
    sources = plan_for(event.type_id, event.nparams).sources
    params: list[bytes] = []
    for index, source in enumerate(sources):
        value = resolved.param(index)
        size = info.params[index].size
        is_zero = source == SOURCE_DEFAULT or (source <= SOURCE_ENTER and (SOURCE_ENTER - source) % 2 == 0)
        params.append(bytes(size) if not value and is_zero and size > 0 else value)
    words = b"".join(len(param).to_bytes(info.length_size, "little") for param in params)
    size = HEADER_SIZE + len(words) + sum(map(len, params))
    header = struct.pack("<QqIHI", event.ts, event.tid, size, info.id, len(params))
    made = Event(header + words + b"".join(params), 0, HEADER_SIZE, len(params), info, event.ts, event.tid)
    made.size = size
    made.cpu = event.cpu
    made.flags = event.flags
    return made
