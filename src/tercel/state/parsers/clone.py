"""New threads and processes: clone, clone3, fork and vfork, told by the caller, by the child, or by both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mypy_extensions import i64

from tercel.events.convert import Resolved
from tercel.state.cgroups import cgroup_list
from tercel.state.model import (
    CL_CHILD_IN_PIDNS,
    CL_FILES,
    CL_INVERTED,
    CL_NEWPID,
    CL_PARENT,
    CL_THREAD,
    INVALID_ID,
    ThreadInfo,
)
from tercel.state.texts import text_list, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tercel.state.machine import Machine

# An entry younger than this was made by the other side of the same call; an older one is a left-over.
_STALE_NS: Final = 2_000_000_000

_NOT_OURS: Final = CL_CHILD_IN_PIDNS | CL_NEWPID | CL_PARENT


def parse_clone(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of a call that makes a thread: in the caller it returns the child's tid, in the child 0."""
    child_tid: i64 = args.int64(0, -1)
    if child_tid < 0:
        return
    if child_tid == 0:
        _from_child(m, args)
    else:
        _from_caller(m, args, child_tid)


def _from_caller(m: Machine, args: Resolved, child_tid: i64) -> None:
    caller = m.context.thread
    if caller is None:
        caller = m.find_thread(args.event.tid)
        m.context.thread = caller
        if caller is None:
            return
    is_known = not caller.is_invalid
    if not is_known:
        _learn_ids(m, caller, args)
    flags: i64 = args.uint32(15)
    # In another pid namespace, or in none, the child's number is not the one that its own events carry.
    if flags & _NOT_OURS or caller.is_in_pidns:
        return
    is_brief = m.table.was_brief(child_tid, args.event.ts)
    if _has_told(m, child_tid):
        return
    child = ThreadInfo(child_tid)
    child.flags = flags
    if flags & CL_THREAD:
        child.pid = caller.pid
        child.ptid = caller.ptid
        child.flags |= CL_FILES
    else:
        child.pid = child_tid
        child.ptid = caller.tid
        if is_known:
            _inherit_process(m, child, caller)
    child.vtid = child.tid
    child.vpid = child.pid
    _fill(m, child, args, caller)
    if is_known:
        _inherit(child, caller)
    else:
        _teach(m, caller, child)
    m.add_thread(child)
    if is_brief:
        m.table.linger(child_tid, args.event.ts)


def _has_told(m: Machine, child_tid: i64) -> bool:
    """Return whether a child told of its birth itself; another thread that had its number is taken out."""
    there = m.threads.get(child_tid)
    if there is None:
        return False
    if there.flags & CL_INVERTED:
        # Both sides have told of it now.
        there.flags &= ~CL_INVERTED
        return True
    m.counters.tid_collisions += 1
    m.remove_thread(child_tid)
    return False


def _learn_ids(m: Machine, thread: ThreadInfo, args: Resolved) -> None:
    """Give a thread of which nothing was known the ids that its own call tells."""
    m.changed(thread)
    thread.pid = args.int64(4, -1)
    thread.ptid = args.int64(5, -1)
    thread.vtid = args.int64(18, thread.tid)
    thread.vpid = args.int64(19, -1)
    m.table.link(thread)


def _from_child(m: Machine, args: Resolved) -> None:
    event = args.event
    m.table.is_born(event.tid)
    there = m.threads.get(event.tid)
    if there is not None:
        if not there.is_invalid and event.ts - there.clone_ts < _STALE_NS:
            m.context.thread = there
            return
        m.counters.tid_collisions += 1
        m.remove_thread(event.tid)
    child = ThreadInfo(event.tid)
    child.flags = args.uint32(15) | CL_INVERTED
    child.pid = args.int64(4, -1)
    child.ptid = args.int64(5, -1)
    child.vtid = args.int64(18, child.tid)
    child.vpid = args.int64(19, child.pid)
    if child.tid != child.pid:
        child.flags |= CL_THREAD | CL_FILES
    _fill(m, child, args, child)
    if child.is_in_pidns:
        child.pidns_init_start_ts = args.int64(20)
    _inherit_from_lookup(m, child)
    m.context.thread = child if m.add_thread(child) else None


