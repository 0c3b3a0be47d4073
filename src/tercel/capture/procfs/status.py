"""The `stat` and `status` files of a thread, taken apart."""

from __future__ import annotations

import os
from typing import Final

from tercel.capture.procfs.files import number_of, text

# The unit of times in `stat`.
NS_PER_TICK: Final = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
_KERNEL_THREAD: Final = 0x0020_0000
# Values of `stat` behind the name, up to the start time, the last that is wanted.
_WANTED: Final = 20
# What events tell of a name: kernel threads alone have longer ones.
_COMM: Final = 15
_DEAD: Final = (b"Z", b"X", b"x")
_TTY_MASK: Final = 0xFFFF_FFFF


class Stat:
    """What a thread's `stat` tells; raises ValueError when the file is not one."""

    def __init__(self, data: bytes) -> None:
        """Take the file apart. The name, which may hold anything, ends at the last parenthesis."""
        start = data.find(b"(")
        end = data.rfind(b")")
        values = data[end + 1 :].split(None, _WANTED)
        if not 0 <= start < end or len(values) < _WANTED:
            raise ValueError("expected a number, a name in parentheses and twenty values")
        self.comm: str = text(data[start + 1 : end][:_COMM])
        self.is_dead: bool = values[0] in _DEAD
        self.pgid: int = number_of(values[2])
        self.sid: int = number_of(values[3])
        self.tty: int = number_of(values[4]) & _TTY_MASK
        self.is_kernel: bool = number_of(values[6]) & _KERNEL_THREAD != 0
        self.pfminor: int = number_of(values[7])
        self.pfmajor: int = number_of(values[9])
        self.num_threads: int = number_of(values[17])
        # Ticks since the machine started.
        self.start: int = number_of(values[19])


class Status:
    """What a thread's `status` tells; raises ValueError when the file is not one."""

    def __init__(self, data: bytes) -> None:
        """Take the file apart. A name with a line end in it cannot look like a line: the kernel escapes it."""
        self.pid: int = number_of(_line(data, b"\nTgid:"))
        self.ptid: int = number_of(_line(data, b"\nPPid:"))
        self.uid: int = number_of(_line(data, b"\nUid:").split()[1])
        self.gid: int = number_of(_line(data, b"\nGid:").split()[1])
        self.groups: bytes = _line(data, b"\nGroups:")
        tids = _line(data, b"\nNSpid:").split()
        self.tid: int = number_of(tids[0]) if tids else number_of(_line(data, b"\nPid:"))
        self.is_nested: bool = len(tids) > 1
        self.vtid: int = _innermost(data, b"\nNSpid:", self.tid)
        self.vpid: int = _innermost(data, b"\nNStgid:", self.pid)
        # Of kernels before 4.1, which tell none of these, the namespaces are not known.
        self.vpgid: int = _innermost(data, b"\nNSpgid:", -1)
        self.cap_inheritable: int = int(_line(data, b"\nCapInh:") or b"0", 16)
        self.cap_permitted: int = int(_line(data, b"\nCapPrm:") or b"0", 16)
        self.cap_effective: int = int(_line(data, b"\nCapEff:") or b"0", 16)
        self._data: bytes = data

    def size(self, name: bytes) -> int:
        """Return a size in kB, 0 when the thread has no memory of its own."""
        words = _line(self._data, b"\n" + name + b":").split()
        try:
            return number_of(words[0]) if words else 0
        except ValueError:
            return 0


def _line(data: bytes, key: bytes) -> bytes:
    """Return what stands behind a key, which includes the line end before it; empty when there is no such line."""
    start = data.find(key)
    if start < 0:
        return b""
    start += len(key)
    end = data.find(b"\n", start)
    return data[start:] if end < 0 else data[start:end]


def _innermost(data: bytes, key: bytes, otherwise: int) -> int:
    """Return the last of the ids that a thread has in the pid namespaces around it: the one it knows itself by."""
    ids = _line(data, key).split()
    return number_of(ids[-1]) if ids else otherwise


def read_stat(data: bytes) -> Stat | None:
    """Return what a `stat` tells, None when it is damaged."""
    try:
        return Stat(data)
    except ValueError:
        return None


def read_status(data: bytes) -> Status | None:
    """Return what a `status` tells, None when it is damaged."""
    try:
        return Status(data)
    except (ValueError, IndexError):
        return None
