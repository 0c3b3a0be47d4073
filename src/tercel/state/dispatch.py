"""What the state stage does with each event type, as tables by event id."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from tercel.events.convert import Resolved, present_type, reads_first_straight
from tercel.events.table import EVENT_BY_ENUM, EVENT_COUNT, EVENTS
from tercel.events.types import (
    EF_CREATES_FD,
    EF_DESTROYS_FD,
    EF_OLD_VERSION,
    EF_READS_FROM_FD,
    EF_SKIPPARSERESET,
    EF_USES_FD,
    EF_WRITES_TO_FD,
    PT_FD,
)
from tercel.state.parsers import (
    clone,
    containers,
    credentials,
    descriptors,
    execve,
    files,
    memory,
    process,
    sockets,
    transfers,
    users,
)
from tercel.state.parsers.direct import DIRECT, Calling, Handler, Parser

if TYPE_CHECKING:
    from tercel.state.machine import Machine

MetaHandler = Callable[["Machine", Resolved], None]

KIND_ENTER: Final = 1 << 0
KIND_USES_FD: Final = 1 << 1
KIND_KEEP_ENTER: Final = 1 << 2  # the exit needs what only the entry says
KIND_FD: Final = 1 << 3  # makes, uses or closes a descriptor: the descriptor's fields have a value
KIND_NO_LOOKUP: Final = 1 << 4  # an unknown thread is not made up for it
KIND_NO_THREAD: Final = 1 << 5
KIND_ASIDE: Final = 1 << 6  # told between the entry and the exit of a call, which stay a pair
KIND_HAS_RESULT: Final = 1 << 7
KIND_WANTS_ENTER: Final = 1 << 9  # an exit whose parser reads the entry
KIND_LATE_FD: Final = 1 << 8  # an exit that is about a descriptor only where exits carry all parameters
KIND_TRANSFER: Final = 1 << 10  # an exit that reads from a descriptor or writes to it

KIND_OWN_FD: Final = 1 << 11  # an exit that names its descriptor itself in every capture
KIND_DIRECTORY_FD: Final = 1 << 12  # an exit whose directory's descriptor is looked up
KIND_HANDLED: Final = 1 << 13  # a parser changes the tables
KIND_OLD_VERSION: Final = 1 << 14  # captures with such events have the entries of calls
KIND_LONG: Final = 1 << 15  # the lengths of parameters take four bytes

# Above the KIND_ bits, in the same number: the SKIM_ way, and the places of descriptors plus one (0: there is none).
SKIM_SHIFT: Final = 16
ENTER_FD_SHIFT: Final = 20
EXIT_FD_SHIFT: Final = 24
PLACE_MASK: Final = 0xF

# How an event that nobody looks at is taken: like any other, or with one of the short ways that have the same effect.
SKIM_NOT: Final = 0
SKIM_ENTER: Final = 1
SKIM_EXIT: Final = 2
SKIM_CLOSE_ENTER: Final = 3
SKIM_CLOSE: Final = 4
SKIM_SWITCH: Final = 5
SKIM_MAPPING: Final = 6
SKIM_SUCCESS: Final = 7  # an exit that changes nothing when its call failed
SKIM_ENDS: Final = 8  # a transfer that may tell the ends of a socket
SKIM_SEND_ENTER: Final = 9
SKIM_FCNTL: Final = 10

_TRANSFERS: Final = EF_READS_FROM_FD | EF_WRITES_TO_FD

_ENTER_FD: Final[dict[str, int]] = {"SYSCALL_MMAP_E": 4, "SYSCALL_MMAP2_E": 4, "SYSCALL_SPLICE_E": 1}

# Where the exits of the present layout carry the descriptor that they work on.
_EXIT_FD: Final[dict[int, str]] = {
    1: (
        "SYSCALL_SETNS SOCKET_LISTEN SOCKET_SHUTDOWN SYSCALL_FCHDIR SYSCALL_LSEEK SYSCALL_LLSEEK SYSCALL_IOCTL_3 "
        "SYSCALL_FSTAT SYSCALL_CLOSE SYSCALL_GETDENTS SYSCALL_GETDENTS64 SYSCALL_FLOCK SYSCALL_COPY_FILE_RANGE "
        "SYSCALL_FCNTL SYSCALL_DUP_1 SYSCALL_DUP2 SYSCALL_DUP3 SYSCALL_NEWFSTATAT SYSCALL_FCHOWNAT SYSCALL_FCHMODAT "
        "SYSCALL_MKDIRAT SYSCALL_UNLINKAT_2 SYSCALL_MKNODAT SOCKET_SENDMMSG SOCKET_RECVMMSG "
        "SYSCALL_IO_URING_REGISTER SYSCALL_IO_URING_ENTER SOCKET_SETSOCKOPT SOCKET_GETSOCKOPT SYSCALL_FSCONFIG "
        "SYSCALL_FINIT_MODULE SYSCALL_FCHMOD SYSCALL_FCHOWN"
    ),
    2: (
        "SYSCALL_READ SYSCALL_PREAD SOCKET_BIND SYSCALL_WRITE SYSCALL_PWRITE SOCKET_RECV SOCKET_SEND SOCKET_SENDTO "
        "SOCKET_SENDMSG SYSCALL_SENDFILE SYSCALL_SPLICE SYSCALL_WRITEV SYSCALL_PWRITEV SOCKET_CONNECT "
        "SYSCALL_SYMLINKAT"
    ),
    3: "SOCKET_RECVFROM SYSCALL_READV SYSCALL_PREADV",
    5: "SOCKET_RECVMSG",
    8: "SYSCALL_MMAP SYSCALL_MMAP2",
}

_KEEP_ENTER: Final = (
    "SYSCALL_OPEN SYSCALL_CREAT SYSCALL_OPENAT SYSCALL_OPENAT_2 SYSCALL_OPENAT2 SOCKET_SOCKET SOCKET_CONNECT "
    "SOCKET_SENDTO SOCKET_SENDMSG SYSCALL_EXECVE_18 SYSCALL_EXECVE_19 SYSCALL_EXECVEAT SOCKET_ACCEPT4 "
    "SOCKET_ACCEPT4_5 SYSCALL_FCNTL SYSCALL_SETNS SYSCALL_UNSHARE SYSCALL_SETUID SYSCALL_SETGID SYSCALL_SETRESUID "
    "SYSCALL_SETRESGID SYSCALL_PRLIMIT SYSCALL_SETRLIMIT SYSCALL_GETRLIMIT SYSCALL_MKDIR SYSCALL_RMDIR SYSCALL_LINK "
    "SYSCALL_LINKAT SYSCALL_UNLINK SYSCALL_UNLINKAT SYSCALL_SIGNALFD SYSCALL_TIMERFD_CREATE SYSCALL_EVENTFD "
    "SYSCALL_INOTIFY_INIT SOCKET_SOCKETPAIR SYSCALL_UMOUNT SYSCALL_BPF SYSCALL_BPF_2 SOCKET_SHUTDOWN "
    "SYSCALL_SETPGID SYSCALL_EPOLL_CREATE1 SOCKET_LISTEN SYSCALL_READ SYSCALL_PREAD SOCKET_BIND"
)

# Calls whose exits have parsers that look at the entry, in the present layout or in an old one.
_WANTS_ENTER: Final = (
    "SYSCALL_OPEN SYSCALL_CREAT SYSCALL_OPENAT SYSCALL_OPENAT_2 SYSCALL_OPENAT2 SOCKET_SOCKET SOCKET_CONNECT "
    "SOCKET_SENDTO SOCKET_SENDMSG SYSCALL_EXECVE_18 SYSCALL_EXECVE_19 SYSCALL_EXECVEAT SYSCALL_SETNS "
    "SYSCALL_UNSHARE SYSCALL_SETUID SYSCALL_SETGID SYSCALL_SETRESUID SYSCALL_SETRESGID SYSCALL_PRLIMIT "
    "SYSCALL_SETRLIMIT SYSCALL_GETRLIMIT SYSCALL_BPF SYSCALL_BPF_2"
)

# Exits that name their descriptor themselves in every capture.
_OWN_FD: Final = (
    "SYSCALL_COPY_FILE_RANGE_X",
    "SOCKET_GETSOCKOPT_X",
    "SYSCALL_FCHMOD_X",
    "SYSCALL_FCHOWN_X",
)
# Exits whose directory's descriptor is looked up, while the call's own number stays unknown.
_DIRECTORY_FD: Final = ("SYSCALL_NEWFSTATAT_X", "SYSCALL_MKNODAT_X")
# Exits that became about a descriptor when entries were given up.
_LATE_FD: Final = (
    "SYSCALL_MMAP_X",
    "SYSCALL_MMAP2_X",
    "SYSCALL_UNLINKAT_2_X",
    "SYSCALL_MKDIRAT_X",
    "SYSCALL_SYMLINKAT_X",
    "SYSCALL_FCHMODAT_X",
    "SYSCALL_FCHOWNAT_X",
)

_NO_LOOKUP: Final = ("clone", "clone3", "fork", "vfork", "switch", "procexit", "procinfo", "signaldeliver")
_ASIDE: Final = ("switch", "procinfo")
_META: Final = ("container", "useradded", "userdeleted", "groupadded", "groupdeleted", "asyncevent", "pluginevent")

# Handlers of events with a thread, by the type of the present layout.
_HANDLERS: Final[dict[str, Handler]] = {
    **clone.HANDLERS,
    **execve.HANDLERS,
    **process.HANDLERS,
    **files.HANDLERS,
    **descriptors.HANDLERS,
    **sockets.HANDLERS,
    **transfers.HANDLERS,
    **credentials.HANDLERS,
    **memory.HANDLERS,
}

_META_HANDLERS: Final[dict[str, MetaHandler]] = {**containers.HANDLERS, **users.HANDLERS}


# Exits that may change what is known of the process that told them.
_CHANGES_FACTS: Final = frozenset(
    {*clone.HANDLERS, *execve.HANDLERS, *credentials.HANDLERS}
    | {"SYSCALL_SETSID_X", "SYSCALL_CHDIR_X", "SYSCALL_FCHDIR_X", "SYSCALL_GETCWD_X", "SYSCALL_CHROOT_X"}
)


def _enter_fds() -> list[int]:
    places = [-1] * EVENT_COUNT
    for info in EVENTS:
        if info.is_enter and info.flags & EF_USES_FD and info.nparams:
            place = _ENTER_FD.get(info.enum, 0)
            if info.params[place].type == PT_FD:
                places[info.id] = place
    return places


def _exit_fds() -> list[int]:
    places = [-1] * EVENT_COUNT
    for place, names in _EXIT_FD.items():
        for name in names.split():
            places[EVENT_BY_ENUM[name + "_X"]] = place
    return places


def _kinds() -> list[int]:
    keep = {EVENT_BY_ENUM[name + "_E"] for name in _KEEP_ENTER.split()}
    wants = {EVENT_BY_ENUM[name + "_X"] for name in _WANTS_ENTER.split()}
    kinds: list[int] = []
    for info in EVENTS:
        kind = KIND_ENTER if info.is_enter else 0
        kind |= KIND_USES_FD if info.flags & EF_USES_FD else 0
        kind |= KIND_KEEP_ENTER if info.id in keep else 0
        kind |= KIND_WANTS_ENTER if info.id in wants else 0
        kind |= KIND_FD if info.flags & (EF_CREATES_FD | EF_USES_FD | EF_DESTROYS_FD) else 0
        kind |= KIND_NO_LOOKUP if info.name in _NO_LOOKUP else 0
        kind |= KIND_ASIDE if info.name in _ASIDE else 0
        kind |= KIND_TRANSFER if not info.is_enter and info.flags & _TRANSFERS else 0
        skips = bool(info.flags & EF_SKIPPARSERESET) and info.name not in _ASIDE
        kind |= KIND_NO_THREAD if info.name in _META or skips else 0
        kind |= KIND_LATE_FD if info.enum in _LATE_FD else 0
        kind |= KIND_OWN_FD if info.enum in _OWN_FD else 0
        kind |= KIND_DIRECTORY_FD if info.enum in _DIRECTORY_FD else 0
        kind |= KIND_OLD_VERSION if info.flags & EF_OLD_VERSION else 0
        kind |= KIND_LONG if info.length_size != 2 else 0
        kind |= KIND_HANDLED if HANDLERS[info.id] is not None else 0
        if not info.is_enter and info.nparams and info.params[0].name in ("res", "fd"):
            kind |= KIND_HAS_RESULT
        kinds.append(kind)
    return kinds


def _handlers() -> list[Handler | None]:
    by_id: dict[int, Handler] = {EVENT_BY_ENUM[name]: handler for name, handler in _HANDLERS.items()}
    return [by_id.get(present_type(type_id)) for type_id in range(EVENT_COUNT)]


def _parsers() -> list[Parser | None]:
    direct = {EVENT_BY_ENUM[name]: parser for name, parser in DIRECT.items()}
    found: list[Parser | None] = []
    for type_id, handler in enumerate(HANDLERS):
        parser = direct.get(present_type(type_id))
        found.append(parser if handler is None or parser is not None else Calling(handler))
    return found


def _meta_handlers() -> list[MetaHandler | None]:
    by_id: dict[int, MetaHandler] = {EVENT_BY_ENUM[name]: handler for name, handler in _META_HANDLERS.items()}
    return [by_id.get(type_id) for type_id in range(EVENT_COUNT)]


def _changes_facts() -> list[bool]:
    found = {EVENT_BY_ENUM[name] for name in _CHANGES_FACTS}
    return [present_type(type_id) in found or KINDS[type_id] & KIND_NO_THREAD != 0 for type_id in range(EVENT_COUNT)]


# Calls whose exits have parsers that do nothing when the call failed.
_ON_SUCCESS: Final = frozenset(
    {
        "SYSCALL_OPEN_X", "SYSCALL_CREAT_X", "SYSCALL_OPENAT_2_X", "SYSCALL_OPENAT2_X",
        "SYSCALL_OPEN_BY_HANDLE_AT_X", "SOCKET_SOCKET_X", "SOCKET_ACCEPT_5_X", "SOCKET_ACCEPT4_6_X",
        "SYSCALL_CHDIR_X", "SYSCALL_EXECVE_19_X", "SYSCALL_EXECVEAT_X",
    }
)  # fmt: skip


_SKIMS_BY_ENUM: Final[dict[str, int]] = {
    "SYSCALL_CLOSE_E": SKIM_CLOSE_ENTER,
    "SYSCALL_CLOSE_X": SKIM_CLOSE,
    "SYSCALL_FCNTL_X": SKIM_FCNTL,
    "SOCKET_SENDTO_E": SKIM_SEND_ENTER,
}


def _skim(type_id: int) -> int:
    enum = EVENTS[type_id].enum
    kind = KINDS[type_id]
    if enum == "SCHEDSWITCH_6_E":
        return SKIM_SWITCH
    if kind & (KIND_NO_THREAD | KIND_ASIDE):
        return SKIM_NOT
    if not kind & KIND_HANDLED:
        return SKIM_ENTER if kind & KIND_ENTER else SKIM_EXIT
    if not reads_first_straight(type_id):
        return SKIM_NOT
    if enum in _SKIMS_BY_ENUM:
        return _SKIMS_BY_ENUM[enum]
    if enum in memory.MAPPINGS:
        return SKIM_MAPPING
    if enum in transfers.HANDLERS and not kind & KIND_ENTER:
        return SKIM_ENDS
    return SKIM_SUCCESS if enum in _ON_SUCCESS else SKIM_NOT


def _skims() -> list[int]:
    return [_skim(type_id) for type_id in range(EVENT_COUNT)]


ENTER_FDS: Final[list[int]] = _enter_fds()
EXIT_FDS: Final[list[int]] = _exit_fds()
HANDLERS: Final[list[Handler | None]] = _handlers()
PARSERS: Final[list[Parser | None]] = _parsers()
KINDS: Final[list[int]] = _kinds()
META_HANDLERS: Final[list[MetaHandler | None]] = _meta_handlers()
SKIMS: Final[list[int]] = _skims()
# All of it in one number.
ACTIONS: Final[list[int]] = [
    KINDS[type_id]
    | SKIMS[type_id] << SKIM_SHIFT
    | ENTER_FDS[type_id] + 1 << ENTER_FD_SHIFT
    | EXIT_FDS[type_id] + 1 << EXIT_FD_SHIFT
    for type_id in range(EVENT_COUNT)
]
# Whether the parser of the type may call Machine.changed() for the event's own thread, or the event has none.
CHANGES_FACTS: Final[list[bool]] = _changes_facts()

EXECVEAT_ENTER: Final = EVENT_BY_ENUM["SYSCALL_EXECVEAT_E"]
EXECVE_EXIT: Final = EVENT_BY_ENUM["SYSCALL_EXECVE_19_X"]
GETSOCKOPT_EXIT: Final = EVENT_BY_ENUM["SOCKET_GETSOCKOPT_X"]
