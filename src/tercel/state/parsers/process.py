"""What happens to a process between its programs: exit, session, directories, reaping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mypy_extensions import i64

from tercel.events.convert import Resolved
from tercel.state import paths
from tercel.state.model import CL_INVERTED, ThreadInfo

if TYPE_CHECKING:
    from collections.abc import Callable

    from tercel.state.machine import Machine

_PR_SET_CHILD_SUBREAPER: Final = 36
_PR_GET_CHILD_SUBREAPER: Final = 37


def parse_procexit(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Mark a thread that exits; it leaves the table with the next event."""
    if thread.tid not in m.threads:
        return
    reaper: i64 = args.int64(4, -1)
    if reaper > 0:
        thread.reaper_tid = reaper
    m.table.let_go(args.event.ts)
    if thread.flags & CL_INVERTED and not thread.is_in_pidns:
        m.table.note_brief(thread.tid, args.event.ts)
    m.table.mark_dead(thread)
    m.remove_thread_later(thread.tid)


def parse_setsid(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Note the new session."""
    session: i64 = args.int64(0, -1)
    if session >= 0:
        thread.sid = session
        m.changed(thread)


def parse_chdir(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Change the working directory of the process."""
    if args.int64(0, -1) >= 0:
        _change_cwd(m, thread, args.text(1))


def parse_fchdir(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Change the working directory to that of a descriptor."""
    if args.int64(0, -1) < 0:
        return
    fd = m.context.fd
    if fd is not None:
        _change_cwd(m, thread, fd.name)


def parse_getcwd(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the working directory that the kernel told."""
    if args.int64(0, -1) >= 0 and args.has(1):
        _change_cwd(m, thread, args.text(1))


def _change_cwd(m: Machine, thread: ThreadInfo, path: str) -> None:
    leader = thread.leader
    if leader is not None:
        leader.cwd = paths.directory(paths.join(leader.cwd, path))
        m.changed(leader)


def parse_chroot(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Note the new root directory."""
    if args.int64(0, -1) >= 0:
        thread.root = paths.join(m.cwd(thread), args.text(1))
        m.resolve_container(thread)


def parse_prctl(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Note that a process takes over its orphaned descendants, or no longer does."""
    if args.int64(0, -1) < 0 or thread.group is None:
        return
    option: i64 = args.uint32(1)
    if option in (_PR_SET_CHILD_SUBREAPER, _PR_GET_CHILD_SUBREAPER):
        thread.group.is_reaper = args.int64(3) != 0


def parse_procinfo(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Note the processor time that a thread has used."""
    thread.cpu_user_before = thread.cpu_user
    thread.cpu_system_before = thread.cpu_system
    thread.cpu_user = args.int64(0)
    thread.cpu_system = args.int64(1)


HANDLERS: Final[dict[str, Callable[[Machine, Resolved, ThreadInfo], None]]] = {
    "PROCEXIT_1_E": parse_procexit,
    "SYSCALL_SETSID_X": parse_setsid,
    "SYSCALL_CHDIR_X": parse_chdir,
    "SYSCALL_FCHDIR_X": parse_fchdir,
    "SYSCALL_GETCWD_X": parse_getcwd,
    "SYSCALL_CHROOT_X": parse_chroot,
    "SYSCALL_PRCTL_X": parse_prctl,
    "PROCINFO_E": parse_procinfo,
}
