"""A process becomes another program: execve and execveat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mypy_extensions import i64

from tercel.events.convert import Resolved
from tercel.events.event import Event
from tercel.events.table import EVENT_BY_ENUM
from tercel.state import paths
from tercel.state.category import categorise
from tercel.state.cgroups import cgroup_list
from tercel.state.model import (
    CL_ACTIVE,
    CL_INVERTED,
    CL_IS_MAIN_THREAD,
    CL_NAME_CHANGED,
    CL_PIPE_DST,
    CL_PIPE_SRC,
    INVALID_ID,
    ThreadInfo,
)
from tercel.state.texts import environment, text_list, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tercel.state.machine import Machine

EXE_WRITABLE: Final = 1
EXE_UPPER_LAYER: Final = 2
EXE_FROM_MEMFD: Final = 4
EXE_LOWER_LAYER: Final = 8

_AT_EMPTY_PATH: Final = 1 << 0
_KEPT_FLAGS: Final = CL_ACTIVE | CL_PIPE_SRC | CL_PIPE_DST | CL_IS_MAIN_THREAD | CL_INVERTED
_EXECVEAT_ENTER: Final = EVENT_BY_ENUM["SYSCALL_EXECVEAT_E"]
_DELETED: Final = " (deleted)"
_UNKNOWN: Final = "<NA>"


def parse_execve(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of an exec; a failed one changes nothing."""
    if args.int64(0, -1) < 0:
        return
    exepath = _exepath(m, args, thread)
    pid: i64 = args.int64(4, thread.pid)
    m.changed(thread)
    if thread.is_invalid or thread.group is None:
        _learn_ids(m, args, thread, pid)
    _fill_program(m, args, thread)
    _fill_ids(args, thread)
    # Descriptors marked to be closed stay in the table: the sensors that set the example keep them too.
    thread.exepath = exepath
    m.table.revive(thread)
    thread.flags = thread.flags & _KEPT_FLAGS | CL_ACTIVE | CL_NAME_CHANGED
    m.table.keep_only(thread)
    thread.lastexec_ts = args.event.ts
    m.table.recount_text(thread)
    categorise(m, thread)


def _learn_ids(m: Machine, args: Resolved, thread: ThreadInfo, pid: i64) -> None:
    """Give a thread of which nothing was known its ids."""
    thread.pid = pid
    if thread.ptid < 0:
        thread.ptid = args.int64(5, -1)
    if thread.vtid < 0:
        thread.vtid = thread.tid
    if thread.group is None:
        m.table.link(thread)


def _fill_program(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    thread.exe = text_of(args.param(1))
    thread.arg_list = text_list(args.param(2), thread.arg_list)
    thread.comm = text_of(args.param(13)) if args.has(13) else thread.exe
    thread.fdlimit = args.int64(7, thread.fdlimit)
    thread.pfmajor = args.int64(8, thread.pfmajor)
    thread.pfminor = args.int64(9, thread.pfminor)
    thread.vmsize_kb = args.uint32(10, thread.vmsize_kb)
    thread.vmrss_kb = args.uint32(11, thread.vmrss_kb)
    thread.vmswap_kb = args.uint32(12, thread.vmswap_kb)
    if args.has(14):
        thread.cgroup_list = cgroup_list(args.param(14), thread.cgroup_list)
        m.resolve_container(thread)
    thread.env_list = environment(args.param(15))
    thread.tty = args.uint32(16, thread.tty)


def _fill_ids(args: Resolved, thread: ThreadInfo) -> None:
    thread.vpgid = args.int64(17, thread.vpgid)
    thread.pgid = args.int64(28, thread.pgid)
    if args.has(18):
        thread.loginuid = args.uint32(18, INVALID_ID)
    flags: i64 = args.uint32(19)
    thread.is_exe_writable = flags & EXE_WRITABLE != 0
    thread.is_exe_upper_layer = flags & EXE_UPPER_LAYER != 0
    thread.is_exe_from_memfd = flags & EXE_FROM_MEMFD != 0
    thread.is_exe_lower_layer = flags & EXE_LOWER_LAYER != 0
    if args.has(22):
        thread.cap_inheritable = args.uint64(20)
        thread.cap_permitted = args.uint64(21)
        thread.cap_effective = args.uint64(22)
    if args.has(25):
        thread.exe_ino = args.int64(23)
        thread.exe_ino_ctime = args.int64(24)
        thread.exe_ino_mtime = args.int64(25)
        _set_durations(thread)
    thread.uid = args.uint32(26, thread.uid)
    thread.gid = args.uint32(29, thread.gid)


def _set_durations(thread: ThreadInfo) -> None:
    """Note how long the program's file had existed when the process, and when its namespace, began."""
    changed: i64 = thread.exe_ino_ctime
    if thread.clone_ts != 0:
        thread.exe_ino_ctime_duration_clone_ts = max(thread.clone_ts - changed, 0)
    start: i64 = thread.pidns_init_start_ts
    if start != 0 and changed > start:
        thread.exe_ino_ctime_duration_pidns_start = changed - start


def _exepath(m: Machine, args: Resolved, thread: ThreadInfo) -> str:
    """Return the program's path: as the kernel told it, else as the call named it, else `<NA>`."""
    path = text_of(args.param(27)) if args.has(27) else _path_of_entry(m, args, thread)
    return path.removesuffix(_DELETED) if path[-1:] == ")" else path


def _path_of_entry(m: Machine, args: Resolved, thread: ThreadInfo) -> str:
    enter = args.enter
    if enter is None:
        name = args.text(30)
        return paths.join(m.cwd(thread), name) if name else _UNKNOWN
    if enter.info.id == _EXECVEAT_ENTER:
        return _path_of_execveat(m, enter, thread)
    name = enter.text(0)
    if not name or name == _UNKNOWN:
        return _UNKNOWN
    return paths.join(m.cwd(thread), name)


def _path_of_execveat(m: Machine, enter: Event, thread: ThreadInfo) -> str:
    dirfd: i64 = enter.int64(0, -1)
    name = enter.text(1)
    flags: i64 = enter.uint32(2)
    if not name or name == _UNKNOWN:
        fd = thread.fds.get(dirfd)
        return fd.name if fd is not None and flags & _AT_EMPTY_PATH else _UNKNOWN
    return paths.join(m.directory_of(thread, dirfd, name), name)


HANDLERS: Final[dict[str, Callable[[Machine, Resolved, ThreadInfo], None]]] = {
    "SYSCALL_EXECVE_19_X": parse_execve,
    "SYSCALL_EXECVEAT_X": parse_execve,
}
