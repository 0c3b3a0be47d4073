"""Whom a thread acts for, and what it may do: user and group ids, capabilities, user namespaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mypy_extensions import i64

from tercel.events.convert import Resolved
from tercel.state.model import CL_NEWUSER, INVALID_ID, ThreadInfo

if TYPE_CHECKING:
    from collections.abc import Callable

    from tercel.state.machine import Machine

# All capabilities that the format knows: 41 bits.
ALL_CAPABILITIES: Final = (1 << 41) - 1


def _succeeded(args: Resolved) -> bool:
    return args.int64(0, -1) >= 0


def _changed(before: i64, args: Resolved, index: i64) -> i64:
    """Return the id that a call sets; -1 leaves the one before."""
    after: i64 = args.uint32(index, INVALID_ID)
    return before if after == INVALID_ID else after


def parse_setuid(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of setuid."""
    if _succeeded(args):
        thread.uid = _changed(thread.uid, args, 1)
        m.changed(thread)


def parse_setgid(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of setgid."""
    if _succeeded(args):
        thread.gid = _changed(thread.gid, args, 1)
        m.changed(thread)


def parse_seteuid(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of setresuid or setreuid: the effective id is the one that counts."""
    if _succeeded(args):
        thread.uid = _changed(thread.uid, args, 2)
        m.changed(thread)


def parse_setegid(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of setresgid or setregid."""
    if _succeeded(args):
        thread.gid = _changed(thread.gid, args, 2)
        m.changed(thread)


def parse_capset(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of capset."""
    if _succeeded(args):
        m.changed(thread)
        thread.cap_inheritable = args.uint64(1)
        thread.cap_permitted = args.uint64(2)
        thread.cap_effective = args.uint64(3)


def _enter_user_namespace(m: Machine, thread: ThreadInfo) -> None:
    """Give all capabilities, which a process has in a user namespace that it enters."""
    thread.cap_inheritable = ALL_CAPABILITIES
    thread.cap_permitted = ALL_CAPABILITIES
    thread.cap_effective = ALL_CAPABILITIES
    m.changed(thread)


def parse_unshare(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of unshare."""
    flags: i64 = args.uint32(1)
    if _succeeded(args) and flags & CL_NEWUSER:
        _enter_user_namespace(m, thread)


def parse_setns(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of setns."""
    flags: i64 = args.uint32(2)
    if _succeeded(args) and flags & CL_NEWUSER:
        _enter_user_namespace(m, thread)


HANDLERS: Final[dict[str, Callable[[Machine, Resolved, ThreadInfo], None]]] = {
    "SYSCALL_SETUID_X": parse_setuid,
    "SYSCALL_SETGID_X": parse_setgid,
    "SYSCALL_SETRESUID_X": parse_seteuid,
    "SYSCALL_SETREUID_X": parse_seteuid,
    "SYSCALL_SETRESGID_X": parse_setegid,
    "SYSCALL_SETREGID_X": parse_setegid,
    "SYSCALL_CAPSET_X": parse_capset,
    "SYSCALL_UNSHARE_X": parse_unshare,
    "SYSCALL_SETNS_X": parse_setns,
}
