"""Calls that make, copy and close descriptors that are neither files nor sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mypy_extensions import i64

from tercel.events.convert import Resolved
from tercel.state.model import (
    CL_PIPE_DST,
    CL_PIPE_SRC,
    FD_BPF,
    FD_EVENT,
    FD_EVENTPOLL,
    FD_FIFO,
    FD_INOTIFY,
    FD_IOURING,
    FD_MEMFD,
    FD_PIDFD,
    FD_SIGNALFD,
    FD_TIMERFD,
    FD_USERFAULTFD,
    FdInfo,
    ThreadInfo,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tercel.state.machine import Machine

O_CLOEXEC: Final = 1 << 12

_F_DUPFD: Final = 1
_F_SETFD: Final = 3
_F_DUPFD_CLOEXEC: Final = 26
# The commands of fcntl that matter here.
FD_COMMANDS: Final = (_F_DUPFD, _F_SETFD, _F_DUPFD_CLOEXEC)
_FD_CLOEXEC: Final = 1

_MFD_CLOEXEC: Final = 1
_PIDFD_NONBLOCK: Final = 1
_O_NONBLOCK: Final = 1 << 6
_EPOLL_CLOEXEC: Final = 1
_CLOSE_RANGE_CLOEXEC: Final = 4

# Commands of bpf that return a descriptor: BPF_MAP_CREATE and BPF_PROG_LOAD.
_BPF_MAKES_FD: Final = frozenset({0, 5})


def _new(m: Machine, thread: ThreadInfo, number: i64, kind: i64, flags: i64, name: str) -> None:
    if number < 0:
        return
    fd = FdInfo(kind)
    fd.open_flags = flags
    fd.name = name
    m.open_fd(thread, number, fd)


def parse_close_enter(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Remember that a descriptor is being closed."""
    thread.fds.mark_closing(thread.last_fd, True)


