"""A small machine for the tests of fields: threads and descriptors are put there, an event is shown, fields asked."""

from __future__ import annotations

import struct
from typing import Any

from tercel.events.event import Event
from tercel.events.table import EVENT_BY_ENUM, EVENTS
from tercel.events.types import EF_CREATES_FD, EF_DESTROYS_FD, EF_USES_FD
from tercel.fields.registry import Registry
from tercel.state.context import Context
from tercel.state.machine import Machine
from tercel.state.model import FdInfo, ThreadInfo

REGISTRY = Registry.syscall()
_FD_EVENTS = EF_CREATES_FD | EF_USES_FD | EF_DESTROYS_FD
NOW = 1_700_000_000_000_000_000


def encode(value: object, size: int) -> bytes:
    """Return a parameter's bytes: numbers in the size of their type, text with its NUL, None as nothing."""
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape") + b"\x00"
    assert isinstance(value, int)
    return (value % (1 << 8 * size)).to_bytes(size, "little")


def make_event(enum: str, *values: object, tid: int = 10, ts: int = NOW) -> Event:
    """Return an event of a type with the parameters given; the type may have more."""
    info = EVENTS[EVENT_BY_ENUM[enum]]
    params = [encode(value, info.params[index].size) for index, value in enumerate(values)]
    words = b"".join(len(param).to_bytes(info.length_size, "little") for param in params)
    size = 26 + len(words) + sum(map(len, params))
    header = struct.pack("<QqIHI", ts, tid, size, info.id, len(params))
    event = Event(header + words + b"".join(params), 0, 26, len(params), info, ts, tid)
    event.size = size
    return event


class Scene:
    """A machine and what is seen of it."""

    def __init__(self) -> None:
        """Start with an empty machine and an event of no thread."""
        self.machine: Machine = Machine()
        self.ctx: Context = self.machine.context
        self.show("SYSCALL_CLOSE_E")

    def thread(self, tid: int = 10, **values: Any) -> ThreadInfo:
        """Put a thread into the table; a process of its own unless `pid` says otherwise."""
        thread = ThreadInfo(tid)
        for name, value in {"pid": tid, "vtid": tid, "vpid": tid, "ptid": 0, "comm": "prog", **values}.items():
            setattr(thread, name, value)
        self.machine.add_thread(thread)
        return thread

    def fd(self, thread: ThreadInfo, number: int, kind: int, **values: Any) -> FdInfo:
        """Put a descriptor into a thread's table."""
        fd = FdInfo(kind)
        for name, value in values.items():
            setattr(fd, name, value)
        thread.fds[number] = fd
        return fd

    def show(
        self,
        enum: str,
        *values: object,
        thread: ThreadInfo | None = None,
        fd: FdInfo | None = None,
        fd_num: int = -1,
    ) -> Context:
        """Make the context show an event, its thread and its descriptor, without changing the machine."""
        ctx = self.ctx
        ctx.event = make_event(enum, *values, tid=-1 if thread is None else thread.tid)
        ctx.thread = thread
        ctx.fd = fd
        ctx.fd_num = fd_num
        ctx.is_fd_event = thread is not None and ctx.event.info.flags & _FD_EVENTS != 0
        ctx.is_paired = False
        ctx.made_enter = None
        ctx.fd_name_changed = False
        return ctx

    def value(self, text: str) -> object:
        """Return a field's value as conditions see it."""
        return REGISTRY.bind(text).extract(self.ctx)

    def shown(self, text: str) -> str | None:
        """Return a field's value as it is printed."""
        return REGISTRY.bind(text).shown(self.ctx)
