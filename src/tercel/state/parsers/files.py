"""Calls that open a file by its path, or by a handle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mypy_extensions import i64

from tercel.events.convert import Resolved
from tercel.state import paths
from tercel.state.model import FD_DIRECTORY, FD_FILE_V2, FdInfo, ThreadInfo
from tercel.state.paths import PathText, path_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tercel.state.machine import Machine

_O_DIRECTORY: Final = 1 << 10
# From this bit on, flags are not the caller's but what the kernel found: file created, layer of an overlay.
_O_F_CREATED: Final = 1 << 14
_ADDED_FLAGS: Final = 0xFFFFFFFF & ~(_O_F_CREATED - 1)
_UPPER_LAYER: Final = 1 << 15
_LOWER_LAYER: Final = 1 << 16
_CREAT_UPPER_LAYER: Final = 1 << 0
_CREAT_LOWER_LAYER: Final = 1 << 1
_UNKNOWN: Final = "<NA>"
# The system takes no longer path.
_MAX_RAW: Final = 4096


def _open(
    m: Machine, thread: ThreadInfo, number: i64, base: str, path: PathText, flags: i64, dev: i64, ino: i64
) -> None:
    """Put an opened file or directory into the table."""
    fd = FdInfo(FD_DIRECTORY if flags & _O_DIRECTORY else FD_FILE_V2)
    fd.open_flags = flags
    fd.dev = dev
    fd.ino = ino
    name = path.text
    fd.name_raw = name if len(name) <= _MAX_RAW else name[:_MAX_RAW]
    is_whole = path.whole != "" and len(base) + len(name) < paths.MAX_PATH
    fd.name = path.whole if is_whole else paths.join(base, name)
    fd.is_upper_layer = flags & _UPPER_LAYER != 0
    fd.is_lower_layer = flags & _LOWER_LAYER != 0
    m.open_fd(thread, number, fd)


def _entered_path(args: Resolved, index: i64) -> PathText | None:
    """Return the path as the call was entered with it: the one in the exit may have been changed meanwhile."""
    enter = args.enter
    if enter is None:
        return None
    path = path_of(enter.param(index))
    return None if path.text in ("", _UNKNOWN) else path


def parse_open(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of open."""
    number: i64 = args.int64(0, -1)
    if number < 0:
        return
    flags: i64 = args.uint32(2)
    path = _entered_path(args, 0)
    enter = args.enter
    if path is None or enter is None:
        path = path_of(args.param(1))
    else:
        flags = enter.uint32(1) | (flags & _ADDED_FLAGS)
    _open(m, thread, number, m.cwd(thread), path, flags, args.uint32(4), args.int64(5))


def parse_creat(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of creat."""
    number: i64 = args.int64(0, -1)
    if number < 0:
        return
    path = _entered_path(args, 0) or path_of(args.param(1))
    _open(m, thread, number, m.cwd(thread), path, 0, args.uint32(3), args.int64(4))
    fd = m.context.fd
    layers: i64 = args.uint16(5)
    if fd is not None and layers:
        fd.is_upper_layer = layers & _CREAT_UPPER_LAYER != 0
        fd.is_lower_layer = layers & _CREAT_LOWER_LAYER != 0


def _openat(m: Machine, args: Resolved, thread: ThreadInfo, dev_index: i64) -> None:
    number: i64 = args.int64(0, -1)
    dirfd: i64 = args.int64(1, -1)
    enter = args.enter
    if number < 0 and dirfd < 0 and enter is None:
        # It failed, and no descriptor is concerned.
        return
    flags: i64 = args.uint32(3)
    path = _entered_path(args, 1)
    if path is None or enter is None:
        path = path_of(args.param(2))
    else:
        flags = enter.uint32(2) | (flags & _ADDED_FLAGS)
        dirfd = enter.int64(0, -1)
    if number < 0:
        # A call that fails is about the directory that it was to look in.
        if dirfd >= 0 and path.text[:1] != "/":
            m.context.fd = thread.fds.get(dirfd)
        return
    base = "" if path.whole else m.directory_of(thread, dirfd, path.text)
    _open(m, thread, number, base, path, flags, args.uint32(dev_index), args.int64(dev_index + 1))


def parse_openat(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of openat."""
    _openat(m, args, thread, 5)


def parse_openat2(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of openat2."""
    _openat(m, args, thread, 6)


def parse_open_by_handle(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of open_by_handle_at, which tells an absolute path."""
    number: i64 = args.int64(0, -1)
    if number >= 0:
        _open(m, thread, number, "", path_of(args.param(3)), args.uint32(2), args.uint32(4), args.int64(5))


HANDLERS: Final[dict[str, Callable[[Machine, Resolved, ThreadInfo], None]]] = {
    "SYSCALL_OPEN_X": parse_open,
    "SYSCALL_CREAT_X": parse_creat,
    "SYSCALL_OPENAT_2_X": parse_openat,
    "SYSCALL_OPENAT2_X": parse_openat2,
    "SYSCALL_OPEN_BY_HANDLE_AT_X": parse_open_by_handle,
}
