"""Made-up calls, one after the other, and which of them the simulation drops."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tercel.capture.ebpf.guards import (
    Guard,
    GuardDrop,
    GuardEffect,
    GuardKind,
    KernelPolicy,
    Masks,
    PathTables,
    Trie,
)
from tercel.events.event import Event
from tercel.events.table import EVENT_BY_ENUM, EVENTS
from tests.compat.simulate import Simulation
from tests.unit.state.build import Value, make_event

ALL: Final = (1 << 32) - 1
SHELL: Final = 10
# Flags as the capture format has them.
RDONLY, WRONLY, CREAT, TRUNC, DIRECTORY, TMPFILE = 1, 2, 4, 256, 1024, 8192
AT_FDCWD: Final = -100
FILES, NEWPID, PARENT, THREAD = 1, 64, 256, 1 << 13
F_DUPFD, F_GETFD, F_SETFD, F_DUPFD_CLOEXEC = 1, 2, 3, 26
UNKNOWN, FAILED, STREAM = GuardDrop.UNKNOWN, GuardDrop.FAILED, GuardDrop.STREAM

CLOSE: Final = Guard(GuardKind.CLOSE, UNKNOWN | FAILED, fd=0)
COPY: Final = Guard(GuardKind.COPY, UNKNOWN | FAILED, fd=0)
FCNTL: Final = replace(COPY, drops=UNKNOWN | FAILED | GuardDrop.COMMAND)
READ: Final = Guard(GuardKind.ON_FD, UNKNOWN | FAILED, fd=0)
TRANSFER: Final = Guard(GuardKind.ON_FD, STREAM, fd=0)
OPEN: Final = Guard(GuardKind.OPEN, path=0, flags=1)
OPENAT: Final = Guard(GuardKind.OPEN, dirfd=0, path=1, flags=2)
PATH: Final = Guard(GuardKind.PATH, path=0)
MAKES: Final = Guard(effect=GuardEffect.MAKES)
PAIR: Final = Guard(effect=GuardEffect.MAKES_PAIR, fd=0)

GUARDS: Final[dict[str, Guard]] = {
    "close": CLOSE,
    "dup": COPY,
    "dup2": COPY,
    "fcntl": FCNTL,
    "read": READ,
    "open": OPEN,
    "openat": OPENAT,
    "eventfd": MAKES,
    "socket": MAKES,
    "accept": Guard(effect=GuardEffect.ACCEPTS),
    "connect": Guard(effect=GuardEffect.CONNECTS, fd=0),
    "pipe": PAIR,
}


def trie(*texts: bytes, masks: Masks) -> Trie:
    """Return a trie of texts whose last states have these masks."""
    made = Trie()
    for text in texts:
        made.masks[made.state(text)] = masks
    return made


class Play:
    """Events of made-up calls, each after the other, and whether they were dropped."""

    def __init__(
        self,
        tables: PathTables | None = None,
        leaders: dict[int, int] | None = None,
        directories: frozenset[tuple[int, int]] = frozenset(),
        **guards: Guard,
    ) -> None:
        """Begin with the usual guards and others."""
        policy = KernelPolicy({**GUARDS, **guards}, tables or PathTables())
        self.simulation = Simulation(policy, leaders, directories)

    def event(self, event: Event) -> bool:
        """Return whether an event is dropped."""
        return self.simulation.verdict(event)

    def close(self, number: int, result: int = 0, tid: int = SHELL) -> bool:
        """Return whether a close is dropped."""
        return self.event(make_event("SYSCALL_CLOSE_X", result, number, tid=tid))

    def open(self, result: int, path: str = "/etc/hosts", flags: int = RDONLY, tid: int = SHELL) -> bool:
        """Return whether an open is dropped."""
        return self.event(make_event("SYSCALL_OPEN_X", result, path, flags, 0, 0, 0, tid=tid))

    def openat(self, result: int, dirfd: int, path: str) -> bool:
        """Return whether an openat is dropped."""
        return self.event(make_event("SYSCALL_OPENAT_2_X", result, dirfd, path, RDONLY, 0, 0, 0, tid=SHELL))

    def dup2(self, old: int, new: int, result: int | None = None) -> bool:
        """Return whether a dup2 is dropped."""
        made = make_event("SYSCALL_DUP2_X", new if result is None else result, old, new, tid=SHELL)
        return self.event(made)

    def fcntl(self, number: int, command: int | None, result: int = 0) -> bool:
        """Return whether an fcntl is dropped."""
        return self.event(make_event("SYSCALL_FCNTL_X", result, number, command, 0, tid=SHELL))

    def read(self, number: int, result: int = 1, tid: int = SHELL) -> bool:
        """Return whether a read is dropped."""
        return self.event(make_event("SYSCALL_READ_X", result, b"x", number, 1, tid=tid))

    def recv(self, number: int, result: int = 1) -> bool:
        """Return whether a recvfrom is dropped."""
        return self.event(make_event("SOCKET_RECVFROM_X", result, b"x", b"", number, 1, tid=SHELL))

    def socket(self, number: int, domain: int = 2, kind: int = 1, protocol: int = 0) -> bool:
        """Return whether a socket is dropped."""
        return self.event(make_event("SOCKET_SOCKET_X", number, domain, kind, protocol, 0, tid=SHELL))

    def connect(self, number: int, result: int = 0) -> bool:
        """Return whether a connect is dropped."""
        return self.event(make_event("SOCKET_CONNECT_X", result, b"", number, b"", tid=SHELL))

    def clone(self, result: int, tid: int, **others: Value) -> None:
        """Tell of a clone, by default of one by the first thread of a process that init started."""
        name = "SYSCALL_CLONE_20_X"
        usual: dict[str, Value] = {"pid": tid, "ptid": 1, "flags": 0, "vtid": tid, "comm": "sh"}
        given = {"res": result, "tid": tid, **usual, **others}
        values = [given.get(param.name, b"") for param in EVENTS[EVENT_BY_ENUM[name]].params]
        assert not self.event(make_event(name, *values, tid=tid))

    def exec(self, tid: int, pid: int, comm: str = "sh") -> None:
        """Tell of an exec."""
        name = "SYSCALL_EXECVE_19_X"
        given: dict[str, Value] = {"res": 0, "tid": tid, "pid": pid, "comm": comm}
        values = [given.get(param.name, b"") for param in EVENTS[EVENT_BY_ENUM[name]].params]
        assert not self.event(make_event(name, *values, tid=tid))

    def end(self, tid: int) -> None:
        """Tell of the end of a thread."""
        assert not self.event(make_event("PROCEXIT_1_E", 0, 0, 0, 0, 0, tid=tid))

    def told(self) -> list[tuple[int, str]]:
        """Return which files were announced in front of the last event, by number and path."""
        return [(event.int64(0), event.text(2)) for event in self.simulation.announced]

    def flock(self, number: int, result: int = 0, tid: int = SHELL) -> list[tuple[int, str]]:
        """Return what is announced in front of a call that is sent."""
        assert not self.event(make_event("SYSCALL_FLOCK_X", result, number, 0, tid=tid))
        return self.told()

    def knows(self, *numbers: int, tid: int = SHELL) -> list[bool]:
        """Return which descriptors are taken for known."""
        return [self.simulation.knows(tid, number) for number in numbers]
