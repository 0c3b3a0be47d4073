"""Brings the table of threads in line with /proc: at the start, and after events were lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tercel.capture.source import StateSink

if TYPE_CHECKING:
    from tercel.capture.procfs.snapshot import ProcFs
    from tercel.state.machine import Machine
    from tercel.state.model import FdInfo, Interface, MachineInfo, ThreadInfo, User


class Renewal(StateSink):
    """Tells a machine what /proc says, and takes out of its table who is gone."""

    def __init__(self, machine: Machine, procfs: ProcFs) -> None:
        """Nothing is read yet."""
        self._machine = machine
        self._procfs = procfs
        self._told: set[int] = set()
        self._keeps = False

    def complete(self) -> None:
        """Add the processes that the table does not have yet."""
        known = frozenset(self._machine.threads)
        self._keeps = True
        self._procfs.tell(self, known)

    def renew(self) -> None:
        """Read everything again and remove the threads that are no longer there."""
        self._procfs.tell(self)
        self._machine.metadata_done()
        for tid in [tid for tid in self._machine.threads if tid not in self._told]:
            if self._procfs.read_thread(tid) is None:
                self._machine.remove_thread(tid)

    def machine_info(self, info: MachineInfo) -> None:
        """Pass the facts of the host on."""
        self._machine.machine_info(info)

    def interface(self, interface: Interface) -> None:
        """Leave the addresses as they are."""

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
        self._machine.thread(thread)

    def fd(self, tid: int, number: int, fd: FdInfo) -> None:
        """Pass a descriptor on."""
        self._machine.fd(tid, number, fd)

    def wants_threads(self) -> bool:
        """Return whether the table has room."""
        return self._machine.wants_threads()
