"""Events as the programs of 2022 recorded them: each call told by an entry and an exit, in the layouts of that time.

Present sources report the exit of a call only, with everything that was known at its entry. sysdig 0.29.3, which
distributions ship, reads such exits, but takes descriptors, paths and sizes from entries that are not there, and ends
at the first event of a type that came later. Here the entry is made from the exit, and calls that got an event type
of their own since then are told by the one that they had before, if only by the one that says no more than the call's
name. What could not be recorded in those days is left out. How long a call took is not known: its entry has the time
of its exit.

Options of event blocks (comments, true lengths) are not carried over: that program takes such a block for the end.

Nearly all of it follows from the table that says where the parameters of an exit are found in older captures, read
backwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tercel.capture.savefile.compose import compose
from tercel.capture.source import StateSource
from tercel.events.convert import SOURCE_ENTER, plan_for
from tercel.events.event import Event
from tercel.events.names import syscall_name, syscall_numbers
from tercel.events.table import EVENT_BY_ENUM, EVENTS, EventInfo, ParamInfo
from tercel.events.types import (
    EF_UNUSED,
    PT_CHARBUF,
    PT_DYN,
    PT_FD,
    PT_FSPATH,
    PT_FSRELPATH,
    VARIABLE_SIZE,
)
from tercel.state.model import (
    FD_BPF,
    FD_IOURING,
    FD_MEMFD,
    FD_PIDFD,
    FD_UNSUPPORTED,
    FD_USERFAULTFD,
    FdInfo,
    Interface,
    MachineInfo,
    ThreadInfo,
    User,
)

# The last event type of 2022: later ones have higher numbers.
_LAST_KNOWN: Final = EVENT_BY_ENUM["SYSCALL_CLONE3_X"]
_GENERIC_ENTER: Final = EVENT_BY_ENUM["GENERIC_E"]
_GENERIC_EXIT: Final = EVENT_BY_ENUM["GENERIC_X"]
# The last number of a call that sysdig 0.29.3 has a name for; it does not survive higher ones.
_LAST_CALL: Final = 328

# Later exits of calls that were recorded under another type: that type, then the present names of the parameters of
# its exit and of its entry. A name that the present exit lacks stands for a value that is not known.
_OLDER: Final[dict[str, tuple[str, str, str]]] = {
    "SYSCALL_DUP_1_X": ("SYSCALL_DUP_X", "res", "oldfd"),
    "SYSCALL_DUP2_X": ("SYSCALL_DUP_X", "res", "oldfd"),
    "SYSCALL_DUP3_X": ("SYSCALL_DUP_X", "res", "oldfd"),
    "SYSCALL_PIPE2_X": ("SYSCALL_PIPE_X", "res fd1 fd2 ino", ""),
    "SYSCALL_EVENTFD2_X": ("SYSCALL_EVENTFD_X", "res", "initval flags"),
    "SYSCALL_INOTIFY_INIT1_X": ("SYSCALL_INOTIFY_INIT_X", "res", "flags"),
    "SYSCALL_SIGNALFD4_X": ("SYSCALL_SIGNALFD_X", "res", "fd mask flags"),
    "SOCKET_ACCEPT4_6_X": ("SOCKET_ACCEPT4_5_X", "fd tuple queuepct queuelen queuemax", "flags"),
    "SYSCALL_UMOUNT_1_X": ("SYSCALL_UMOUNT_X", "res name", "flags"),
    "SYSCALL_UMOUNT2_X": ("SYSCALL_UMOUNT_X", "res name", "flags"),
}
# Entry parameters that a known exit tells under another name.
_RENAMED: Final[dict[str, str]] = {"SYSCALL_EXECVEAT_E pathname": "trusted_exepath"}
# Entry parameters that name a program, with where the exits of their calls have its whole path.
_PROGRAMS: Final[dict[int, tuple[str, int]]] = {
    type_id: (name, EVENTS[type_id].param_index("trusted_exepath"))
    for type_id, name in (
        (EVENT_BY_ENUM["SYSCALL_EXECVE_19_X"], "filename"),
        (EVENT_BY_ENUM["SYSCALL_EXECVEAT_X"], "pathname"),
    )
}

# The exits of these are reported by the child too, which never entered the call.
_CLONES: Final[frozenset[int]] = frozenset(
    EVENT_BY_ENUM[name]
    for name in ("SYSCALL_CLONE_20_X", "SYSCALL_FORK_20_X", "SYSCALL_VFORK_20_X", "SYSCALL_CLONE3_X")
)
_UNKNOWN: Final = -1
_AT_FDCWD: Final = b"\x9c\xff\xff\xff\xff\xff\xff\xff"
# What has no value: readers of that time take the bytes that follow for it, whatever its length says.
_NO_TEXT: Final = b"\x00"
_NO_PATH: Final = b"(NULL)\x00"
_NO_CHOICE: Final = bytes(9)


class _Layout:
    """How the present exit of a call becomes an entry and an exit of 2022: which parameters go where."""

    def __init__(self, type_id: int, exit_places: list[int], enter_places: list[int], is_full: bool) -> None:
        """Keep the places, one for each parameter of the older exit and of the entry."""
        self.exit_info: EventInfo = EVENTS[type_id]
        self.enter_info: EventInfo = EVENTS[type_id - 1]
        self.exit_places: list[int] = exit_places
        self.enter_places: list[int] = enter_places
        # Whether the present exit says all that the entry said.
        self.is_full: bool = is_full


def _enter_places(enter: EventInfo, leave: EventInfo, told: dict[int, int]) -> list[int]:
    """Return where the exit has each parameter of the entry: where the table says, else under the same name."""
    places: list[int] = []
    for index, param in enumerate(enter.params):
        name = _RENAMED.get(f"{enter.enum} {param.name}", param.name)
        places.append(told.get(index, leave.param_index(name)))
    return places


def _told(type_id: int, count: int) -> dict[int, int]:
    """Return which parameters of the entry an exit of so many parameters lacks, with their present places."""
    plan = plan_for(type_id, count)
    sources = enumerate(plan.sources) if plan.target == type_id else []
    return {(SOURCE_ENTER - source) // 2: place for place, source in sources if source <= SOURCE_ENTER}


def _plain_layout(info: EventInfo) -> _Layout:
    """Return the layout of an exit whose type is the same: up to where what the entry said begins."""
    counts = [count for count in range(info.nparams) if _told(info.id, count)]
    # Among the layouts of old, the one to which only what the entry says was added is the last to lack it.
    fullest = max([len(_told(info.id, count)) for count in counts], default=0)
    count = max([count for count in counts if len(_told(info.id, count)) == fullest], default=info.nparams)
    places = _enter_places(EVENTS[info.id - 1], info, _told(info.id, count) if counts else {})
    return _Layout(info.id, list(range(count)), places, count < info.nparams)


def _older_layout(info: EventInfo) -> _Layout:
    """Return the layout of an exit that had another type."""
    enum, leave, enter = _OLDER[info.enum]
    exit_places = [info.param_index(name) for name in leave.split()]
    return _Layout(EVENT_BY_ENUM[enum], exit_places, [info.param_index(name) for name in enter.split()], True)


def _is_known(info: EventInfo) -> bool:
    return info.id <= _LAST_KNOWN and not info.flags & EF_UNUSED


def _is_entry(info: EventInfo) -> bool:
    return info.is_enter and not EVENTS[info.id + 1].flags & EF_UNUSED


def _known_call(event: Event) -> int:
    """Return the number of an event's call if the generic event can name it, else 0."""
    is_generic = event.type_id in (_GENERIC_ENTER, _GENERIC_EXIT)
    number: int = event.uint16(0) if is_generic else syscall_numbers().get(event.info.name, 0)
    return number if number <= _LAST_CALL else 0


