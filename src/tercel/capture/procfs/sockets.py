"""What the kernel's socket lists tell of a socket, by its inode.

Each list is read once per network namespace, when the first socket that it may hold is met.
"""

from __future__ import annotations

import os
import sys
from typing import Final

from tercel.capture.procfs.files import namespace, read_table, text
from tercel.state.model import (
    FD_IPV4_SERVSOCK,
    FD_IPV4_SOCK,
    FD_IPV6_SERVSOCK,
    FD_IPV6_SOCK,
    FD_NETLINK,
    FD_UNIX_SOCK,
    FD_UNSUPPORTED,
    L4_ICMP,
    L4_RAW,
    L4_TCP,
    L4_UDP,
    FdInfo,
)

_LONGEST: Final = 256 << 20
# More than the number of any inode has.
_DIGITS: Final = 21
_POINTER_MASK: Final = (1 << 64) - 1

# The lists of internet sockets: transport protocol and bytes of an address.
_INET: Final[dict[str, tuple[int, int]]] = {
    "tcp": (L4_TCP, 4),
    "tcp6": (L4_TCP, 16),
    "udp": (L4_UDP, 4),
    "udp6": (L4_UDP, 16),
    "raw": (L4_RAW, 4),
    "raw6": (L4_RAW, 16),
    "icmp": (L4_ICMP, 4),
    "icmp6": (L4_ICMP, 16),
}
_UNIX: Final = "unix"
_NETLINK: Final = "netlink"
_ALL: Final = (*_INET, _NETLINK, _UNIX)
# The list that has the sockets of a protocol as the kernel names it.
_BY_PROTOCOL: Final[dict[bytes, str]] = {
    b"TCP": "tcp",
    b"TCPv6": "tcp6",
    b"MPTCP": "tcp",
    b"MPTCPv6": "tcp6",
    b"UDP": "udp",
    b"UDPv6": "udp6",
    b"RAW": "raw",
    b"RAWv6": "raw6",
    b"PING": "icmp",
    b"PINGv6": "icmp6",
    b"UNIX": _UNIX,
    b"UNIX-STREAM": _UNIX,
    b"NETLINK": _NETLINK,
}
_PROTOCOL: Final = "system.sockprotoname"
_KINDS: Final[dict[int, tuple[int, int]]] = {
    4: (FD_IPV4_SOCK, FD_IPV4_SERVSOCK),
    16: (FD_IPV6_SOCK, FD_IPV6_SERVSOCK),
}

# Of a list by inode: both ends of an internet socket, pointer and path of another.
_Row = tuple[bytes, bytes]


def protocol_of(path: str) -> bytes:
    """Return the kernel's name for the protocol of the socket behind a path, empty where it has none."""
    try:
        return os.getxattr(path, _PROTOCOL).rstrip(b"\x00")
    except OSError:
        return b""


class SocketTables:
    """The socket lists of all network namespaces that were looked at."""

    def __init__(self) -> None:
        """Start with nothing read."""
        self._tables: dict[tuple[int, str], dict[int, _Row]] = {}

    def find(self, inode: int, protocol: bytes, space: int, dir_fd: int, base: str) -> FdInfo:
        """Return the descriptor of a socket of a process, which is in the network namespace `space`.

        A socket that no list has is one that was never bound or connected, if its protocol is known.
        """
        name = _BY_PROTOCOL.get(protocol, "")
        for table in (name,) if name else () if protocol else _ALL:
            row = self._table(space, table, dir_fd, base).get(inode)
            if row is not None:
                return _described(table, row, inode)
        return _bare(name, inode)

    def _table(self, space: int, name: str, dir_fd: int, base: str) -> dict[int, _Row]:
        key = (space, name)
        table = self._tables.get(key)
        if table is None:
            data = read_table(f"{base}net/{name}", dir_fd, _LONGEST)
            table = _PARSERS.get(name, parse_inet)(data)
            self._tables[key] = table
        return table


