"""Socket addresses as events carry them: a family byte, then packed addresses and ports.

A tuple names both ends of a connection, an address one of them. Both come from captures and may have any length.
"""

from __future__ import annotations

from typing import Final

from librt.strings import read_i64_le
from mypy_extensions import i64, mypyc_attr

from tercel.state.iptext import ends_text, ip_text
from tercel.state.model import (
    FD_IPV4_SERVSOCK,
    FD_IPV4_SOCK,
    FD_IPV6_SERVSOCK,
    FD_IPV6_SOCK,
    FD_UNIX_SOCK,
    L4_ICMP,
    L4_RAW,
    L4_TCP,
    L4_UDP,
    FdInfo,
)

FAMILY_UNIX: Final = 1
FAMILY_INET: Final = 2
FAMILY_INET6: Final = 10

ANY_IPV4: Final = b"\x00\x00\x00\x00"
ANY_IPV6: Final = b"\x00" * 16
MAPPED_PREFIX: Final = b"\x00" * 10 + b"\xff\xff"

_IPV4_TUPLE: Final = 13
_IPV6_TUPLE: Final = 37
_UNIX_TUPLE: Final = 17
_IPV4_ADDRESS: Final = 7
_IPV6_ADDRESS: Final = 19

_WORD: Final = (1 << 64) - 1
# Of a unix socket: the system takes 108 bytes.
_LONGEST_PATH: Final = 256
# The name of a connection whose protocol is not known.
_NO_NAME: Final = "<unknown>"


def port_at(data: bytes, offset: i64) -> i64:
    """Return a port, which events carry in the order of x86 bytes."""
    low: i64 = data[offset]
    high: i64 = data[offset + 1]
    return low | (high << 8)


def is_mapped(address: bytes) -> bool:
    """Return whether an IPv6 address stands for an IPv4 address; the unspecified address may."""
    return address[:12] == MAPPED_PREFIX or address == ANY_IPV6


def listed_name(fd: FdInfo) -> str:
    """Return the name of an internet socket that was listed: both ends, or the one that it is bound to."""
    if fd.kind in (FD_IPV4_SERVSOCK, FD_IPV6_SERVSOCK):
        return f"{ip_text(fd.dip)}:{fd.dport}"
    if fd.kind == FD_IPV6_SOCK and is_mapped(fd.sip) and is_mapped(fd.dip):
        return ends_text(fd.sip[12:], fd.sport, fd.dip[12:], fd.dport)
    return ends_text(fd.sip, fd.sport, fd.dip, fd.dport)


def socket_name(fd: FdInfo) -> str:
    """Return the name of an internet socket whose ends calls told: without ports where its protocol has none."""
    if fd.l4proto in (L4_TCP, L4_UDP) or fd.kind in (FD_IPV4_SERVSOCK, FD_IPV6_SERVSOCK):
        return listed_name(fd)
    is_ipv4 = fd.kind == FD_IPV4_SOCK
    if fd.l4proto != L4_ICMP and not (is_ipv4 and fd.l4proto == L4_RAW):
        return _NO_NAME
    is_short = not is_ipv4 and is_mapped(fd.sip) and is_mapped(fd.dip)
    return f"{ip_text(fd.sip[12:] if is_short else fd.sip)}->{ip_text(fd.dip[12:] if is_short else fd.dip)}"


def _word_at(data: bytes, offset: i64) -> int:
    value: int = read_i64_le(data, offset)
    return value & _WORD


def path_text(data: bytes) -> str:
    """Return a path that ends at its first NUL, without the bytes that are not printable ASCII."""
    end = data.find(0, 0, _LONGEST_PATH)
    return printable(data[: _LONGEST_PATH if end < 0 else end].decode("utf-8", "surrogateescape"))