def _make_layout(info: EventInfo) -> _Layout | None:
    if info.enum in _OLDER:
        return _older_layout(info)
    return _plain_layout(info) if _is_known(info) else None


def _fit(param: ParamInfo, value: bytes) -> bytes:
    """Return a value in the size that readers of that time expect."""
    if param.size != VARIABLE_SIZE:
        return value[: param.size].ljust(param.size, b"\x00")
    if value:
        return value
    if param.type in (PT_FSPATH, PT_FSRELPATH):
        return _NO_PATH
    if param.type == PT_CHARBUF:
        return _NO_TEXT
    return _NO_CHOICE if param.type == PT_DYN else value


def _value(event: Event, place: int, param: ParamInfo) -> bytes:
    if place == _UNKNOWN and param.type == PT_FD:
        return _AT_FDCWD
    program = _PROGRAMS.get(event.type_id)
    if program is not None and program[0] == param.name:
        return _program(event, place, program[1])
    return _fit(param, event.param(place))


def _program(event: Event, place: int, whole: int) -> bytes:
    """Return the name of the program that was to be executed: without one, the whole path of what was."""
    if event.int64(0) < 0:
        # The path is that of the program that goes on.
        return event.param(place) if place != whole and event.has(place) else _NO_PATH
    name = event.param(place) or event.param(whole)
    # 0.29 does not survive a success of execveat with any but a whole path.
    return b"/\x00" if place == whole and not name.startswith(b"/") else name or _NO_PATH


def _composed(event: Event, info: EventInfo, places: list[int]) -> Event:
    params = [_value(event, place, param) for place, param in zip(places, info.params, strict=False)]
    return _made(event, info.id, params)


def _generic(event: Event, call: int) -> list[Event]:
    """Return the events that say no more of a call than its name."""
    name = call.to_bytes(2, "little")
    return [_made(event, _GENERIC_ENTER, [name, bytes(2)]), _made(event, _GENERIC_EXIT, [name])]


