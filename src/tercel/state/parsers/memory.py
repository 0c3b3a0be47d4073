"""What a process uses: memory, page faults, and how many descriptors it may open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from librt.strings import read_i32_le, read_i64_le
from mypy_extensions import i64

from tercel.events.convert import Resolved
from tercel.events.event import Event
from tercel.state.model import ThreadInfo

if TYPE_CHECKING:
    from collections.abc import Callable

    from tercel.state.machine import Machine

_RLIMIT_NOFILE: Final = 7

# Calls whose ends tell the sizes of the memory after the result.
MAPPINGS: Final = frozenset({"SYSCALL_BRK_4_X", "SYSCALL_MMAP_X", "SYSCALL_MMAP2_X", "SYSCALL_MUNMAP_X"})
# The usual layouts: bytes of the body, and the words with the lengths of the parameters read as one number.
_MAPPING_SIZE: Final = 8 + 20
_MAPPING_LENGTHS: Final = 8 | 4 << 16 | 4 << 32 | 4 << 48
_SWITCH_SIZE: Final = 12 + 36
_SWITCH_LENGTHS: Final = 8 | 8 << 16 | 8 << 32 | 4 << 48
_TWO_WORDS: Final = 4 | 4 << 16


def _is_plain(event: Event, size: i64, lengths: i64) -> bool:
    """Return whether an event has a body of `size` bytes and its first four parameters the given lengths."""
    return (
        event.size == event.header_size + size and read_i64_le(event.data, event.start + event.header_size) == lengths
    )


def _word(data: bytes, at: i64) -> i64:
    value: int = read_i32_le(data, at)
    return value & 0xFFFFFFFF


def note_mapping(event: Event, thread: ThreadInfo) -> bool:
    """Take the sizes that a call which changed the memory tells; False when the event has not its usual layout."""
    if event.nparams != 4 or not _is_plain(event, _MAPPING_SIZE, _MAPPING_LENGTHS):
        return False
    at: i64 = event.start + event.header_size + 16
    data = event.data
    thread.vmsize_kb = _word(data, at)
    thread.vmrss_kb = _word(data, at + 4)
    thread.vmswap_kb = _word(data, at + 8)
    return True


def parse_mapping(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of brk, mmap, mmap2 or munmap."""
    if note_mapping(args.event, thread) or not args.has(3):
        return
    thread.vmsize_kb = args.uint32(1)
    thread.vmrss_kb = args.uint32(2)
    thread.vmswap_kb = args.uint32(3)


def note_switch(event: Event, thread: ThreadInfo) -> bool:
    """Take what the scheduler tells of the thread that it puts aside; False when the event has not its usual layout."""
    if event.nparams != 6 or not _is_plain(event, _SWITCH_SIZE, _SWITCH_LENGTHS):
        return False
    at: i64 = event.start + event.header_size + 12
    data = event.data
    if read_i32_le(data, at - 4) != _TWO_WORDS:
        return False
    thread.pfmajor = read_i64_le(data, at + 8)
    thread.pfminor = read_i64_le(data, at + 16)
    leader = thread.leader
    if leader is not None:
        leader.vmsize_kb = _word(data, at + 24)
        leader.vmrss_kb = _word(data, at + 28)
        leader.vmswap_kb = _word(data, at + 32)
    return True


def parse_switch(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take what the scheduler tells of the thread that it puts aside."""
    if note_switch(args.event, thread) or not args.has(5):
        return
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