def parse_close(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of close: the descriptor leaves with the next event, unless its number was given out anew."""
    fd = m.context.fd
    if fd is None:
        return
    if args.int64(0, -1) >= 0:
        if not m.context.is_paired or thread.fds.is_closing(thread.last_fd):
            m.remove_fd_later(thread, thread.last_fd)
    else:
        thread.fds.mark_closing(thread.last_fd, False)


def parse_close_range(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of close_range."""
    if args.int64(0, -1) < 0:
        return
    first: i64 = args.uint32(1)
    last: i64 = args.uint32(2)
    for number in thread.fds.numbers():
        if not first <= number <= last:
            continue
        if args.uint32(3) & _CLOSE_RANGE_CLOEXEC:
            fd = m.own_fd(thread, number)
            if fd is not None:
                fd.open_flags |= O_CLOEXEC
        else:
            m.remove_fd_later(thread, number)


def _copy(m: Machine, thread: ThreadInfo, source: i64, number: i64, flags: i64) -> None:
    """Put a copy of a descriptor into the table under another number."""
    old = m.context.fd
    if old is None:
        old = thread.fds.get(source)
    if number < 0 or old is None:
        return
    fd = old.copy()
    fd.is_cloned = False
    fd.open_flags = (fd.open_flags & ~O_CLOEXEC) | flags
    _note_pipe_end(thread, number, fd)
    m.open_fd(thread, number, fd)
    m.context.fd_name_changed = False


def _note_pipe_end(thread: ThreadInfo, number: i64, fd: FdInfo) -> None:
    """Note that a process reads its input from a pipe, or writes its output to one."""
    if fd.kind != FD_FIFO:
        return
    if number == 0:
        thread.flags |= CL_PIPE_DST
    elif number == 1:
        thread.flags |= CL_PIPE_SRC


def parse_dup(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of dup and dup2; the copy survives an exec."""
    _copy(m, thread, args.int64(1, thread.last_fd), args.int64(0, -1), 0)


def parse_dup3(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of dup3, which says whether the copy survives an exec."""
    _copy(m, thread, args.int64(1, thread.last_fd), args.int64(0, -1), args.uint32(3) & O_CLOEXEC)


def parse_fcntl(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of fcntl: it copies descriptors or sets whether they survive an exec."""
    result: i64 = args.int64(0, -1)
    if result < 0:
        return
    command: i64 = args.uint8(2) if args.has(2) else _entered_command(m)
    if command == _F_DUPFD:
        _copy(m, thread, thread.last_fd, result, 0)
    elif command == _F_DUPFD_CLOEXEC:
        _copy(m, thread, thread.last_fd, result, O_CLOEXEC)
    elif command == _F_SETFD and args.has(3):
        fd = m.own_fd(thread, thread.last_fd)
        if fd is not None:
            is_set = args.uint64(3) & _FD_CLOEXEC
            fd.open_flags = fd.open_flags | O_CLOEXEC if is_set else fd.open_flags & ~O_CLOEXEC


def _entered_command(m: Machine) -> int:
    """Return the command that fcntl was entered with, which the oldest exits do not repeat."""
    enter = m.context.enter
    return 0 if enter is None else enter.uint8(1)


def _pipe(m: Machine, args: Resolved, thread: ThreadInfo, flags: i64) -> None:
    if args.int64(0, -1) < 0:
        return
    inode: i64 = args.int64(3)
    for index in (1, 2):
        number: i64 = args.int64(index, -1)
        if number < 0:
            continue
        fd = FdInfo(FD_FIFO)
        fd.ino = inode
        fd.open_flags = flags
        m.open_fd(thread, number, fd)


def parse_pipe(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of pipe."""
    _pipe(m, args, thread, 0)


def parse_pipe2(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of pipe2."""
    _pipe(m, args, thread, args.uint32(4))


def parse_eventfd(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of eventfd."""
    _new(m, thread, args.int64(0, -1), FD_EVENT, 0, "")


def parse_eventfd2(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of eventfd2."""
    _new(m, thread, args.int64(0, -1), FD_EVENT, args.uint16(1), "")


def parse_signalfd(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of signalfd."""
    _new(m, thread, args.int64(0, -1), FD_SIGNALFD, 0, "")


def parse_signalfd4(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of signalfd4."""
    _new(m, thread, args.int64(0, -1), FD_SIGNALFD, args.uint16(1), "")


def parse_timerfd(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of timerfd_create."""
    _new(m, thread, args.int64(0, -1), FD_TIMERFD, 0, "")


def parse_inotify(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of inotify_init."""
    _new(m, thread, args.int64(0, -1), FD_INOTIFY, 0, "")


def parse_inotify1(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of inotify_init1."""
    _new(m, thread, args.int64(0, -1), FD_INOTIFY, args.uint16(1), "")


def parse_epoll(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of epoll_create."""
    _new(m, thread, args.int64(0, -1), FD_EVENTPOLL, 0, "")


def parse_epoll1(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of epoll_create1."""
    flags = O_CLOEXEC if args.uint32(1) & _EPOLL_CLOEXEC else 0
    _new(m, thread, args.int64(0, -1), FD_EVENTPOLL, flags, "")


def parse_bpf(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of bpf, which returns a descriptor for some commands."""
    event = args.event
    if event.param_size(0) == 9:
        # The oldest layout says with a byte in front whether a result or a descriptor follows.
        if event.param(0)[0] == 1:
            _new(m, thread, int.from_bytes(event.param(0)[1:], "little", signed=True), FD_BPF, 0, "")
        return
    enter = args.enter
    command: i64 = args.uint32(1, 0) if args.is_identity or enter is None else enter.int64(0)
    if command in _BPF_MAKES_FD:
        _new(m, thread, args.int64(0, -1), FD_BPF, 0, "")


def parse_userfaultfd(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of userfaultfd."""
    _new(m, thread, args.int64(0, -1), FD_USERFAULTFD, args.uint32(1), "")


def parse_io_uring(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of io_uring_setup."""
    _new(m, thread, args.int64(0, -1), FD_IOURING, 0, "")


def parse_memfd(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of memfd_create."""
    flags = O_CLOEXEC if args.uint32(2) & _MFD_CLOEXEC else 0
    _new(m, thread, args.int64(0, -1), FD_MEMFD, flags, args.text(1))


def parse_pidfd_open(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of pidfd_open."""
    number: i64 = args.int64(0, -1)
    if number < 0:
        return
    pid: i64 = args.int64(1, -1)
    flags = _O_NONBLOCK if args.uint32(2) & _PIDFD_NONBLOCK else 0
    _new(m, thread, number, FD_PIDFD, flags | O_CLOEXEC, f"/proc/{pid}")
    fd = m.context.fd
    if fd is not None:
        fd.pid = pid


def parse_pidfd_getfd(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of pidfd_getfd, which copies a descriptor of another process."""
    number: i64 = args.int64(0, -1)
    if number < 0:
        return
    pidfd = thread.fds.get(args.int64(1, -1))
    target = None if pidfd is None or pidfd.kind != FD_PIDFD else m.threads.get(pidfd.pid)
    found = None if target is None else target.fds.get(args.int64(2, -1))
    if found is None:
        return
    fd = found.copy()
    fd.is_cloned = False
    m.open_fd(thread, number, fd)


HANDLERS: Final[dict[str, Callable[[Machine, Resolved, ThreadInfo], None]]] = {
    "SYSCALL_CLOSE_E": parse_close_enter,
    "SYSCALL_CLOSE_X": parse_close,
    "SYSCALL_CLOSE_RANGE_X": parse_close_range,
    "SYSCALL_DUP_1_X": parse_dup,
    "SYSCALL_DUP2_X": parse_dup,
    "SYSCALL_DUP3_X": parse_dup3,
    "SYSCALL_FCNTL_X": parse_fcntl,
    "SYSCALL_PIPE_X": parse_pipe,
    "SYSCALL_PIPE2_X": parse_pipe2,
    "SYSCALL_EVENTFD_X": parse_eventfd,
    "SYSCALL_EVENTFD2_X": parse_eventfd2,
    "SYSCALL_SIGNALFD_X": parse_signalfd,
    "SYSCALL_SIGNALFD4_X": parse_signalfd4,
    "SYSCALL_TIMERFD_CREATE_X": parse_timerfd,
    "SYSCALL_INOTIFY_INIT_X": parse_inotify,
    "SYSCALL_INOTIFY_INIT1_X": parse_inotify1,
    "SYSCALL_EPOLL_CREATE_X": parse_epoll,
    "SYSCALL_EPOLL_CREATE1_X": parse_epoll1,
    "SYSCALL_BPF_2_X": parse_bpf,
    "SYSCALL_USERFAULTFD_X": parse_userfaultfd,
    "SYSCALL_IO_URING_SETUP_X": parse_io_uring,
    "SYSCALL_MEMFD_CREATE_X": parse_memfd,
    "SYSCALL_PIDFD_OPEN_X": parse_pidfd_open,
    "SYSCALL_PIDFD_GETFD_X": parse_pidfd_getfd,
}
