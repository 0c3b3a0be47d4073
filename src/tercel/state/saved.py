"""The state in the form in which a capture file lists it, for a writer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tercel.capture.source import StateSource
from tercel.state import paths
from tercel.state.listed import fd_as_listed
from tercel.state.machine import Machine
from tercel.state.model import FdInfo, Interface, MachineInfo, ThreadInfo, User

# What a list of threads holds of each.
_LISTED: Final = (
    "pid", "ptid", "sid", "vpgid", "comm", "exe", "exepath", "args", "cwd", "fdlimit", "flags", "uid", "gid",
    "vmsize_kb", "vmrss_kb", "vmswap_kb", "pfmajor", "pfminor", "env", "vtid", "vpid", "cgroups", "root",
    "pidns_init_start_ts", "tty", "loginuid", "is_exe_writable", "cap_inheritable", "cap_permitted",
    "cap_effective", "is_exe_upper_layer", "exe_ino", "exe_ino_ctime", "exe_ino_mtime", "is_exe_from_memfd",
    "is_exe_lower_layer", "pgid", "group", "fds",
)  # fmt: skip


class SavedState(StateSource):
    """What a machine looks like now; what a list told and no event changed comes out as it came in."""

    def __init__(self, machine: Machine) -> None:
        """Look at a machine."""
        self._machine: Machine = machine

    def saved_info(self) -> MachineInfo:
        """Return the facts of the host."""
        return self._machine.info

    def saved_interfaces(self) -> Iterable[Interface]:
        """Return the addresses of the network interfaces."""
        return self._machine.interfaces.all

    def saved_users(self) -> Iterable[User]:
        """Return the accounts of the host."""
        return self._machine.accounts.users_of("")

    def saved_groups(self) -> Iterable[tuple[int, str]]:
        """Return (gid, name) of the host's groups."""
        return self._machine.accounts.groups_of("")

    def saved_threads(self) -> Iterable[ThreadInfo]:
        """Return the threads."""
        return [_as_listed(thread) for thread in self._machine.threads.values()]

    def saved_fds(self, thread: ThreadInfo) -> Iterable[tuple[int, FdInfo]]:
        """Return (number, descriptor) of the descriptors to list under a thread: a process's under its leader."""
        leader = thread.leader
        if leader is not None and leader.tid != thread.tid and leader.fds is thread.fds:
            return []
        return [(number, fd_as_listed(fd)) for number, fd in sorted(thread.fds.items())]


def _as_listed(thread: ThreadInfo) -> ThreadInfo:
    """Return a thread with what the list told of its directory and parent; the thread itself when that is the same."""
    is_same_cwd = thread.listed_cwd == thread.cwd or paths.directory(thread.listed_cwd) != thread.cwd
    if is_same_cwd and (thread.ptid != 0 or thread.listed_ptid <= 0):
        return thread
    copy = ThreadInfo(thread.tid)
    for name in _LISTED:
        setattr(copy, name, getattr(thread, name))
    if not is_same_cwd:
        copy.cwd = thread.listed_cwd
    if thread.ptid == 0 and thread.listed_ptid > 0:
        copy.ptid = thread.listed_ptid
    return copy