def _made(event: Event, type_id: int, params: list[bytes]) -> Event:
    """Return an event with the time and place of another."""
    made = compose(type_id, params, event.ts, event.tid)
    made.cpu = event.cpu
    made.num = event.num
    made.flags = event.flags
    return made


class ClassicConverter:
    """Turns present events into those of 2022, one after the other; what cannot be told is counted by type."""

    def __init__(self) -> None:
        """Start with nothing left out."""
        self.left_out: dict[str, int] = {}
        # By event type: its layout, as far as it was asked for.
        self._layouts: dict[int, _Layout | None] = {}
        # By thread: the entry that was recorded and whose exit is awaited.
        self._entered: dict[int, int] = {}

    def convert(self, event: Event) -> list[Event]:
        """Return what to write for an event: nothing, itself, or an entry and an exit.

        Raises MalformedEventError when the event's parameters cannot be told apart.
        """
        info = event.info
        if info.id in (_GENERIC_ENTER, _GENERIC_EXIT) and not _known_call(event):
            return self._leave_out(syscall_name(event.uint16(0)) or info.name)
        if info.is_enter:
            return self._enter(event)
        layout = self._layout(info)
        return self._without_layout(event) if layout is None else self._exit(event, layout)

    def remarks(self) -> list[str]:
        """Return a sentence about what was left out."""
        if not self.left_out:
            return []
        names = ", ".join([f"{name} ({count})" for name, count in sorted(self.left_out.items())])
        return [f"{sum(self.left_out.values())} events that sysdig 0.29 cannot read were left out: {names}"]

    def _enter(self, event: Event) -> list[Event]:
        """Keep an entry that was recorded; the exit of such a call must not get another."""
        info = event.info
        if not _is_known(info):
            # The exits of calls tell all; other events have none.
            return [] if _is_entry(info) else self._leave_out(info.name)
        if _is_entry(info):
            self._entered[event.tid] = event.type_id
        return [_composed(event, info, list(range(min(event.nparams, info.nparams))))]

    def _exit(self, event: Event, layout: _Layout) -> list[Event]:
        is_entered = self._entered.pop(event.tid, _UNKNOWN) == event.type_id - 1
        is_same_type = layout.exit_info.id == event.type_id
        places = layout.exit_places[: event.nparams] if is_same_type else layout.exit_places
        leave = _composed(event, layout.exit_info, places)
        if is_entered or not self._has_entry(event, layout):
            return [leave]
        return [_composed(event, layout.enter_info, layout.enter_places), leave]

    def _without_layout(self, event: Event) -> list[Event]:
        call = _known_call(event)
        return _generic(event, call) if call else self._leave_out(event.info.name)

    def _has_entry(self, event: Event, layout: _Layout) -> bool:
        """Return whether the exit's call was entered by its thread and the exit says how."""
        if event.type_id in _CLONES and event.int64(0, -1) == 0:
            return False
        return not layout.is_full or event.nparams > len(layout.exit_places) or layout.exit_info.id != event.type_id

    def _layout(self, info: EventInfo) -> _Layout | None:
        if info.id not in self._layouts:
            self._layouts[info.id] = _make_layout(info)
        return self._layouts[info.id]

    def _leave_out(self, name: str) -> list[Event]:
        self.left_out[name] = self.left_out.get(name, 0) + 1
        return []


# Kinds of descriptors that are listed since then.
_LATER_FDS: Final[frozenset[int]] = frozenset({FD_BPF, FD_USERFAULTFD, FD_IOURING, FD_MEMFD, FD_PIDFD})


class ClassicState(StateSource):
    """Gives a writer the state without the kinds of descriptors that came later."""

    def __init__(self, state: StateSource) -> None:
        """Look at a state."""
        self._state: StateSource = state

    def saved_info(self) -> MachineInfo:
        """Return the facts of the host."""
        return self._state.saved_info()

    def saved_interfaces(self) -> Iterable[Interface]:
        """Return the addresses of the network interfaces."""
        return self._state.saved_interfaces()

    def saved_users(self) -> Iterable[User]:
        """Return the accounts of the host."""
        return self._state.saved_users()

    def saved_groups(self) -> Iterable[tuple[int, str]]:
        """Return (gid, name) of the host's groups."""
        return self._state.saved_groups()

    def saved_threads(self) -> Iterable[ThreadInfo]:
        """Return the threads."""
        return self._state.saved_threads()

    def saved_fds(self, thread: ThreadInfo) -> Iterable[tuple[int, FdInfo]]:
        """Return (number, descriptor) of the descriptors listed under a thread."""
        return [(number, _older_fd(fd)) for number, fd in self._state.saved_fds(thread)]


def _older_fd(fd: FdInfo) -> FdInfo:
    if fd.kind not in _LATER_FDS:
        return fd
    older = FdInfo(FD_UNSUPPORTED)
    older.name = fd.name
    older.ino = fd.ino
    return older
