"""The program of a process: its file, and whether the process could write to it."""

from __future__ import annotations

import os
from typing import Final

from tercel.capture.procfs.files import is_deleted, namespace, read_link, signed, without_deleted
from tercel.capture.procfs.status import Status
from tercel.state.model import ThreadInfo

_MEMFD: Final = "/memfd:"
_CAP_DAC_OVERRIDE: Final = 1 << 1
_READ_ONLY: Final = 1  # ST_RDONLY


class ExecutableReader:
    """Reads programs' files; `proc` is the directory of the processes."""

    def __init__(self, proc: str) -> None:
        """Note in which user namespace the capabilities count."""
        self._proc: str = proc
        # The first process is never in a namespace of users other than the one that its machine began with.
        self._users: int = namespace("user", None, f"{proc}/1/") or namespace("user", None, "/proc/self/")

    def read(self, thread: ThreadInfo, status: Status, dir_fd: int, base: str) -> None:
        """Put what is known of the program into a thread; raises OSError where the link cannot be read."""
        path = f"{base}exe"
        link = read_link(path, dir_fd)
        thread.exepath = without_deleted(link)
        try:
            facts = os.stat(path, dir_fd=dir_fd)
        except OSError:
            return
        thread.exe_ino = signed(facts.st_ino)
        thread.exe_ino_ctime = facts.st_ctime_ns
        thread.exe_ino_mtime = facts.st_mtime_ns
        thread.is_exe_from_memfd = link.startswith(_MEMFD) and is_deleted(link) and facts.st_nlink == 0
        is_capable = bool(status.cap_effective & _CAP_DAC_OVERRIDE) and self._is_first(dir_fd, base)
        thread.is_exe_writable = may_write(facts, status, is_capable=is_capable) and _is_mounted_writable(
            f"/proc/self/fd/{dir_fd}/{path}"
        )

    def _is_first(self, dir_fd: int, base: str) -> bool:
        return self._users == 0 or namespace("user", dir_fd, base) == self._users


def may_write(facts: os.stat_result, status: Status, *, is_capable: bool) -> bool:
    """Return whether a thread has the right to write to a file, by the file's mode."""
    if is_capable:
        return True
    if status.uid == facts.st_uid:
        return facts.st_mode & 0o200 != 0
    if status.gid == facts.st_gid or str(facts.st_gid).encode() in status.groups.split():
        return facts.st_mode & 0o020 != 0
    return facts.st_mode & 0o002 != 0


def _is_mounted_writable(path: str) -> bool:
    try:
        return os.statvfs(path).f_flag & _READ_ONLY == 0
    except OSError:
        return True