def _inherit_from_lookup(m: Machine, child: ThreadInfo) -> None:
    """Let a child whose caller has not been heard yet inherit from its parent, a thread from its leader."""
    is_leader = not child.flags & CL_THREAD
    source = m.find_thread(child.ptid if is_leader else child.pid)
    if source is None:
        return
    if not source.is_invalid:
        if is_leader:
            _inherit_process(m, child, source)
        _inherit(child, source)
    elif not is_leader:
        m.changed(source)
        source.pid = child.pid
        source.ptid = child.ptid
        source.vtid = child.vpid
        source.vpid = child.vpid
        m.table.link(source)
        _teach(m, source, child)


def _inherit_process(m: Machine, child: ThreadInfo, parent: ThreadInfo) -> None:
    """Copy what a process has of its own: descriptors, working directory, environment."""
    m.table.copy_fds(parent, child)
    leader = parent.leader
    source = parent if leader is None else leader
    child.cwd = source.cwd
    child.env_list = source.env_list


def _inherit(child: ThreadInfo, source: ThreadInfo) -> None:
    """Copy what a call does not tell from the thread that made it."""
    child.exepath = source.exepath
    child.is_exe_writable = source.is_exe_writable
    child.is_exe_upper_layer = source.is_exe_upper_layer
    child.is_exe_lower_layer = source.is_exe_lower_layer
    child.is_exe_from_memfd = source.is_exe_from_memfd
    child.root = source.root
    child.sid = source.sid
    child.vpgid = source.vpgid
    child.pgid = source.pgid
    child.tty = source.tty
    child.loginuid = source.loginuid
    child.cap_permitted = source.cap_permitted
    child.cap_inheritable = source.cap_inheritable
    child.cap_effective = source.cap_effective
    child.exe_ino = source.exe_ino
    child.exe_ino_ctime = source.exe_ino_ctime
    child.exe_ino_mtime = source.exe_ino_mtime
    child.exe_ino_ctime_duration_clone_ts = source.exe_ino_ctime_duration_clone_ts
    child.exe_ino_ctime_duration_pidns_start = source.exe_ino_ctime_duration_pidns_start
    child.category = source.category
    if child.flags & CL_THREAD:
        child.lastexec_ts = source.lastexec_ts


def _teach(m: Machine, thread: ThreadInfo, child: ThreadInfo) -> None:
    """Let a thread of which nothing was known be called what its child is."""
    m.changed(thread)
    thread.comm = child.comm
    thread.exe = child.exe
    thread.arg_list = child.arg_list


def _fill(m: Machine, child: ThreadInfo, args: Resolved, caller: ThreadInfo) -> None:
    """Take what the event tells of the child itself, most of which it has of its caller."""
    child.exe = text_of(args.param(1))
    child.arg_list = text_list(args.param(2), caller.arg_list)
    child.comm = text_of(args.param(13)) if args.has(13) else child.exe
    child.fdlimit = args.int64(7, -1)
    child.pfmajor = args.int64(8)
    child.pfminor = args.int64(9)
    child.vmsize_kb = args.uint32(10)
    child.vmrss_kb = args.uint32(11)
    child.vmswap_kb = args.uint32(12)
    child.uid = args.uint32(16, INVALID_ID)
    child.gid = args.uint32(17, INVALID_ID)
    child.cgroup_list = cgroup_list(args.param(14), caller.cgroup_list)
    m.resolve_container(child)
    child.clone_ts = args.event.ts


HANDLERS: Final[dict[str, Callable[[Machine, Resolved, ThreadInfo], None]]] = {
    "SYSCALL_CLONE_20_X": parse_clone,
    "SYSCALL_FORK_20_X": parse_clone,
    "SYSCALL_VFORK_20_X": parse_clone,
    "SYSCALL_CLONE3_X": parse_clone,
}
