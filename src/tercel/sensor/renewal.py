"""Brings the table of threads in line with /proc: at the start, and after events were lost.

/proc is read while the machine goes on, and what was captured before that is gone through afterwards. So there are
events older than what is told here. They do no harm: each says what came of a call, and the last one of a thread or a
descriptor, or the state read later, is what stays. Only who is *born* in such an event must not begin again.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from tercel.capture.source import StateSink
from tercel.state.model import CL_INVERTED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tercel.capture.procfs.snapshot import ProcFs, SnapshotStats
    from tercel.state.machine import Machine
    from tercel.state.model import FdInfo, Interface, MachineInfo, ThreadInfo, User

# Whoever began so short a time ago (in ns) may still be told of as newly born.
_YOUNG: Final = 10_000_000_000


class Renewal(StateSink):
    """Tells a machine what /proc says, and takes out of its table who is gone."""

    def __init__(self, machine: Machine, procfs: ProcFs) -> None:
        """Nothing is read yet."""
        self._machine = machine
        self._procfs = procfs
        self._told: set[int] = set()
        self._keeps = False
        self._young_since = time.time_ns() - _YOUNG

    def complete(self) -> SnapshotStats:
        """Add the processes that the table does not have yet."""
        known = frozenset(self._machine.threads)
        self._keeps = True
        return self._procfs.tell(self, known)

    def complete_fds(self) -> None:
        """Add the descriptors that the table does not have yet; those that it has stay as they were opened."""
        machine = self._machine
        for thread in [thread for thread in machine.threads.values() if thread.is_main_thread]:
            for number, fd in self._procfs.read_fds(thread.pid):
                if thread.fds.get(number) is None:
                    machine.fd(thread.pid, number, fd)

    def renew(self) -> None:
        """Read everything again and remove the threads that are no longer there."""
        self.remove(self.refresh())

    def refresh(self) -> list[ThreadInfo]:
        """Read everything again; return the threads that /proc did not show."""
        self._procfs.tell(self)
        self._machine.metadata_done()
        return [thread for tid, thread in self._machine.threads.items() if tid not in self._told]

    def remove(self, threads: Iterable[ThreadInfo]) -> None:
        """Remove those of some threads that are still in the table and no longer there."""
        machine = self._machine
        for thread in threads:
            if machine.threads.get(thread.tid) is thread and self._procfs.read_thread(thread.tid) is None:
                machine.remove_thread(thread.tid)

    def machine_info(self, info: MachineInfo) -> None:
        """Pass the facts of the host on."""
        self._machine.machine_info(info)

    def interface(self, interface: Interface) -> None:
        """Pass an address on at the start; later the addresses stay as they are."""
        if self._keeps:
            self._machine.interface(interface)

    def user(self, user: User) -> None:
        """Pass an account on."""
        self._machine.user(user)

    def group(self, gid: int, name: str) -> None:
        """Pass a group on."""
        self._machine.group(gid, name)

    def thread(self, thread: ThreadInfo) -> None:
        """Pass a thread on, in place of what was known of it."""
        if self._keeps and thread.tid in self._machine.threads:
            return
        self._told.add(thread.tid)
        if thread.clone_ts >= self._young_since:
            # As if the thread itself had told of its birth: whoever started it has nothing to add.
            thread.flags |= CL_INVERTED
        self._machine.thread(thread)

    def fd(self, tid: int, number: int, fd: FdInfo) -> None:
        """Pass a descriptor on."""
        self._machine.fd(tid, number, fd)

    def wants_threads(self) -> bool:
        """Return whether the table has room."""
        return self._machine.wants_threads()