def printable(text: str) -> str:
    """Return a path as Falco shows it in event arguments: characters other than printable ASCII are left out."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char for char in text if " " <= char <= "~")


def unix_name(data: bytes) -> str:
    """Return the name that a tuple of unix sockets gives: both kernel pointers and the path."""
    return f"{_word_at(data, 1):x}->{_word_at(data, 9):x} {path_text(data[17:])}"


def address_text(data: bytes) -> str:
    """Return the text of an address parameter: address and port, or the path."""
    family = data[0] if data else 0
    if family == FAMILY_UNIX:
        return path_text(data[1:])
    if family == FAMILY_INET and len(data) >= _IPV4_ADDRESS:
        return f"{ip_text(data[1:5])}:{port_at(data, 5)}"
    if family == FAMILY_INET6 and len(data) >= _IPV6_ADDRESS:
        return f"{ip_text(data[1:17])}:{port_at(data, 17)}"
    return ""


@mypyc_attr(acyclic=True, free_list_len=1)
class Endpoint:
    """One end of a connection: packed address and port. An IPv4-mapped address is kept as IPv4."""

    def __init__(self, address: bytes, port: i64) -> None:
        """Keep the values."""
        self.address: bytes = address
        self.port: i64 = port

    @property
    def is_ipv4(self) -> bool:
        """Whether the address has four bytes."""
        return len(self.address) == 4


def read_endpoint(data: bytes) -> Endpoint | None:
    """Return the internet address of an address parameter, None when it holds none."""
    family = data[0] if data else 0
    if family == FAMILY_INET and len(data) >= _IPV4_ADDRESS:
        return Endpoint(data[1:5], port_at(data, 5))
    if family == FAMILY_INET6 and len(data) >= _IPV6_ADDRESS:
        address = data[1:17]
        return Endpoint(address[12:] if is_mapped(address) else address, port_at(data, 17))
    return None


@mypyc_attr(acyclic=True, free_list_len=1)
class Tuple:
    """Both ends of an internet connection; two IPv4-mapped addresses are kept as IPv4."""

    def __init__(self, sip: bytes, sport: i64, dip: bytes, dport: i64) -> None:
        """Keep the values."""
        self.sip: bytes = sip
        self.sport: i64 = sport
        self.dip: bytes = dip
        self.dport: i64 = dport


def read_tuple(data: bytes) -> Tuple | None:
    """Return the internet addresses of a tuple parameter, None when it holds none."""
    family = data[0] if data else 0
    if family == FAMILY_INET and len(data) >= _IPV4_TUPLE:
        return Tuple(data[1:5], port_at(data, 5), data[7:11], port_at(data, 11))
    if family == FAMILY_INET6 and len(data) >= _IPV6_TUPLE:
        sip = data[1:17]
        dip = data[19:35]
        if is_mapped(sip) and is_mapped(dip):
            sip = sip[12:]
            dip = dip[12:]
        return Tuple(sip, port_at(data, 17), dip, port_at(data, 35))
    return None


def set_tuple(fd: FdInfo, ends: Tuple, keep_dest: bool) -> bool:
    """Put both ends into a descriptor and return whether that changed it.

    The same connection, seen from either side, changes nothing. `keep_dest` lets address and port of the destination
    stand, each by itself, where the descriptor already has them.
    """
    kind = FD_IPV4_SOCK if len(ends.sip) == 4 else FD_IPV6_SOCK
    if fd.kind == kind and _is_same(fd, ends):
        return False
    is_other = len(fd.dip) != len(ends.dip)
    has_changed = fd.kind != kind or fd.sport != ends.sport or fd.sip != ends.sip
    fd.kind = kind
    fd.sip = ends.sip
    fd.sport = ends.sport
    if is_other or not keep_dest or fd.dip in (b"", ANY_IPV4, ANY_IPV6):
        has_changed = has_changed or fd.dip != ends.dip
        fd.dip = ends.dip
    if is_other or not keep_dest or fd.dport == 0:
        has_changed = has_changed or fd.dport != ends.dport
        fd.dport = ends.dport
    return has_changed


def _is_same(fd: FdInfo, ends: Tuple) -> bool:
    if fd.sip == ends.sip and fd.sport == ends.sport and fd.dip == ends.dip and fd.dport == ends.dport:
        return True
    return fd.sip == ends.dip and fd.sport == ends.dport and fd.dip == ends.sip and fd.dport == ends.sport


def set_unix(fd: FdInfo, data: bytes) -> bool:
    """Put the pointers of a unix tuple into a descriptor; False when the tuple is cut."""
    if len(data) < _UNIX_TUPLE:
        return False
    fd.kind = FD_UNIX_SOCK
    fd.source = _word_at(data, 1)
    fd.dest = _word_at(data, 9)
    return True


def name_later(fd: FdInfo) -> bool:
    """Have the name of a connection made from its ends when it is asked for; False where that takes more."""
    if fd.kind != FD_IPV4_SOCK or fd.l4proto not in (L4_TCP, L4_UDP):
        return False
    fd.name_later()
    return True


def swap_ends(fd: FdInfo) -> None:
    """Exchange both ends, so that the client comes to stand on the left."""
    fd.sip, fd.dip = fd.dip, fd.sip
    fd.sport, fd.dport = fd.dport, fd.sport