def network(dir_fd: int, base: str) -> int:
    """Return the network namespace of a process."""
    return namespace("net", dir_fd, base)


def _is_inode(word: bytes) -> bool:
    return word.isdigit() and len(word) < _DIGITS


def parse_inet(data: bytes) -> dict[int, _Row]:
    """Return (local, remote) of the sockets of a list of internet sockets, as the list has them."""
    table: dict[int, _Row] = {}
    for line in data.split(b"\n")[1:]:
        words = line.split(None, 10)
        if len(words) > 9 and _is_inode(words[9]):
            table[int(words[9])] = (words[1], words[2])
    return table


def parse_netlink(data: bytes) -> dict[int, _Row]:
    """Return the netlink sockets."""
    table: dict[int, _Row] = {}
    for line in data.split(b"\n")[1:]:
        words = line.split()
        if len(words) > 9 and _is_inode(words[9]):
            table[int(words[9])] = (b"", b"")
    return table


def parse_unix(data: bytes) -> dict[int, _Row]:
    """Return (pointer, path) of the unix sockets.

    A path may hold line ends and so look like further lines. A socket that two lines tell of has no path then.
    """
    table: dict[int, _Row] = {}
    for line in data.split(b"\n")[1:]:
        words = line.split(None, 6)
        if len(words) < 7 or words[0][-1:] != b":":
            continue
        inode, _, path = words[6].partition(b" ")
        if _is_inode(inode):
            number = int(inode)
            table[number] = (words[0][:-1], path) if number not in table else (b"0", b"")
    return table


_PARSERS: Final = {_UNIX: parse_unix, _NETLINK: parse_netlink}


def _described(name: str, row: _Row, inode: int) -> FdInfo:
    if name == _UNIX:
        fd = FdInfo(FD_UNIX_SOCK)
        fd.source = _hex(row[0]) & _POINTER_MASK
        fd.name = text(row[1])
        return fd
    if name == _NETLINK:
        return FdInfo(FD_NETLINK)
    return _inet(name, row) or _bare(name, inode)


def _bare(name: str, inode: int) -> FdInfo:
    """Return the descriptor of a socket of which only the kind is known."""
    if name == _UNIX:
        return FdInfo(FD_UNIX_SOCK)
    if name == _NETLINK:
        return FdInfo(FD_NETLINK)
    if name in _INET:
        l4proto, size = _INET[name]
        fd = FdInfo(_KINDS[size][0])
        fd.sip = bytes(size)
        fd.dip = bytes(size)
        fd.l4proto = l4proto
        return fd
    fd = FdInfo(FD_UNSUPPORTED)
    fd.name = f"socket:[{inode}]"
    return fd


def _inet(name: str, row: _Row) -> FdInfo | None:
    """Return the descriptor of an internet socket, None when the list's line is damaged."""
    l4proto, size = _INET[name]
    local, sport = _end(row[0], size)
    remote, dport = _end(row[1], size)
    if not local or not remote:
        return None
    connected, server = _KINDS[size]
    is_server = dport == 0 and not any(remote)
    fd = FdInfo(server if is_server else connected)
    fd.l4proto = l4proto
    if is_server:
        fd.dip = local
        fd.dport = sport
    else:
        fd.sip = local
        fd.sport = sport
        fd.dip = remote
        fd.dport = dport
    return fd


def _end(value: bytes, size: int) -> tuple[bytes, int]:
    """Return address and port of `0100007F:0016`; the address is written as numbers of 32 bits."""
    address, _, port = value.partition(b":")
    if len(address) != 2 * size:
        return b"", 0
    number = _hex(port) & 0xFFFF
    try:
        words = bytes.fromhex(address.decode("ascii", "replace"))
    except ValueError:
        return b"", 0
    if sys.byteorder == "little":
        words = b"".join([words[k : k + 4][::-1] for k in range(0, size, 4)])
    return words, number


def _hex(value: bytes) -> int:
    try:
        return int(value, 16)
    except ValueError:
        return 0
