"""Reading the small files of /proc: whole, bounded, relative to a directory that stays the same process's.

Names are ASCII; what the files and links hold is bytes of any kind, decoded with surrogates for what is not UTF-8.
"""

from __future__ import annotations

import os
from typing import Final

# Bytes that a file about one thread takes, as a rule; a longer one is read to its end.
_USUAL: Final = 4096
# No file about one thread is longer, not even the status of one in the most groups that there may be.
LONGEST: Final = 1 << 20
_CHUNK: Final = 1 << 16
# More than a number of 64 bits has.
_DIGITS: Final = 21
_BEYOND: Final = 1 << 63

_DIRECTORY: Final = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_CLOEXEC
_DELETED: Final = " (deleted)"


def open_directory(path: str, dir_fd: int | None = None) -> int:
    """Return a descriptor of a directory: names below it stay those of one process, whoever gets its number."""
    return os.open(path, _DIRECTORY, dir_fd=dir_fd)


def open_listing(path: str, dir_fd: int | None = None) -> int:
    """Return a descriptor of a directory whose names can be listed."""
    return os.open(path, _FILE | os.O_DIRECTORY, dir_fd=dir_fd)


def read_start(path: str, dir_fd: int | None, size: int) -> bytes:
    """Return what one read of a file gives."""
    number = os.open(path, _FILE, dir_fd=dir_fd)
    try:
        return os.read(number, size)
    finally:
        os.close(number)


def read_file(path: str, dir_fd: int | None = None, longest: int = LONGEST) -> bytes:
    """Return a file up to `longest` bytes; raises OSError where it cannot be read."""
    number = os.open(path, _FILE, dir_fd=dir_fd)
    try:
        data = os.read(number, min(_USUAL, longest))
        # One record at a time is read whole: less than was asked for is the end of a file with one record.
        return data if len(data) < _USUAL else _read_rest(number, data, longest)
    finally:
        os.close(number)


def read_table(path: str, dir_fd: int | None, longest: int) -> bytes:
    """Return a file of many records, which come in reads of any size; empty where it cannot be read."""
    try:
        number = os.open(path, _FILE, dir_fd=dir_fd)
    except OSError:
        return b""
    try:
        return _read_rest(number, b"", longest)
    except OSError:
        return b""
    finally:
        os.close(number)


def _read_rest(number: int, start: bytes, longest: int) -> bytes:
    parts = [start]
    left = longest - len(start)
    while left > 0:
        part = os.read(number, min(_CHUNK, left))
        if not part:
            break
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def read_or_empty(path: str, dir_fd: int | None = None, longest: int = LONGEST) -> bytes:
    """Return a file as `read_file` does, empty where it cannot be read."""
    try:
        return read_file(path, dir_fd, longest)
    except OSError:
        return b""


def text(data: bytes) -> str:
    """Return the text of a file's bytes."""
    return data.decode("utf-8", "surrogateescape")


def read_link(path: str, dir_fd: int | None = None) -> str:
    """Return where a link leads; raises OSError where it cannot be read."""
    # As bytes: the text of a name does not depend on the locale of the reader.
    return text(os.readlink(path.encode(), dir_fd=dir_fd))


def link_or_empty(path: str, dir_fd: int | None = None) -> str:
    """Return where a link leads, empty where it cannot be read."""
    try:
        return read_link(path, dir_fd)
    except OSError:
        return ""


def namespace(kind: str, dir_fd: int | None, base: str = "") -> int:
    """Return the number of a process's namespace of a kind (`net`, `pid`, ...), 0 where it cannot be read."""
    link = link_or_empty(f"{base}ns/{kind}", dir_fd)
    number = link[len(kind) + 2 : -1]
    return int(number) if number.isascii() and number.isdigit() and len(number) < _DIGITS else 0


def without_deleted(path: str) -> str:
    """Return a path without the remark that the kernel puts behind the name of a file that is gone."""
    return path.removesuffix(_DELETED)


def is_deleted(path: str) -> bool:
    """Return whether a path ends with the remark that its file is gone."""
    return path.endswith(_DELETED)


def number_of(data: bytes, radix: int = 10) -> int:
    """Return a number that fits 64 bits with a sign; raises ValueError for anything else."""
    number = int(data, radix)
    if not -_BEYOND <= number < _BEYOND:
        raise ValueError("expected a number of 64 bits")
    return number


def signed(number: int) -> int:
    """Return an inode's number as the 64 bits with a sign that events carry: some file systems use all of them."""
    return (number + _BEYOND) % (2 * _BEYOND) - _BEYOND
