"""One process in /proc, read through a descriptor of its directory: what is read stays one process's."""

from __future__ import annotations

import os
import resource
from typing import Final, Self

from tercel.capture.procfs.cgroups import LONGEST as LONGEST_CGROUPS
from tercel.capture.procfs.cgroups import CgroupReader
from tercel.capture.procfs.executable import ExecutableReader
from tercel.capture.procfs.files import (
    link_or_empty,
    namespace,
    number_of,
    open_directory,
    read_file,
    read_or_empty,
    text,
    without_deleted,
)
from tercel.capture.procfs.pidns import PidNamespaces
from tercel.capture.procfs.status import NS_PER_TICK, Stat, Status, read_stat, read_status
from tercel.state.model import CL_CLOSED, CL_FILES, CL_THREAD, INVALID_ID, ThreadInfo

# What events carry of arguments and environment.
_MAX_LIST: Final = 4096
_MAX_EXE: Final = 1024
# A number of 32 bits and a line end.
_LOGINUID: Final = 16
_FILES_LIMIT: Final = b"\nMax open files"


class Damaged(Exception):  # noqa: N818  # said of a file, not of this program
    """A file of /proc does not look as it must."""


class Process:
    """A process's directory with what `stat` tells, to be closed.

    `base` leads from there to the files that hold what all threads share: those of the main thread, or of another one
    when it has exited.
    """

    def __init__(self, proc: str, pid: int) -> None:
        """Open the directory; raises OSError when the process is gone or may not be looked at, Damaged."""
        self.pid: int = pid
        self.dir_fd: int = open_directory(f"{proc}/{pid}")
        self.base: str = ""
        self.is_denied: bool = False
        try:
            self.stat: Stat = _stat_of(self.dir_fd, "")
            if self.stat.is_dead and self.stat.num_threads > 1:
                self.base = self._living_base()
        except BaseException:
            os.close(self.dir_fd)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.dir_fd)

    @property
    def has_program(self) -> bool:
        """Whether a program runs: the kernel's own threads have none, nor has what only waits for its parent."""
        return not self.stat.is_kernel and not (self.stat.is_dead and not self.base)

    def tids(self) -> list[int]:
        """Return the threads; raises OSError when they cannot be listed."""
        number = os.open("task", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self.dir_fd)
        try:
            return [int(name) for name in os.listdir(number) if name.isdecimal()]
        finally:
            os.close(number)

    def _living_base(self) -> str:
        for tid in self.tids():
            stat = read_stat(read_or_empty(f"task/{tid}/stat", self.dir_fd))
            if stat is not None and not stat.is_dead:
                return f"task/{tid}/"
        return ""


