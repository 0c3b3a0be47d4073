"""Opens as the probe tells of them, calls on descriptors, and an independent reading of what a need admits."""

from __future__ import annotations

import os
from dataclasses import dataclass
from random import Random
from typing import Final

from tercel.capture.ebpf.guards import combo
from tercel.events import types
from tercel.events.table import EVENT_BY_ENUM, EVENTS, ParamInfo
from tercel.fields.registry import Registry
from tercel.pushdown.calls import exit_types
from tercel.pushdown.needs import EXACT, GRAM, IN_DIRECTORY, PREFIX, PROGRAM, SUFFIX, Need, Pattern
from tercel.state.context import Context
from tercel.state.dispatch import EXIT_FDS
from tercel.state.machine import Machine
from tercel.state.model import ThreadInfo
from tests.unit.engine.streams import random_value
from tests.unit.state.build import SECOND, Value, encode, make_event

REGISTRY: Final = Registry.syscall()
TID: Final = 10
CWD: Final = "/home/user/"
AT_FDCWD: Final = -100
OPEN: Final = EVENT_BY_ENUM["SYSCALL_OPEN_X"]
OPENAT: Final = EVENT_BY_ENUM["SYSCALL_OPENAT_2_X"]
OPENAT2: Final = EVENT_BY_ENUM["SYSCALL_OPENAT2_X"]
OPEN_TYPES: Final = {OPEN: "SYSCALL_OPEN_X", OPENAT: "SYSCALL_OPENAT_2_X", OPENAT2: "SYSCALL_OPENAT2_X"}

# Flags of open(2) with what stands for them in the capture format (events/tables/flags.txt); the modes of access go
# by another rule.
_PORTABLE: Final = {
    os.O_CREAT: 4,
    os.O_APPEND: 8,
    os.O_DSYNC: 16,
    os.O_EXCL: 32,
    os.O_NONBLOCK: 64,
    os.O_TRUNC: 256,
    os.O_DIRECT: 512,
    0o100000: 2048,
    os.O_CLOEXEC: 4096,
}
FREE_FLAGS: Final = (os.O_APPEND, os.O_DSYNC, os.O_SYNC, os.O_EXCL, os.O_NONBLOCK, os.O_DIRECT, os.O_CLOEXEC, 0o100000)
_SYNC: Final = 0o4010000
_CREATED: Final = 1 << 14
UPPER: Final = 1 << 15
LOWER: Final = 1 << 16


@dataclass(frozen=True)
class Open:
    """An open by a path: the event type, native flags, result, and what the kernel found."""

    type_id: int
    path: str
    flags: int = 0
    result: int = 4
    mode: int = 0o644
    is_created: bool = False
    layer: int = 0
    inode: int = 77

    @property
    def combo(self) -> int:
        """How the probe tells it from others."""
        return combo(self.result < 0, self.flags)

    def values(self) -> list[Value]:
        """Return the parameters of its exit."""
        flags = portable(self.flags)
        mode = self.mode if self.flags & os.O_CREAT else 0
        if self.result >= 0:
            flags |= self.layer | (_CREATED if self.is_created and self.flags & os.O_CREAT else 0)
        device: list[Value] = [0x801, self.inode] if self.result >= 0 else [0, 0]
        if self.type_id == OPEN:
            return [self.result, self.path, flags, mode, *device]
        how: list[Value] = [0] if self.type_id == OPENAT2 else []
        return [self.result, AT_FDCWD, self.path, flags, mode, *how, *device]


def portable(native: int) -> int:
    """Return flags as events have them."""
    made = (native + 1) & 3
    for bit, shown in _PORTABLE.items():
        made |= shown if native & bit else 0
    return made | (128 if native & _SYNC == _SYNC else 0)


