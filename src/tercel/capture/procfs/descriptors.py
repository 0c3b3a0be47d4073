"""The open descriptors of a process: what each is, told by where its link leads."""

from __future__ import annotations

import os
import stat
from itertools import islice
from typing import Final

from tercel.capture.procfs.files import (
    is_deleted,
    number_of,
    open_listing,
    read_link,
    read_start,
    signed,
    without_deleted,
)
from tercel.capture.procfs.mounts import MountTable
from tercel.capture.procfs.openflags import portable
from tercel.capture.procfs.sockets import SocketTables, network, protocol_of
from tercel.state.model import (
    FD_BPF,
    FD_DIRECTORY,
    FD_EVENT,
    FD_EVENTPOLL,
    FD_FIFO,
    FD_FILE_V2,
    FD_INOTIFY,
    FD_IOURING,
    FD_MEMFD,
    FD_PIDFD,
    FD_SIGNALFD,
    FD_TIMERFD,
    FD_UNSUPPORTED,
    FD_USERFAULTFD,
    FdInfo,
)

# The table of a process takes no more.
MAX_FDS: Final = 4096
# The flags, the mount and the inode stand at the start of a fdinfo, and what a pidfd refers to soon after.
_FDINFO: Final = 512

_ANONYMOUS: Final = "anon_inode:"
_PIPE: Final = "pipe:["
_SOCKET: Final = "socket:["
_MEMFD: Final = "/memfd:"
# Names of files without a path; those in brackets were given them at times, at times not.
_ANONYMOUS_KINDS: Final[dict[str, int]] = {
    "eventfd": FD_EVENT,
    "eventpoll": FD_EVENTPOLL,
    "signalfd": FD_SIGNALFD,
    "timerfd": FD_TIMERFD,
    "inotify": FD_INOTIFY,
    "io_uring": FD_IOURING,
    "userfaultfd": FD_USERFAULTFD,
    "pidfd": FD_PIDFD,
    "bpf-map": FD_BPF,
    "bpf-prog": FD_BPF,
    "bpf_link": FD_BPF,
    "bpf_iter": FD_BPF,
    "btf": FD_BPF,
}


class FdReader:
    """Reads descriptors; socket and mount lists are kept, so that many processes can be read in a row."""

    def __init__(self) -> None:
        """Start with no list read."""
        self._sockets: SocketTables = SocketTables()
        self._mounts: MountTable = MountTable()

    def read_all(self, dir_fd: int, base: str) -> list[tuple[int, FdInfo]]:
        """Return (number, descriptor) of a process (directory); raises OSError where they cannot be listed."""
        listing = open_listing(f"{base}fd", dir_fd)
        try:
            with os.scandir(listing) as entries:
                numbers = [int(entry.name) for entry in islice(entries, MAX_FDS) if entry.name.isdecimal()]
            process = _Process(listing, dir_fd, base)
            found: list[tuple[int, FdInfo]] = []
            for number in numbers:
                fd = self._read(process, number)
                if fd is not None:
                    found.append((number, fd))
            return found
        finally:
            os.close(listing)

    def read_one(self, dir_fd: int, base: str, number: int) -> FdInfo | None:
        """Return one descriptor of a process (directory), None when it is not open."""
        listing = open_listing(f"{base}fd", dir_fd)
        try:
            return self._read(_Process(listing, dir_fd, base), number)
        finally:
            os.close(listing)

    def _read(self, process: _Process, number: int) -> FdInfo | None:
        """Return a descriptor, None when it was closed meanwhile."""
        try:
            link = read_link(str(number), process.listing)
            info = _FdInfoFile(_fdinfo(process, number))
            if link.startswith(_SOCKET):
                fd = self._socket(process, number, link)
            elif link.startswith(_PIPE):
                fd = _named(FD_FIFO, link)
                fd.ino = _inode(link, _PIPE)
            elif link.startswith(_ANONYMOUS):
                fd = _anonymous(link, info)
            else:
                fd = self._file(process, number, link, info)
        except OSError:
            return None
        fd.open_flags = info.flags
        fd.mount_id = info.mount_id
        return fd

    def _socket(self, process: _Process, number: int, link: str) -> FdInfo:
        inode = _inode(link, _SOCKET)
        if process.space < 0:
            process.space = network(process.dir_fd, process.base)
        protocol = protocol_of(f"/proc/self/fd/{process.listing}/{number}")
        fd = self._sockets.find(inode, protocol, process.space, process.dir_fd, process.base)
        fd.ino = inode
        return fd

    def _file(self, process: _Process, number: int, link: str, info: _FdInfoFile) -> FdInfo:
        facts = os.stat(str(number), dir_fd=process.listing)
        if link.startswith(_MEMFD) and is_deleted(link) and facts.st_nlink == 0:
            fd = _named(FD_MEMFD, without_deleted(link).removeprefix(_MEMFD))
        elif stat.S_ISDIR(facts.st_mode):
            fd = _named(FD_DIRECTORY, without_deleted(link))
        elif stat.S_ISFIFO(facts.st_mode):
            fd = _named(FD_FIFO, without_deleted(link))
        else:
            fd = _named(FD_FILE_V2, without_deleted(link))
        fd.ino = signed(facts.st_ino)
        fd.dev = self._mounts.device(facts.st_dev, info.mount_id, process.dir_fd, process.base)
        return fd


class _Process:
    """Whose descriptors are read: its list of them, its directory, and its network namespace once it is asked for."""

    def __init__(self, listing: int, dir_fd: int, base: str) -> None:
        self.listing: int = listing
        self.dir_fd: int = dir_fd
        self.base: str = base
        self.space: int = -1


class _FdInfoFile:
    """What a fdinfo tells: flags in the numbers of the capture format, mount, inode, and the process of a pidfd."""

    def __init__(self, data: bytes) -> None:
        self.flags: int = portable(_value(data, b"flags:", 8))
        self.mount_id: int = _value(data, b"\nmnt_id:", 10)
        self._data: bytes = data

    @property
    def ino(self) -> int:
        return _value(self._data, b"\nino:", 10)

    @property
    def pid(self) -> int:
        return _value(self._data, b"\nPid:", 10)


def _fdinfo(process: _Process, number: int) -> bytes:
    try:
        return read_start(f"{process.base}fdinfo/{number}", process.dir_fd, _FDINFO)
    except OSError:
        return b""


def _value(data: bytes, key: bytes, radix: int) -> int:
    start = data.find(key)
    if start < 0:
        return 0
    start += len(key)
    end = data.find(b"\n", start)
    try:
        return number_of(data[start:end], radix) if end > 0 else 0
    except ValueError:
        return 0


def _inode(link: str, prefix: str) -> int:
    try:
        return number_of(link[len(prefix) : -1].encode("ascii", "replace"))
    except ValueError:
        return 0


def _named(kind: int, name: str) -> FdInfo:
    fd = FdInfo(kind)
    fd.name = name
    return fd


def _anonymous(link: str, info: _FdInfoFile) -> FdInfo:
    kind = _ANONYMOUS_KINDS.get(link.removeprefix(_ANONYMOUS).strip("[]"), FD_UNSUPPORTED)
    fd = _named(kind, link)
    fd.ino = info.ino
    if kind == FD_PIDFD and info.pid > 0:
        fd.pid = info.pid
        fd.name = f"/proc/{info.pid}"
    return fd
