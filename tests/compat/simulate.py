"""The probe's decisions in Python, over the exits of a capture: the reference for the probe and for policies.

What the probe takes from registers and from the kernel's structures is taken from the parameters of the events here.
Where they do not tell it, the event is sent. `probe/include/pushdown.h` has the same decisions in C.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

from tercel.capture.ebpf.guards import (
    GRAM_SIZE,
    NO_ARGUMENT,
    Guard,
    GuardDrop,
    GuardEffect,
    GuardKind,
    KernelPolicy,
    PathTables,
    Trie,
    combo,
)
from tercel.capture.ebpf.rows import row_sources
from tercel.capture.savefile.blocks import DUMP_STATE_ONLY, EVENT_HEADER_V2
from tercel.events.convert import present_type
from tercel.events.event import Event, MalformedEventError
from tercel.events.names import syscalls
from tercel.events.table import EVENT_BY_ENUM, EVENT_COUNT, EVENTS
from tercel.events.types import EF_CREATES_FD

# Descriptors that the probe keeps bits for; of all others it takes user space to know them.
NUMBERS: Final = 1024
_EVERY_COMBO: Final = (1 << 32) - 1
_ALL: Final = (1 << NUMBERS) - 1
LONGEST_PATH: Final = 127
# Files whose opens were dropped: as many are kept of a process, each in the slot of its number, with such paths.
SLOTS: Final = 32
LONGEST_KEPT: Final = 119
_FIRST_LETTER: Final = 0x20
_LAST_LETTER: Final = 0x7E

# How many parameters a step of the probe's rows makes, where that is more than one.
WIDE_STEPS: Final[dict[str, int]] = {"fd_pair": 2, "pair_peers": 2, "queue": 3, "memory": 3}
_FD_STEPS: Final = frozenset({"fd"})
_PATH_STEPS: Final = frozenset({"path"})
_FLAG_STEPS: Final = frozenset({"open_flags", "how"})
_PAIR_STEPS: Final = frozenset({"fd_pair"})

# Flags of opens in the numbers of the capture format, and what they are in the kernel.
_PORTABLE_ACCESS: Final = 3
_PORTABLE_CREAT: Final = 1 << 2
_PORTABLE_TRUNC: Final = 1 << 8
_PORTABLE_DIRECTORY: Final = 1 << 10
_PORTABLE_TMPFILE: Final = 1 << 13
_O_CREAT: Final = 0o100
_O_TRUNC: Final = 0o1000

# Commands of fcntl in the numbers of the capture format.
_F_DUPFD: Final = 1
_F_SETFD: Final = 3
_F_DUPFD_CLOEXEC: Final = 26
_F_COPIES: Final = frozenset({_F_DUPFD, _F_DUPFD_CLOEXEC})

# Flags of clone in the numbers of the capture format.
_CLONE_FILES: Final = 1 << 0
_CLONE_NEWPID: Final = 1 << 6
_CLONE_PARENT: Final = 1 << 8
_CLONE_THREAD: Final = 1 << 13

_CLOSE_RANGE_CLOEXEC: Final = 1 << 2
_AT_FDCWD: Final = -100

_EINPROGRESS: Final = 115
_AF_INET: Final = 2
_SOCK_STREAM: Final = 1
_SOCK_TYPE: Final = 0xF
_TCP: Final = frozenset({0, 6})

_FCNTL: Final = EVENT_BY_ENUM["SYSCALL_FCNTL_X"]
_CLOSE: Final = EVENT_BY_ENUM["SYSCALL_CLOSE_X"]
_CLOSE_RANGE: Final = EVENT_BY_ENUM["SYSCALL_CLOSE_RANGE_X"]
_SOCKET: Final = EVENT_BY_ENUM["SOCKET_SOCKET_X"]
_PROCESS_EXIT: Final = EVENT_BY_ENUM["PROCEXIT_1_E"]
_ACCEPTS: Final = frozenset({EVENT_BY_ENUM["SOCKET_ACCEPT_5_X"], EVENT_BY_ENUM["SOCKET_ACCEPT4_6_X"]})
_COPIES: Final = frozenset({EVENT_BY_ENUM[f"SYSCALL_{name}_X"] for name in ("DUP_1", "DUP2", "DUP3", "FCNTL")})
_OPENS: Final = frozenset(
    {EVENT_BY_ENUM[f"SYSCALL_{name}_X"] for name in ("OPEN", "OPENAT_2", "OPENAT2", "CREAT", "OPEN_BY_HANDLE_AT")}
)
_CLONES: Final = frozenset(
    {EVENT_BY_ENUM[f"SYSCALL_{name}_X"] for name in ("CLONE_20", "CLONE3", "FORK_20", "VFORK_20")}
)
_EXECS: Final = frozenset({EVENT_BY_ENUM[f"SYSCALL_{name}_X"] for name in ("EXECVE_19", "EXECVEAT")})
# Whose requests make and close descriptors that no call tells of.
_RINGS: Final = frozenset({EVENT_BY_ENUM[f"SYSCALL_IO_URING_{name}_X"] for name in ("SETUP", "ENTER")})
_ON_DIRECTORIES: Final = frozenset(
    {EVENT_BY_ENUM[f"SYSCALL_{name}_X"] for name in ("FCHDIR", "GETDENTS", "GETDENTS64")}
)
_ANNOUNCEMENT: Final = EVENT_BY_ENUM["SYSCALL_OPENAT_2_X"]
_OLD_TYPES: Final = frozenset(info.id for info in EVENTS if not info.is_enter and present_type(info.id) != info.id)

# How paths begin that do not go out from the directory of a descriptor.
_NOT_BELOW: Final = (b"", b"\0", b"/")

# Which open made a descriptor: the time of the event and its thread.
Opening = tuple[int, int]


class _File(NamedTuple):
    """What is behind a descriptor: whether it is an IPv4 TCP socket, and the open that made it."""

    is_stream: bool = False
    opening: Opening | None = None


_OTHER_FILE: Final = _File()


class _Kept(NamedTuple):
    """A file whose open was dropped: its number, which open it was, and what that told."""

    number: int
    opening: Opening
    path: bytes
    flags: int
    dev: bytes
    ino: bytes


class _Process:
    """A process: the bits that the probe keeps of its descriptors, and the files behind them as far as events tell.

    `kept` has the files whose opens were dropped, by slot; `comm` the program's name, None when it is not known.
    """

    __slots__ = ("comm", "files", "is_untracked", "kept", "known", "settled", "threads")

    def __init__(self, tid: int) -> None:
        """Begin with one thread, and everything known."""
        self.threads = {tid}
        self.files: dict[int, _File] = {}
        self.is_untracked = False
        self.known = _ALL
        self.settled = 0
        self.kept: dict[int, _Kept] = {}
        self.comm: bytes | None = None

    def forget(self) -> None:
        """Take everything for known again."""
        self.known = _ALL
        self.settled = 0
        self.kept.clear()

    def kept_at(self, number: int) -> _Kept | None:
        """Return what is kept of a descriptor that user space has no entry for."""
        kept = self.kept.get(number % SLOTS)
        return kept if kept is not None and kept.number == number and not self.knows(number) else None

    def drop_kept(self, number: int) -> None:
        """Free the slot of a number if it is its own."""
        kept = self.kept.get(number % SLOTS)
        if kept is not None and kept.number == number:
            del self.kept[number % SLOTS]

    def knows(self, number: int) -> bool:
        """Return whether user space may have an entry for a descriptor."""
        return self.is_untracked or not 0 <= number < NUMBERS or self.known >> number & 1 == 1

    def is_settled(self, number: int) -> bool:
        """Return whether nothing new is to be learned from transfers over a descriptor."""
        return not self.is_untracked and 0 <= number < NUMBERS and (self.known & self.settled) >> number & 1 == 1

    def add(self, number: int, is_settled: bool) -> None:
        """Note that user space has an entry."""
        if 0 <= number < NUMBERS:
            self.drop_kept(number)
            bit = 1 << number
            self.known |= bit
            self.settled = self.settled | bit if is_settled else self.settled & ~bit

    def remove(self, number: int) -> None:
        """Note that user space has no entry any more."""
        if 0 <= number < NUMBERS:
            keep = ~(1 << number)
            self.known &= keep
            self.settled &= keep


class _Caller(NamedTuple):
    """Where the events of a type that makes threads have what is needed of it."""

    pid: int
    ptid: int
    flags: int
    vtid: int
    comm: int


@cache
def _caller_places(type_id: int) -> _Caller:
    info = EVENTS[type_id]
    return _Caller(*(info.param_index(name) for name in ("pid", "ptid", "flags", "vtid", "comm")))


def _integer(event: Event, index: int) -> int | None:
    """Return a number that an event may have, as signed as its size says; None where it has none."""
    value = event.param(index) if index >= 0 else b""
    return int.from_bytes(value, "little", signed=True) if value else None


def _text(event: Event, index: int) -> bytes | None:
    """Return a text without its end, None where the event has none."""
    return event.param(index).partition(b"\0")[0] if event.has(index) else None


@cache
def _directory_places(type_id: int) -> tuple[tuple[int, int], ...]:
    """Return where an exit has descriptors of directories, and where the paths that begin there, -1 for none."""
    info = EVENTS[type_id]
    if type_id in _ON_DIRECTORIES:
        return ((info.param_index("fd"), -1),)
    return tuple([(param.dirfd, place) for place, param in enumerate(info.params) if param.dirfd >= 0])


def _directories_used(event: Event) -> list[int]:
    """Return the descriptors that can only be those of directories, seeing what a call does with them."""
    return [
        event.int64(place, -1)
        for place, path in _directory_places(event.type_id)
        if path < 0 or event.param(path)[:1] not in _NOT_BELOW
    ]


class _World:
    """Processes, threads and files, as far as the events of calls tell of them.

    `leaders` gives the main thread of each thread that is there from the start.
    """

    def __init__(self, leaders: Mapping[int, int]) -> None:
        """Begin with the threads that are there."""
        self._leaders: dict[int, int] = {}
        self._processes: dict[int, _Process] = {}
        # Which side of the call that made a process told of it first: the other side's event says nothing new.
        self._told: dict[int, bool] = {}
        for tid, pid in leaders.items():
            self._join(tid, pid)

    def of(self, tid: int) -> _Process:
        """Return the process of a thread; one that nobody told of is a process of its own."""
        pid = self._leaders.get(tid)
        process = self._processes.get(pid) if pid is not None else None
        return process if process is not None else self._join(tid, tid if pid is None else pid)

    def is_leader(self, tid: int) -> bool:
        """Return whether a thread is the main one of its process."""
        return self._leaders.get(tid) == tid

    def follow(self, event: Event) -> _Process:
        """Take in what an event tells of processes and files, and return the process that it is of."""
        type_id = event.type_id
        if type_id in _CLONES:
            self._clone(event)
        elif type_id == _PROCESS_EXIT:
            process = self.of(event.tid)
            self._end(event.tid)
            return process
        process = self.of(event.tid)
        if type_id in _EXECS:
            self._exec(event, process)
        elif type_id in _RINGS:
            process.is_untracked = True
        elif type_id in _OLD_TYPES:
            process.forget()
        else:
            _note_files(event, process)
        return process

    def _join(self, tid: int, pid: int) -> _Process:
        """Note that a thread belongs to a process, and return that."""
        if self._leaders.get(tid) != pid:
            self._leave(tid)
        self._leaders[tid] = pid
        process = self._processes.get(pid)
        if process is None:
            process = self._processes[pid] = _Process(tid)
        process.threads.add(tid)
        return process

    def _leave(self, tid: int) -> None:
        pid = self._leaders.pop(tid, None)
        process = self._processes.get(pid) if pid is not None else None
        if process is not None and pid is not None:
            process.threads.discard(tid)
            if not process.threads:
                del self._processes[pid]

    def _end(self, tid: int) -> None:
        self._leave(tid)
        self._told.pop(tid, None)

    def _clone(self, event: Event) -> None:
        places = _caller_places(event.type_id)
        result = _integer(event, 0)
        flags = event.uint32(places.flags)
        if result is None or result < 0:
            return
        if result == 0:
            pid = event.int64(places.pid, event.tid)
            if pid != event.tid:
                self._join(event.tid, pid)
                return
            self._begin(event.tid, event.int64(places.ptid, -1), event, is_child=True)
            return
        if flags & _CLONE_FILES and not flags & _CLONE_THREAD:
            self.of(event.tid).is_untracked = True
        # In another namespace the result is not the number that the child's events carry.
        if flags & _CLONE_NEWPID or event.int64(places.vtid, -1) != event.tid:
            return
        if flags & _CLONE_THREAD:
            self.of(event.tid)
            self._join(result, self._leaders[event.tid])
        else:
            self._begin(result, event.tid, event, is_child=False)

    def _begin(self, pid: int, parent_tid: int, event: Event, *, is_child: bool) -> None:
        """Make a process out of its parent, unless the other side of the call has told of it."""
        told = self._told.pop(pid, None)
        if told is not None and told != is_child:
            return
        self._told[pid] = is_child
        places = _caller_places(event.type_id)
        flags = event.uint32(places.flags)
        self._leave(pid)
        self._processes.pop(pid, None)
        child = self._join(pid, pid)
        child.is_untracked = flags & _CLONE_FILES != 0
        # A child made with CLONE_PARENT has another parent than the caller, whose descriptors it has.
        if parent_tid < 0 or parent_tid == pid or flags & _CLONE_PARENT:
            return
        parent = self.of(parent_tid)
        child.files = parent.files.copy()
        if child.is_untracked:
            parent.is_untracked = True
        elif len(parent.threads) == 1 and not parent.is_untracked:
            child.known = parent.known
            child.settled = parent.settled
            child.kept = parent.kept.copy()
            child.comm = parent.comm if parent.comm == _text(event, places.comm) else None

    def _exec(self, event: Event, process: _Process) -> None:
        """Note that a process runs another program: its other threads have ended, and some descriptors are closed."""
        if _integer(event, 0) != 0:
            return
        places = _caller_places(event.type_id)
        pid = event.int64(places.pid, event.tid)
        if pid != self._leaders[event.tid]:
            process = self._join(event.tid, pid)
        for tid in process.threads - {event.tid}:
            self._end(tid)
        process.comm = _text(event, places.comm)
        # Which of them are closed is not kept: sockets among them are taken for other files from here on.
        process.files = {number: _File(False, file.opening) for number, file in process.files.items()}


def _note_files(event: Event, process: _Process) -> None:
    """Note which files a call puts behind descriptors, or takes away."""
    type_id = event.type_id
    result = _integer(event, 0)
    if result is None or result < 0:
        return
    files = process.files
    if type_id == _CLOSE:
        files.pop(event.int64(1, -1), None)
    elif type_id == _CLOSE_RANGE:
        first, last = event.uint32(1), event.uint32(2)
        for number in [number for number in files if first <= number <= last]:
            del files[number]
    elif type_id in _COPIES:
        if type_id != _FCNTL or event.uint8(2) in _F_COPIES:
            files[result] = files.get(event.int64(1, -1), _OTHER_FILE)
    elif EVENTS[type_id].flags & EF_CREATES_FD:
        files[result] = _made_file(event)
        for index in _pair_places(type_id):
            files[event.int64(index, -1)] = _OTHER_FILE


def _made_file(event: Event) -> _File:
    type_id = event.type_id
    if type_id in _OPENS:
        return _File(False, (event.ts, event.tid))
    if type_id == _SOCKET:
        is_stream = event.uint32(1) == _AF_INET and event.uint32(2) & _SOCK_TYPE == _SOCK_STREAM
        return _File(is_stream and event.uint32(3) in _TCP)
    return _File(type_id in _ACCEPTS and event.param(1)[:1] == bytes([_AF_INET]))


@cache
def _steps(type_id: int) -> dict[tuple[str, int], int]:
    """Return where an exit has what the steps of its row make: places of parameters by step and index of argument."""
    places: dict[tuple[str, int], int] = {}
    for source in row_sources():
        if source.event == type_id:
            at = 0
            for step in source.steps:
                name, *numbers = step.split(":")
                if numbers and numbers[0].isdigit():
                    places.setdefault((name, int(numbers[0])), at)
                at += WIDE_STEPS.get(name, 1)
    return places


def place_of(type_id: int, steps: Iterable[str], argument: int) -> int:
    """Return which parameter of an exit one of the steps makes of an argument of the call; -1 when none does."""
    places = _steps(type_id)
    return next((places[name, argument] for name in steps if (name, argument) in places), -1)


@cache
def _pair_places(type_id: int) -> tuple[int, ...]:
    """Return where an exit has the two descriptors that the call made."""
    for (name, _), place in _steps(type_id).items():
        if name in _PAIR_STEPS:
            return place, place + 1
    return ()


@dataclass(frozen=True, slots=True)
class _Call:
    """A system call with its guard, and which parameters of its exits the guard is about; -1 where there is none."""

    name: str
    guard: Guard
    is_fcntl: bool
    fd: int
    path: int
    flags: int
    dirfd: int
    pair: tuple[int, ...]
    announces: tuple[int, ...]


class _Plan(NamedTuple):
    """What becomes of an event, and what it changes when it is sent: which descriptor is known then, or is not."""

    is_dropped: bool
    known: int = -1
    is_settled: bool = False
    unknown: int = -1


_DROP: Final = _Plan(True)
_SEND: Final = _Plan(False)
# So many arguments a call has at most.
_ARGUMENTS: Final = 6


def _calls_by_type() -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for call in syscalls():
        if call.enter_id > 0 and call.enter_id + 1 < EVENT_COUNT:
            found.setdefault(call.enter_id + 1, []).append(call.name)
    return found


def _guarded(policy: KernelPolicy) -> dict[int, _Call]:
    """Return by event type the calls that have guards; where several calls share a type, their guards must agree."""
    found: dict[int, _Call] = {}
    for type_id, names in _calls_by_type().items():
        guarded = [name for name in names if name in policy.guards]
        if guarded and len({policy.guards[name] for name in guarded}) == 1:
            found[type_id] = _call(type_id, guarded[0], policy.guards[guarded[0]])
    return found


def _call(type_id: int, name: str, guard: Guard) -> _Call:
    def place(steps: Iterable[str], argument: int) -> int:
        return -1 if argument == NO_ARGUMENT else place_of(type_id, steps, argument)

    return _Call(
        name,
        guard,
        type_id == _FCNTL,
        fd=place(_FD_STEPS, guard.fd),
        path=place(_PATH_STEPS, guard.path),
        flags=place(_FLAG_STEPS, guard.flags),
        dirfd=place(_FD_STEPS, guard.dirfd),
        pair=_pair_places(type_id),
        announces=tuple([place(_FD_STEPS, index) for index in range(_ARGUMENTS) if guard.announces >> index & 1]),
    )


def kernel_flags(flags: int) -> int:
    """Return the flags of an open that its combo has, out of those of the capture format, as the kernel has them."""
    made = (flags & _PORTABLE_ACCESS) - 1 & _PORTABLE_ACCESS
    made |= _O_CREAT if flags & _PORTABLE_CREAT else 0
    return made | (_O_TRUNC if flags & _PORTABLE_TRUNC else 0)


def is_judged(path: bytes) -> bool:
    """Return whether the probe judges a path by its bytes: others may name what they do not look like."""
    if not path.startswith(b"/") or path.endswith(b"/") or len(path) > LONGEST_PATH:
        return False
    if min(path) < _FIRST_LETTER or max(path) > _LAST_LETTER:
        return False
    return b"/." not in path and b"//" not in path and b"./" not in path


def path_combos(tables: PathTables, path: bytes, others: int = 0) -> int:
    """Return the combos for which some rule may match a path: those that the tables say, and `others`, less vetoes."""
    mask, veto = _walked(tables.forward, path)
    mask |= others
    state = 0
    mask |= tables.backward.masks[state][0]
    for byte in reversed(path):
        following = tables.backward.edges[state].get(byte)
        if following is None:
            break
        state = following
        mask |= tables.backward.masks[state][0]
    for at in range(len(path) - GRAM_SIZE + 1 if tables.grams else 0):
        mask |= tables.grams.get(path[at : at + GRAM_SIZE], 0)
    return mask & ~veto


def _walked(trie: Trie, path: bytes) -> tuple[int, int]:
    """Return what the forward trie finds in a path, and what it bars."""
    last_slash = path.rfind(b"/")
    state = 0
    mask, _, _, veto = trie.masks[0]
    for at, byte in enumerate(path):
        following = trie.edges[state].get(byte)
        if following is None:
            break
        state = following
        anywhere, at_end, in_dir, barred = trie.masks[state]
        mask |= anywhere
        veto |= barred
        if at == len(path) - 1:
            mask |= at_end
        if last_slash <= at:
            mask |= in_dir
    return mask, veto


class Simulation:
    """Says of exits, in their order, which ones the probe would not have sent under a policy.

    `leaders` gives the main thread of each thread that is there from the start (thread numbers); threads that no event
    told of are taken for processes. `directories` is what `directories_in` found in the same events: the probe sees at
    once what a capture shows later. `dropped` counts by the name of the call, `announced` has the events that the probe
    makes up in front of the one that was looked at last.
    """

    def __init__(
        self,
        policy: KernelPolicy,
        leaders: Mapping[int, int] | None = None,
        directories: frozenset[Opening] = frozenset(),
    ) -> None:
        """Begin with everything known, as when the probe is switched to the policy."""
        self.dropped: Counter[str] = Counter()
        self.announced: list[Event] = []
        self._world = _World(leaders or {})
        self._paths = policy.paths
        self._calls = _guarded(policy)
        self._directories = directories
        self._judges = {
            GuardKind.OPEN: self._open,
            GuardKind.PATH: self._path,
            GuardKind.CLOSE: self._close,
            GuardKind.COPY: self._copy,
            GuardKind.ON_FD: self._use,
        }

    def verdict(self, event: Event) -> bool:
        """Return whether the probe would have dropped an event, and take in what that changes."""
        self.announced = []
        try:
            process = self._world.follow(event)
            call = self._calls.get(event.type_id)
            return call is not None and self._is_dropped(call, event, process)
        except MalformedEventError:
            self._world.of(event.tid).forget()
        return False

    def knows(self, tid: int, number: int) -> bool:
        """Return whether user space may have an entry for a descriptor of a thread's process, by the probe's bits."""
        return self._world.of(tid).knows(number)

    def _is_dropped(self, call: _Call, event: Event, process: _Process) -> bool:
        result = _integer(event, 0)
        if result is None:
            return False
        judge = self._judges.get(call.guard.kind)
        is_needless = GuardDrop.ALL in call.guard.drops
        plan = _DROP if is_needless else judge(call, event, process, result) if judge is not None else _SEND
        if plan.is_dropped:
            self.dropped[call.name] += 1
            return True
        for place in call.announces:
            self._announce(event, process, _integer(event, place))
        process.add(plan.known, plan.is_settled)
        process.remove(plan.unknown)
        _take_effect(call, event, process, result)
        return False

    def _announce(self, event: Event, process: _Process, number: int | None, *, is_gone: bool = False) -> None:
        """Tell of a file whose open was dropped, if the descriptor leads to it still, or did so until now."""
        kept = None if number is None else process.kept_at(number)
        if kept is None:
            return
        if is_gone or process.files.get(kept.number, _OTHER_FILE).opening == kept.opening:
            self.announced.append(_announcement(event, kept))
            process.add(kept.number, is_settled=False)
        else:
            process.drop_kept(kept.number)

    def _close(self, call: _Call, event: Event, process: _Process, result: int) -> _Plan:
        if result < 0 and GuardDrop.FAILED in call.guard.drops:
            return _DROP
        number = _integer(event, call.fd)
        if number is None:
            return _SEND
        if self._is_unknown(call, process, number):
            if result >= 0:
                process.drop_kept(number)
            return _DROP
        # After a close that failed user space has the entry still.
        if result < 0:
            return _SEND
        self._announce(event, process, number, is_gone=True)
        return _Plan(False, unknown=number)

    def _copy(self, call: _Call, event: Event, process: _Process, result: int) -> _Plan:
        drops = call.guard.drops
        if call.is_fcntl and not event.has(2):
            return _SEND
        command = event.uint8(2) if call.is_fcntl else _F_DUPFD
        is_other = command != _F_SETFD and command not in _F_COPIES
        if (is_other and GuardDrop.COMMAND in drops) or (not is_other and result < 0 and GuardDrop.FAILED in drops):
            return _DROP
        old = _integer(event, call.fd)
        is_kept = old is not None and process.kept_at(old) is not None
        self._announce(event, process, old)
        if is_other or result < 0:
            return _SEND
        is_unknown = old is not None and not is_kept and self._is_unknown(call, process, old)
        if command == _F_SETFD:
            return _DROP if is_unknown else _SEND
        if old != result:
            # Whatever was there is not there any more.
            process.drop_kept(result)
        if is_unknown and not process.knows(result):
            return _DROP
        return _Plan(False, known=result, is_settled=old is not None and process.is_settled(old))

    def _use(self, call: _Call, event: Event, process: _Process, result: int) -> _Plan:
        drops = call.guard.drops
        if result < 0 and GuardDrop.FAILED in drops:
            return _DROP
        number = _integer(event, call.fd)
        if number is None:
            return _SEND
        if self._is_unknown(call, process, number):
            return _DROP
        if result < 0 or GuardDrop.STREAM not in drops:
            return _SEND
        is_stream = process.is_settled(number) and process.files.get(number, _OTHER_FILE).is_stream
        return _DROP if is_stream else _SEND

    @staticmethod
    def _is_unknown(call: _Call, process: _Process, number: int) -> bool:
        return GuardDrop.UNKNOWN in call.guard.drops and not process.knows(number)

    def _open(self, call: _Call, event: Event, process: _Process, result: int) -> _Plan:
        flags = event.uint32(call.flags) if event.has(call.flags) else None
        is_sent = flags is None or flags & (_PORTABLE_DIRECTORY | _PORTABLE_TMPFILE) != 0
        if not is_sent and flags is not None:
            is_sent = self._may_match(call, event, process, combo(result < 0, kernel_flags(flags)))
        if result < 0:
            # An open that failed is about the directory that it was to look in.
            return _SEND if is_sent or _names_directory(call, event) else _DROP
        if is_sent or process.knows(result) or (event.ts, event.tid) in self._directories:
            return _Plan(False, known=result)
        return _DROP if self._keep(call, event, process, result) else _Plan(False, known=result)

    def _keep(self, call: _Call, event: Event, process: _Process, number: int) -> bool:
        """Keep what was opened, to tell it when it is needed; return whether that can be done."""
        path = _path_of(call, event)
        other = process.kept.get(number % SLOTS)
        if path is None or len(path) > LONGEST_KEPT or (other is not None and other.number != number):
            return False
        info = event.info
        dev, ino = (event.param(info.param_index(name)) for name in ("dev", "ino"))
        flags = event.uint32(call.flags)
        process.kept[number % SLOTS] = _Kept(number, (event.ts, event.tid), path, flags, dev, ino)
        return True

    def _path(self, call: _Call, event: Event, process: _Process, result: int) -> _Plan:
        return _SEND if self._may_match(call, event, process, combo(result < 0)) else _DROP

    def _may_match(self, call: _Call, event: Event, process: _Process, place: int) -> bool:
        """Return whether some rule may match a call on a path, made in the way that a combo stands for."""
        guard = call.guard
        if guard.always >> place & 1:
            return True
        if not guard.maybe >> place & 1:
            return False
        path = _path_of(call, event)
        if path is None:
            return True
        named = self._program_combos(event, process) & guard.comms & 1 << place
        if not named and not guard.paths >> place & 1:
            return False
        return path_combos(self._paths, path, named) >> place & 1 == 1

    def _program_combos(self, event: Event, process: _Process) -> int:
        """Return the combos that rules ask for of a program; all of them where its name is not known."""
        if process.comm is None or process.is_untracked or not self._world.is_leader(event.tid):
            return _EVERY_COMBO
        return self._paths.comms.get(process.comm, 0)


def _names_directory(call: _Call, event: Event) -> bool:
    """Return whether a call names the descriptor of a directory, or may do so."""
    directory = _integer(event, call.dirfd)
    return call.guard.dirfd != NO_ARGUMENT and (directory is None or directory >= 0)


def _path_of(call: _Call, event: Event) -> bytes | None:
    """Return the path that a call names, None where it is not one that is judged."""
    if _names_directory(call, event):
        return None
    path = event.param(call.path).partition(b"\0")[0] if call.path >= 0 else b""
    return path if is_judged(path) else None


def _announcement(event: Event, kept: _Kept) -> Event:
    """Return the event that tells, in front of another one, of a file whose open was dropped."""
    info = EVENTS[_ANNOUNCEMENT]
    number = struct.pack("<q", kept.number)
    directory, mode = struct.pack("<q", _AT_FDCWD), bytes(4)
    params = (number, directory, kept.path + b"\0", struct.pack("<I", kept.flags), mode, kept.dev, kept.ino)
    words = b"".join([len(param).to_bytes(info.length_size, "little") for param in params])
    body = words + b"".join(params)
    size = EVENT_HEADER_V2 + len(body)
    head = struct.pack("<QqIHI", event.ts, event.tid, size, info.id, len(params))
    made = Event(head + body, 0, EVENT_HEADER_V2, len(params), info, event.ts, event.tid)
    made.size = size
    made.cpu = event.cpu
    made.flags = DUMP_STATE_ONLY
    return made


def _take_effect(call: _Call, event: Event, process: _Process, result: int) -> None:
    """Note the descriptors that a call made which was sent, and the connection whose ends it told."""
    effect = call.guard.effect
    if effect == GuardEffect.CONNECTS and result in (0, -_EINPROGRESS):
        number = _integer(event, call.fd)
        if number is not None and process.knows(number):
            process.add(number, is_settled=True)
    if result < 0:
        return
    if effect in (GuardEffect.MAKES, GuardEffect.ACCEPTS):
        process.add(result, is_settled=effect == GuardEffect.ACCEPTS)
    elif effect == GuardEffect.MAKES_PAIR:
        for index in call.pair:
            process.add(event.int64(index, -1), is_settled=False)
    elif effect == GuardEffect.CLOSES_RANGE and not event.uint32(3) & _CLOSE_RANGE_CLOEXEC:
        first, last = event.uint32(1), event.uint32(2)
        for number in [kept.number for kept in process.kept.values() if first <= kept.number <= last]:
            process.drop_kept(number)


def directories_in(events: Iterable[Event], leaders: Mapping[int, int] | None = None) -> frozenset[Opening]:
    """Return which opens made descriptors that are used as those of directories later on."""
    world = _World(leaders or {})
    found: set[Opening] = set()
    for event in events:
        try:
            process = world.follow(event)
            for number in _directories_used(event):
                opening = process.files.get(number, _OTHER_FILE).opening
                if opening is not None:
                    found.add(opening)
        except MalformedEventError:
            continue
    return frozenset(found)