class World:
    """A machine with a process 10, child of 1; each event is a step of its clock."""

    def __init__(self) -> None:
        """Start with both processes and no descriptor."""
        self.machine: Machine = Machine()
        self.clock = SECOND
        self.count = 0
        for tid, parent, name in ((1, 0, "init"), (TID, 1, "cat")):
            thread = ThreadInfo(tid)
            thread.pid = thread.vtid = thread.vpid = tid
            thread.ptid = parent
            thread.comm = name
            thread.exe = thread.exepath = "/bin/" + name
            thread.cwd = CWD
            thread.clone_ts = 1
            self.machine.thread(thread)
        self.machine.metadata_done()

    @property
    def thread(self) -> ThreadInfo:
        """The process."""
        return self.machine.threads[TID]

    def event(self, enum: str, *values: Value, tid: int = TID) -> Context:
        """Feed an event."""
        self.clock += 1000
        self.count += 1
        return self.machine.process(make_event(enum, *values, tid=tid, ts=self.clock, num=self.count))

    def open(self, made: Open) -> Context:
        """Feed the exit of an open."""
        return self.event(OPEN_TYPES[made.type_id], *made.values())


EXITS: Final = tuple(sorted(set(exit_types().values())))
# What files fail in: calls on sockets.
FOR_SOCKETS: Final = frozenset(type_id for type_id in EXITS if EVENTS[type_id].enum.startswith("SOCKET_"))
NO_SOCKET: Final = -88
# Exits whose descriptor is the event's own.
ON_DESCRIPTOR: Final = tuple(type_id for type_id in EXITS if EXIT_FDS[type_id] > 0)


def waited_for(*numbers: int) -> bytes:
    """Return a list of descriptors as poll has it."""
    items = b"".join(number.to_bytes(8, "little") + b"\x01\x00" for number in numbers)
    return len(numbers).to_bytes(2, "little") + items


def parameter(random: Random, type_id: int, param: ParamInfo, number: int) -> bytes:
    """Return some value of a parameter; of each descriptor, this number."""
    first = EVENTS[type_id].params[0]
    if param is first and param.type in (types.PT_ERRNO, types.PT_FD):
        return encode(param, random.choice((0, 0, 0, 8, 12, -1, -2, -13, -100, -4095)))
    if param.type == types.PT_FDLIST:
        return waited_for(*random.choice(((number,), (number, 7), (7, number))))
    if param.type == types.PT_FD:
        return encode(param, number)
    if param.type in (types.PT_FSPATH, types.PT_FSRELPATH):
        return encode(param, random.choice(("/etc/x", "here/x", "")))
    return random_value(random, param, [TID])


def exit_of(random: Random, type_id: int, number: int, **values: Value) -> list[Value]:
    """Return the parameters of an exit that is about a descriptor; `values` are those that are given, by name."""
    return [
        encode(param, values[param.name]) if param.name in values else parameter(random, type_id, param, number)
        for param in EVENTS[type_id].params
    ]


def on_file(random: Random, type_id: int, number: int) -> list[Value]:
    """Return the parameters of the exit of a call on a file."""
    values = exit_of(random, type_id, number)
    if type_id in FOR_SOCKETS:
        values[0] = encode(EVENTS[type_id].params[0], NO_SOCKET)
    return values


def has(pattern: Pattern, path: bytes, program: bytes = b"cat") -> bool:
    """Return whether a path has what a pattern asks for, or a program the name."""
    text = pattern.text
    if pattern.kind == PROGRAM:
        return program == text
    if pattern.kind == EXACT:
        return path == text
    if pattern.kind == IN_DIRECTORY:
        return path[: len(text)] == text and b"/" not in path[len(text) :]
    if pattern.kind == PREFIX:
        return path[: len(text)] == text
    if pattern.kind == SUFFIX:
        return path[-len(text) :] == text
    assert pattern.kind == GRAM
    assert len(text) == 4
    return any(path[at : at + 4] == text for at in range(len(path)))


def admits(need: Need, number: int, path: bytes) -> bool:
    """Return whether a need lets a call of a combo on a path pass."""
    if need.always >> number & 1:
        return True
    return any(mask >> number & 1 and has(pattern, path) for pattern, mask in need.patterns.items())


def is_judged(path: str) -> bool:
    """Return whether the probe judges a path; others are reported."""
    return (
        0 < len(path) <= 127
        and path[0] == "/"
        and path[-1] != "/"
        and not any(part in path for part in ("//", "/.", "./"))
        and all(" " <= letter <= "~" for letter in path)
    )
