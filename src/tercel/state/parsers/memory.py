"""What a process uses: memory, page faults, and how many descriptors it may open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mypy_extensions import i64

from tercel.events.convert import Resolved
from tercel.state.model import ThreadInfo

if TYPE_CHECKING:
    from collections.abc import Callable

    from tercel.state.machine import Machine

_RLIMIT_NOFILE: Final = 7


def parse_mapping(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of brk, mmap, mmap2 or munmap."""
    if args.has(3):
        thread.vmsize_kb = args.uint32(1)
        thread.vmrss_kb = args.uint32(2)
        thread.vmswap_kb = args.uint32(3)


def parse_switch(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take what the scheduler tells of the thread that it puts aside."""
    if args.has(5):
        thread.pfmajor = args.int64(1)
        thread.pfminor = args.int64(2)
        leader = thread.leader
        if leader is not None:
            leader.vmsize_kb = args.uint32(3)
            leader.vmrss_kb = args.uint32(4)
            leader.vmswap_kb = args.uint32(5)


def _set_limit(thread: ThreadInfo, limit: i64) -> None:
    leader = thread.leader
    if leader is not None:
        leader.fdlimit = limit


def parse_limit(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of getrlimit or setrlimit."""
    if args.int64(0, -1) >= 0 and args.has(3) and args.uint8(3) == _RLIMIT_NOFILE and args.has(1):
        _set_limit(thread, args.int64(1))


def parse_prlimit(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of prlimit, which may concern another process (0: the caller)."""
    if args.int64(0, -1) < 0 or not args.has(6) or args.uint8(6) != _RLIMIT_NOFILE:
        return
    limit: i64 = args.int64(1, -1)
    if limit == -1:
        return
    pid: i64 = args.int64(5)
    target = thread if pid == 0 else m.threads.get(pid)
    if target is not None:
        _set_limit(target, limit)


HANDLERS: Final[dict[str, Callable[[Machine, Resolved, ThreadInfo], None]]] = {
    "SYSCALL_BRK_4_X": parse_mapping,
    "SYSCALL_MMAP_X": parse_mapping,
    "SYSCALL_MMAP2_X": parse_mapping,
    "SYSCALL_MUNMAP_X": parse_mapping,
    "SCHEDSWITCH_6_E": parse_switch,
    "SYSCALL_GETRLIMIT_X": parse_limit,
    "SYSCALL_SETRLIMIT_X": parse_limit,
    "SYSCALL_PRLIMIT_X": parse_prlimit,
}
