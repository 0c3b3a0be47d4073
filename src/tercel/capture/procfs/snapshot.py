"""The snapshot: what runs on the machine now, told to whoever keeps the state."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from tercel.capture.procfs import accounts, host, interfaces
from tercel.capture.procfs.descriptors import FdReader
from tercel.capture.procfs.files import namespace
from tercel.capture.procfs.process import Damaged, Process, ProcessReader, shared_part
from tercel.capture.source import CaptureError, StateSink
from tercel.state.model import FdInfo, ThreadInfo

_VARIABLE: Final = "HOST_ROOT"
_NO_SKIP: Final[frozenset[int]] = frozenset()


def host_root_from_environment(environment: Mapping[str, str]) -> str:
    """Return where the machine's root directory is mounted, empty when it is the sensor's own."""
    return environment.get(_VARIABLE, "").rstrip("/")


class SnapshotStats:
    """What a snapshot has met.

    `vanished` counts processes that ended while they were read, `denied` those of which not everything may be read,
    `damaged` processes and threads whose files make no sense, `skipped_threads` those that the sink had no room for.
    """

    def __init__(self) -> None:
        """Start at zero."""
        self.processes: int = 0
        self.threads: int = 0
        self.fds: int = 0
        self.vanished: int = 0
        self.denied: int = 0
        self.damaged: int = 0
        self.skipped_threads: int = 0


class ProcFs:
    """A /proc, that of the sensor or that of a machine whose root directory is mounted somewhere."""

    def __init__(self, host_root: str = "") -> None:
        """Look below a root directory; nothing is read yet."""
        self._root: str = host_root.rstrip("/")
        self._proc: str = f"{self._root}/proc"
        self._reader: ProcessReader = ProcessReader(self._root, host.boot_ts())

    def tell(self, sink: StateSink, skip: frozenset[int] = _NO_SKIP) -> SnapshotStats:
        """Tell a sink of the machine and all processes but those to skip; `metadata_done` is left to the caller.

        Raises CaptureError when there is no /proc. Kernel threads are left out, and so are processes that have ended.
        """
        pids = self._pids()
        self._reader.boot_ts = host.boot_ts()
        self._reader.pid_namespaces.forget_missing()
        sink.machine_info(host.read_machine(self._root, self._reader.boot_ts))
        for interface in interfaces.read_interfaces():
            sink.interface(interface)
        for user in accounts.read_users(self._root):
            sink.user(user)
        for gid, name in accounts.read_groups(self._root):
            sink.group(gid, name)
        telling = _Telling(self._reader, sink)
        # A process may have a lower number than the first one of its namespace, whose start it needs.
        later = [pid for pid in pids if pid not in skip and not telling.tell(pid, may_wait=True)]
        for pid in later:
            telling.tell(pid, may_wait=False)
        return telling.stats

    def _pids(self) -> list[int]:
        try:
            names = os.listdir(self._proc)
        except OSError as error:
            reason = error.strerror or "it cannot be listed"
            raise CaptureError(f"expected the directory of all processes: {reason}", path=self._proc) from error
        return sorted([int(name) for name in names if name.isascii() and name.isdecimal()])

    def read_thread(self, tid: int) -> ThreadInfo | None:
        """Return what is known of one thread now, None when it is gone, unreadable or the kernel's own."""
        self._reader.pid_namespaces.forget_missing()
        try:
            # Every thread has a directory of its own, though no list shows those beside the main ones.
            with Process(self._proc, tid) as found:
                pid = self._reader.status(found).pid
                if pid == tid:
                    return self._leader(found)
            with Process(self._proc, pid) as process:
                leader = self._leader(process)
                return None if leader is None else self._reader.thread(process, leader, tid)
        except (OSError, Damaged):
            return None

    def _leader(self, process: Process) -> ThreadInfo | None:
        if not process.has_program:
            return None
        return self._reader.leader(process, self._reader.status(process))

    def read_fds(self, pid: int) -> list[tuple[int, FdInfo]]:
        """Return (number, descriptor) of what a process has open now; nothing when it is gone or unreadable."""
        try:
            with Process(self._proc, pid) as process:
                return FdReader().read_all(process.dir_fd, process.base)
        except (OSError, Damaged):
            return []

    def read_fd(self, pid: int, number: int) -> FdInfo | None:
        """Return one descriptor of a process, None when it is not open or unreadable."""
        try:
            with Process(self._proc, pid) as process:
                return FdReader().read_one(process.dir_fd, process.base, number)
        except (OSError, Damaged):
            return None


class _Telling:
    """One run through the processes."""

    def __init__(self, reader: ProcessReader, sink: StateSink) -> None:
        self.stats: SnapshotStats = SnapshotStats()
        self._reader: ProcessReader = reader
        self._sink: StateSink = sink
        self._fds: FdReader = FdReader()

    def tell(self, pid: int, *, may_wait: bool) -> bool:
        """Tell of one process; False when that had better wait until the others are told of."""
        try:
            with Process(self._reader.proc, pid) as process:
                return not process.has_program or self._tell(process, may_wait=may_wait)
        except PermissionError:
            self.stats.denied += 1
        except Damaged:
            self.stats.damaged += 1
        except OSError:
            self.stats.vanished += 1
        return True

    def _tell(self, process: Process, *, may_wait: bool) -> bool:
        status = self._reader.status(process)
        if may_wait and status.is_nested and status.vpid != 1:
            number = namespace("pid", process.dir_fd, process.base)
            if number and not self._reader.pid_namespaces.knows(number):
                return False
        if not self._sink.wants_threads():
            self.stats.skipped_threads += process.stat.num_threads
            return True
        leader = self._reader.leader(process, status)
        if leader is None:
            return True
        self.stats.processes += 1
        self.stats.threads += 1
        # From here on the leader is the sink's, and may change.
        shared = shared_part(leader)
        self._sink.thread(leader)
        if process.stat.num_threads > 1:
            self._tell_threads(process, shared)
        self._tell_fds(process)
        self.stats.denied += process.is_denied
        return True

    def _tell_threads(self, process: Process, shared: ThreadInfo) -> None:
        for tid in process.tids():
            if tid == process.pid:
                continue
            if not self._sink.wants_threads():
                self.stats.skipped_threads += 1
                continue
            try:
                thread = self._reader.thread(process, shared, tid)
            except Damaged:
                self.stats.damaged += 1
            except OSError:
                # A thread ends more often than a process; nothing is missing without it.
                continue
            else:
                self.stats.threads += 1
                self._sink.thread(thread)

    def _tell_fds(self, process: Process) -> None:
        try:
            found = self._fds.read_all(process.dir_fd, process.base)
        except PermissionError:
            process.is_denied = True
            return
        except OSError:
            return
        self.stats.fds += len(found)
        for number, fd in found:
            self._sink.fd(process.pid, number, fd)