class ProcessReader:
    """Makes threads from what the files of a process say."""

    def __init__(self, host_root: str, boot_ts: int) -> None:
        """Read processes below a root, on a machine that started at `boot_ts`."""
        self.proc: str = f"{host_root}/proc"
        self.boot_ts: int = boot_ts
        self.pid_namespaces: PidNamespaces = PidNamespaces(self.proc)
        self._cgroups: CgroupReader = CgroupReader(host_root)
        self._executables: ExecutableReader = ExecutableReader(self.proc)
        # Numbers of processes below another root need not be those that system calls take.
        self._asks_kernel: bool = host_root == ""

    def status(self, process: Process) -> Status:
        """Return what `status` tells of the main thread; raises OSError, Damaged."""
        return _status_of(process.dir_fd, "")

    def leader(self, process: Process, status: Status) -> ThreadInfo | None:
        """Return the main thread of a process, None when it has no program."""
        thread = ThreadInfo(process.pid)
        self._fill(thread, process.stat, status)
        if process.base:
            thread.flags = CL_CLOSED
        dir_fd = process.dir_fd
        base = process.base
        command = read_or_empty(f"{base}cmdline", dir_fd, _MAX_EXE + _MAX_LIST)
        try:
            self._executables.read(thread, status, dir_fd, base)
        except PermissionError:
            process.is_denied = True
        except OSError:
            if not command:
                return None
        _fill_command(thread, command)
        self._fill_memory(thread, _status_of(dir_fd, base) if base else status)
        self._fill_rest(thread, dir_fd, base)
        self._fill_namespace(thread, status, dir_fd, base)
        return thread

    def thread(self, process: Process, leader: ThreadInfo, tid: int) -> ThreadInfo:
        """Return a thread beside the main one, with what it shares with that; raises OSError, Damaged."""
        base = f"task/{tid}/"
        stat = _stat_of(process.dir_fd, base)
        thread = ThreadInfo(tid)
        self._fill(thread, stat, _status_of(process.dir_fd, base))
        thread.flags = CL_THREAD | CL_FILES
        _share(thread, leader)
        return thread

    def _fill(self, thread: ThreadInfo, stat: Stat, status: Status) -> None:
        """Put in what each thread has of its own."""
        thread.comm = stat.comm
        thread.pid = status.pid
        thread.ptid = status.ptid
        thread.sid = stat.sid
        thread.pgid = stat.pgid
        thread.vtid = status.vtid
        thread.vpid = status.vpid
        thread.vpgid = status.vpgid if status.vpgid >= 0 else stat.pgid
        thread.tty = stat.tty
        thread.uid = status.uid
        thread.gid = status.gid
        thread.cap_inheritable = status.cap_inheritable
        thread.cap_permitted = status.cap_permitted
        thread.cap_effective = status.cap_effective
        thread.pfmajor = stat.pfmajor
        thread.pfminor = stat.pfminor
        # The times of the directory are those at which somebody first looked at it.
        thread.clone_ts = self.boot_ts + stat.start * NS_PER_TICK

    def _fill_memory(self, thread: ThreadInfo, status: Status) -> None:
        thread.vmsize_kb = status.size(b"VmSize")
        thread.vmrss_kb = status.size(b"VmRSS")
        thread.vmswap_kb = status.size(b"VmSwap")

    def _fill_rest(self, thread: ThreadInfo, dir_fd: int, base: str) -> None:
        """Put in what the files tell that hold one thing each."""
        environment = read_or_empty(f"{base}environ", dir_fd, _MAX_LIST).rstrip(b"\x00")
        thread.env = text(environment).split("\x00") if environment else []
        thread.cwd = without_deleted(link_or_empty(f"{base}cwd", dir_fd))
        thread.root = without_deleted(link_or_empty(f"{base}root", dir_fd))
        thread.cgroups = self._cgroups.pairs(read_or_empty(f"{base}cgroup", dir_fd, LONGEST_CGROUPS))
        loginuid = read_or_empty(f"{base}loginuid", dir_fd, _LOGINUID).strip()
        thread.loginuid = int(loginuid) & INVALID_ID if loginuid.isdigit() else INVALID_ID
        thread.fdlimit = self._fdlimit(thread.pid, dir_fd, base)

    def _fdlimit(self, pid: int, dir_fd: int, base: str) -> int:
        if self._asks_kernel and not base:
            try:
                return resource.prlimit(pid, resource.RLIMIT_NOFILE)[0]
            except OSError:
                pass
        limits = read_or_empty(f"{base}limits", dir_fd)
        words = limits[limits.find(_FILES_LIMIT) + len(_FILES_LIMIT) :].split(None, 1) if _FILES_LIMIT in limits else []
        try:
            return number_of(words[0]) if words else -1
        except ValueError:
            return -1

    def _fill_namespace(self, thread: ThreadInfo, status: Status, dir_fd: int, base: str) -> None:
        """Put in when the first process of the thread's pid namespace started, and what hangs on that."""
        start = self.boot_ts
        if status.is_nested:
            number = namespace("pid", dir_fd, base)
            if status.vpid == 1:
                self.pid_namespaces.note(number, thread.pid, thread.clone_ts)
            start = self.pid_namespaces.start(number, self.boot_ts)
        thread.pidns_init_start_ts = start
        changed = thread.exe_ino_ctime
        if changed:
            thread.exe_ino_ctime_duration_clone_ts = max(thread.clone_ts - changed, 0)
            thread.exe_ino_ctime_duration_pidns_start = max(changed - start, 0) if start else 0


def _stat_of(dir_fd: int, base: str) -> Stat:
    stat = read_stat(read_file(f"{base}stat", dir_fd))
    if stat is None:
        raise Damaged("expected a name in parentheses and twenty values in stat")
    return stat


def _status_of(dir_fd: int, base: str) -> Status:
    status = read_status(read_file(f"{base}status", dir_fd))
    if status is None:
        raise Damaged("expected the lines Tgid, PPid, Uid and Gid in status")
    return status


def _fill_command(thread: ThreadInfo, command: bytes) -> None:
    """Put in the first argument and the others; without any, the program stands for the first."""
    if not command:
        thread.exe = thread.exepath or thread.comm
        return
    exe, separator, rest = command.partition(b"\x00")
    thread.exe = text(exe[:_MAX_EXE])
    if separator and rest:
        rest = rest[:_MAX_LIST].removesuffix(b"\x00")
        # A program that writes over its arguments leaves zeros behind; one empty argument is one.
        thread.args = text(rest).split("\x00") if rest.strip(b"\x00") or not rest else []


def shared_part(leader: ThreadInfo) -> ThreadInfo:
    """Return a thread with nothing but what all threads of a process share."""
    shared = ThreadInfo(leader.tid)
    _share(shared, leader)
    return shared


def _share(thread: ThreadInfo, leader: ThreadInfo) -> None:
    """Give a thread what is the same for all of a process; environment and descriptors stay with the main one."""
    thread.exe = leader.exe
    thread.exepath = leader.exepath
    thread.arg_list = leader.arg_list
    thread.cgroup_list = leader.cgroup_list
    thread.cwd = leader.cwd
    thread.root = leader.root
    thread.loginuid = leader.loginuid
    thread.fdlimit = leader.fdlimit
    thread.vmsize_kb = leader.vmsize_kb
    thread.vmrss_kb = leader.vmrss_kb
    thread.vmswap_kb = leader.vmswap_kb
    thread.is_exe_writable = leader.is_exe_writable
    thread.is_exe_from_memfd = leader.is_exe_from_memfd
    thread.exe_ino = leader.exe_ino
    thread.exe_ino_ctime = leader.exe_ino_ctime
    thread.exe_ino_mtime = leader.exe_ino_mtime
    thread.exe_ino_ctime_duration_clone_ts = leader.exe_ino_ctime_duration_clone_ts
    thread.exe_ino_ctime_duration_pidns_start = leader.exe_ino_ctime_duration_pidns_start
    thread.pidns_init_start_ts = leader.pidns_init_start_ts
