"""The entries of the metadata lists as tables: which values follow each other, for reader, writer and byte order.

A row is `(attribute, code)`; the codes say how the value lies in the file:

    q  signed 64 bits            Q  unsigned 64 bits       I  unsigned 32 bits      H  unsigned 16 bits
    B  unsigned 8 bits           ?  truth value of 8 bits  4  an IPv4 address       6  an IPv6 address
    s  text behind a 16-bit length                         l  list of texts, each ended by NUL, behind a 16-bit length
    c  the same as `controller=path` pairs
"""

from __future__ import annotations

from typing import Final

from tercel.capture.savefile.blocks import HOSTNAME_SIZE
from tercel.state.model import (
    FD_BPF,
    FD_DIRECTORY,
    FD_EVENT,
    FD_EVENTPOLL,
    FD_FIFO,
    FD_FILE,
    FD_FILE_V2,
    FD_INOTIFY,
    FD_IOURING,
    FD_IPV4_SERVSOCK,
    FD_IPV4_SOCK,
    FD_IPV6_SERVSOCK,
    FD_IPV6_SOCK,
    FD_MEMFD,
    FD_NETLINK,
    FD_PIDFD,
    FD_SIGNALFD,
    FD_TIMERFD,
    FD_UNIX_SOCK,
    FD_UNSUPPORTED,
    FD_USERFAULTFD,
)

Field = tuple[str, str]

# Bytes of the codes whose values have a fixed size.
SIZES: Final[dict[str, int]] = {"q": 8, "Q": 8, "I": 4, "H": 2, "B": 1, "?": 1, "4": 4, "6": 16}
# Codes whose bytes depend on the machine's byte order.
ORDERED: Final = "qQIH"

MACHINE_FIELDS: Final[tuple[Field, ...]] = (("num_cpus", "I"), ("memory_size", "Q"), ("max_pid", "Q"))
MACHINE_TAIL: Final[tuple[Field, ...]] = (("boot_ts", "Q"), ("flags", "Q"), ("reserved3", "Q"), ("reserved4", "Q"))
MACHINE_NAME_SIZE: Final = HOSTNAME_SIZE

# The process list's values with the version that introduced each.
PROCESS_FIELDS: Final[tuple[tuple[str, str, int], ...]] = (
    ("tid", "q", 1),
    ("pid", "q", 1),
    ("ptid", "q", 1),
    ("sid", "q", 6),
    ("vpgid", "q", 8),
    ("comm", "s", 1),
    ("exe", "s", 1),
    ("exepath", "s", 7),
    ("args", "l", 1),
    ("cwd", "s", 1),
    ("fdlimit", "q", 1),
    ("flags", "I", 1),
    ("uid", "I", 1),
    ("gid", "I", 1),
    ("vmsize_kb", "I", 2),
    ("vmrss_kb", "I", 2),
    ("vmswap_kb", "I", 2),
    ("pfmajor", "q", 2),
    ("pfminor", "q", 2),
    ("env", "l", 3),
    ("vtid", "q", 4),
    ("vpid", "q", 4),
    ("cgroups", "c", 4),
    ("root", "s", 5),
)
# What version 9 appended over the years. The first two came in the midst: they are there when more than
# `OLD_TAIL_SIZE` bytes are left, the most that a file without them can have.
PROCESS_INSERTED: Final[tuple[Field, ...]] = (("pidns_init_start_ts", "q"), ("tty", "I"))
PROCESS_TAIL: Final[tuple[Field, ...]] = (
    ("loginuid", "I"),
    ("is_exe_writable", "?"),
    ("cap_inheritable", "Q"),
    ("cap_permitted", "Q"),
    ("cap_effective", "Q"),
    ("is_exe_upper_layer", "?"),
    ("exe_ino", "q"),
    ("exe_ino_ctime", "q"),
    ("exe_ino_mtime", "q"),
    ("is_exe_from_memfd", "?"),
    ("is_exe_lower_layer", "?"),
    ("pgid", "q"),
)
OLD_TAIL_SIZE: Final = 29

USER_FIELDS: Final[tuple[Field, ...]] = (("uid", "I"), ("gid", "I"), ("name", "s"), ("homedir", "s"), ("shell", "s"))

# Interfaces by the number of their type: bytes of an address, and whether the link's speed is recorded.
INTERFACE_TYPES: Final[dict[int, tuple[int, bool]]] = {1: (4, True), 2: (16, True), 3: (4, False), 4: (16, False)}

_NAME: Final[tuple[Field, ...]] = (("name", "s"),)
FD_FIELDS: Final[dict[int, tuple[Field, ...]]] = {
    FD_FILE: _NAME,
    FD_DIRECTORY: _NAME,
    FD_IPV4_SOCK: (("sip", "4"), ("dip", "4"), ("sport", "H"), ("dport", "H"), ("l4proto", "B")),
    FD_IPV6_SOCK: (("sip", "6"), ("dip", "6"), ("sport", "H"), ("dport", "H"), ("l4proto", "B")),
    FD_IPV4_SERVSOCK: (("dip", "4"), ("dport", "H"), ("l4proto", "B")),
    FD_IPV6_SERVSOCK: (("dip", "6"), ("dport", "H"), ("l4proto", "B")),
    FD_FIFO: _NAME,
    FD_UNIX_SOCK: (("source", "Q"), ("dest", "Q"), ("name", "s")),
    FD_EVENT: _NAME,
    FD_UNSUPPORTED: _NAME,
    FD_SIGNALFD: _NAME,
    FD_EVENTPOLL: _NAME,
    FD_INOTIFY: _NAME,
    FD_TIMERFD: _NAME,
    FD_NETLINK: _NAME,
    FD_FILE_V2: (("open_flags", "I"), ("name", "s")),
    FD_BPF: _NAME,
    FD_USERFAULTFD: _NAME,
    FD_IOURING: _NAME,
    FD_MEMFD: _NAME,
    FD_PIDFD: _NAME,
}
# Appended to a kind's values where the entry's length covers it.
FD_TAILS: Final[dict[int, tuple[Field, ...]]] = {FD_FILE_V2: (("dev", "I"),)}


def process_fields(version: int) -> list[Field]:
    """Return the values of a process list entry of a version, without what version 9 appended."""
    return [(name, code) for name, code, since in PROCESS_FIELDS if since <= version]
