"""Which arguments of which system calls the probe looks at: a line per call, numbers are places of arguments.

Calls that are not listed are reported as they are, unless nobody needs them at all.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from tercel.capture.ebpf.guards import Guard, GuardDrop, GuardEffect, GuardKind
from tercel.capture.ebpf.rows import row_sources
from tercel.events.names import syscalls
from tercel.events.table import EVENT_BY_ENUM, EVENTS
from tercel.events.types import EF_UNUSED, ES_SYSCALL, PT_FD, PT_FDLIST
from tercel.state.dispatch import HANDLERS, KIND_TRANSFER, KINDS

# Calls that open a file by its path.
OPENS: Final[dict[str, Guard]] = {
    "open": Guard(GuardKind.OPEN, path=0, flags=1),
    "openat": Guard(GuardKind.OPEN, dirfd=0, path=1, flags=2),
    "openat2": Guard(GuardKind.OPEN, dirfd=0, path=1, flags=2, is_how=True),
}

# Calls that copy descriptors; those of one that does more are told by its command.
COPIES: Final[dict[str, Guard]] = {
    "dup": Guard(GuardKind.COPY, fd=0),
    "dup2": Guard(GuardKind.COPY, fd=0),
    "dup3": Guard(GuardKind.COPY, fd=0),
    "fcntl": Guard(GuardKind.COPY, GuardDrop.COMMAND, fd=0, flags=1),
    "fcntl64": Guard(GuardKind.COPY, GuardDrop.COMMAND, fd=0, flags=1),
}

CLOSE: Final = Guard(GuardKind.CLOSE, fd=0)

# Calls that send or receive over a socket, or may: where they have flags and an address, those that send may connect.
TRANSFERS: Final[dict[str, Guard]] = {
    "recvfrom": Guard(GuardKind.ON_FD, fd=0),
    "recvmsg": Guard(GuardKind.ON_FD, fd=0),
    "recv": Guard(GuardKind.ON_FD, fd=0),
    "sendto": Guard(GuardKind.ON_FD, fd=0, flags=3, path=4),
    "sendmsg": Guard(GuardKind.ON_FD, fd=0, flags=2),
    "send": Guard(GuardKind.ON_FD, fd=0, flags=3),
    "read": Guard(GuardKind.ON_FD, fd=0),
    "readv": Guard(GuardKind.ON_FD, fd=0),
    "write": Guard(GuardKind.ON_FD, fd=0),
    "writev": Guard(GuardKind.ON_FD, fd=0),
}

# Calls that change nothing that is known of a descriptor.
ON_FD: Final[dict[str, Guard]] = {
    name: Guard(GuardKind.ON_FD, fd=0)
    for name in (
        "pread64", "preadv", "pwrite64", "pwritev", "lseek", "_llseek", "ioctl", "fstat", "fstat64", "flock", "fchmod",
        "fchown", "setsockopt",
    )
}  # fmt: skip

# Calls that put descriptors into the state, the result or two behind an argument, or that tell the ends of one.
MAKES: Final[dict[str, Guard]] = {
    **{
        name: Guard(effect=GuardEffect.MAKES)
        for name in (
            "socket", "creat", "open_by_handle_at", "eventfd", "eventfd2", "signalfd", "signalfd4",
            "timerfd_create", "inotify_init", "inotify_init1", "epoll_create", "epoll_create1", "bpf", "userfaultfd",
            "io_uring_setup", "memfd_create", "pidfd_open", "pidfd_getfd",
        )
    },
    "accept": Guard(effect=GuardEffect.ACCEPTS),
    "accept4": Guard(effect=GuardEffect.ACCEPTS),
    "connect": Guard(effect=GuardEffect.CONNECTS, fd=0),
    "pipe": Guard(effect=GuardEffect.MAKES_PAIR, fd=0),
    "pipe2": Guard(effect=GuardEffect.MAKES_PAIR, fd=0),
    "socketpair": Guard(effect=GuardEffect.MAKES_PAIR, fd=3),
    "close_range": Guard(effect=GuardEffect.CLOSES_RANGE),
}  # fmt: skip

# Calls whose one effect on the state is the limits that some fields show.
LIMITS: Final = frozenset({"prlimit64", "setrlimit"})


@cache
def exit_types() -> dict[str, int]:
    """Return the exit event that reports each system call; calls of the generic event are left out."""
    return {
        call.name: call.enter_id + 1
        for call in syscalls()
        if call.enter_id > 0
        and EVENTS[call.enter_id + 1].source == ES_SYSCALL
        and not EVENTS[call.enter_id + 1].flags & EF_UNUSED
    }


def is_stateless(type_id: int) -> bool:
    """Return whether an event of a type changes nothing that is known."""
    return HANDLERS[type_id] is None and not KINDS[type_id] & KIND_TRANSFER


# Calls whose descriptor is the directory of a path.
_IN_DIRECTORIES: Final = frozenset(
    EVENT_BY_ENUM[f"SYSCALL_{name}_X"]
    for name in ("UNLINKAT_2", "MKDIRAT", "SYMLINKAT", "FCHMODAT", "FCHOWNAT", "NEWFSTATAT", "MKNODAT", "MKNOD")
)


@cache
def is_on_descriptor(type_id: int) -> bool:
    """Return whether an event of a type tells of descriptors that were there before, other than directories of paths.

    Opens, which have a directory at most, do not.
    """
    info = EVENTS[type_id]
    if type_id in _IN_DIRECTORIES:
        return False
    directories = {param.dirfd for param in info.params if param.dirfd >= 0}
    return any(
        param.type in (PT_FD, PT_FDLIST) and index not in directories
        for index, param in enumerate(info.params)
        if index
    )


@cache
def _descriptor_arguments() -> dict[int, int]:
    """Return by exit event which arguments of the call are descriptors, as bits: what the probe reports as such.

    Process ids are among them. A number that is both tells of a descriptor that is open, which does no harm.
    """
    found: dict[int, int] = {}
    for row in row_sources():
        mask = 0
        for step in row.steps:
            name, _, argument = step.partition(":")
            if name == "fd" and argument.isdecimal():
                mask |= 1 << int(argument)
        found[row.event] = mask
    return found


def descriptor_arguments(name: str) -> int:
    """Return which arguments of a call are descriptors, as bits."""
    type_id = exit_types().get(name)
    return 0 if type_id is None else _descriptor_arguments().get(type_id, 0)
