"""Sockets: made, bound, connected, accepted, paired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mypy_extensions import i64

from tercel.events.convert import Resolved
from tercel.state.addresses import (
    ANY_IPV4,
    ANY_IPV6,
    FAMILY_INET,
    FAMILY_INET6,
    FAMILY_UNIX,
    address_text,
    name_later,
    port_at,
    read_endpoint,
    read_tuple,
    set_tuple,
    set_unix,
    socket_name,
    swap_ends,
    unix_name,
)
from tercel.state.iptext import ends_text
from tercel.state.model import (
    FD_IPV4_SERVSOCK,
    FD_IPV4_SOCK,
    FD_IPV6_SERVSOCK,
    FD_IPV6_SOCK,
    FD_NETLINK,
    FD_UNIX_SOCK,
    FD_UNKNOWN,
    L4_ICMP,
    L4_RAW,
    L4_TCP,
    L4_UDP,
    L4_UNKNOWN,
    ROLE_CLIENT,
    ROLE_NONE,
    ROLE_SERVER,
    FdInfo,
    ThreadInfo,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tercel.state.machine import Machine

_FAMILY_NETLINK: Final = 16
_SOCK_STREAM: Final = 1
_SOCK_DGRAM: Final = 2
_SOCK_RAW: Final = 3
_SOCK_TYPE_MASK: Final = 0xFF
_EINPROGRESS: Final = 115

_KINDS: Final[dict[int, int]] = {
    FAMILY_UNIX: FD_UNIX_SOCK,
    FAMILY_INET: FD_IPV4_SOCK,
    FAMILY_INET6: FD_IPV6_SOCK,
    _FAMILY_NETLINK: FD_NETLINK,
}
_KIND_OF_FAMILY: Final = bytes(_KINDS.get(family, FD_UNKNOWN) for family in range(_FAMILY_NETLINK + 1))
# Transport by the protocol's number; a raw socket is raw whatever it carries.
_PROTOCOLS: Final[dict[int, int]] = {1: L4_ICMP, 6: L4_TCP, 17: L4_UDP, 255: L4_RAW}


def l4proto_of(kind: i64, protocol: i64) -> i64:
    """Return the transport of an internet socket from its type and protocol."""
    if protocol == 0:
        stream: i64 = kind & _SOCK_TYPE_MASK
        return L4_TCP if stream == _SOCK_STREAM else L4_UDP if stream == _SOCK_DGRAM else L4_UNKNOWN
    found: i64 = _PROTOCOLS.get(protocol, L4_UNKNOWN)
    return L4_RAW if kind == _SOCK_RAW and found != L4_UNKNOWN else found


def add_socket(m: Machine, thread: ThreadInfo, number: i64, family: i64, kind: i64, protocol: i64, flags: i64) -> None:
    """Put a new socket into the table."""
    fd = FdInfo(_KIND_OF_FAMILY[family] if 0 <= family <= _FAMILY_NETLINK else FD_UNKNOWN)
    if family in (FAMILY_INET, FAMILY_INET6):
        fd.l4proto = l4proto_of(kind, protocol)
        fd.sip = ANY_IPV4 if family == FAMILY_INET else ANY_IPV6
        fd.dip = fd.sip
    fd.open_flags = flags
    m.open_fd(thread, number, fd)


def parse_socket(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of socket; without its beginning nothing is known of it."""
    number: i64 = args.int64(0, -1)
    if number < 0 or not args.has(1):
        return
    add_socket(m, thread, number, args.uint32(1), args.uint32(2), args.uint32(3), args.uint32(4))


def parse_bind(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of bind: a port makes the socket a server's."""
    if m.context.fd is None or args.int64(0, -1) < 0 or not args.has(1):
        return
    fd = m.own_fd(thread, thread.last_fd)
    if fd is None:
        return
    address = args.param(1)
    end = read_endpoint(address)
    if end is not None and end.port > 0:
        fd.kind = FD_IPV4_SERVSOCK if end.is_ipv4 else FD_IPV6_SERVSOCK
        fd.dip = end.address
        fd.dport = end.port
        fd.role = ROLE_SERVER
    _rename(m, fd, address_text(address))


def _rename(m: Machine, fd: FdInfo, name: str) -> None:
    if fd.name != name:
        fd.name = name
        m.context.fd_name_changed = True


def is_dest(fd: FdInfo, address: bytes) -> bool:
    """Return whether a descriptor is an unlisted IPv4 socket that has this destination already."""
    if len(address) != 7 or address[0] != FAMILY_INET or fd.kind != FD_IPV4_SOCK or fd.listed != 0:
        return False
    return fd.dport == port_at(address, 5) and len(fd.sip) == 4 and fd.dip == address[1:5]


def is_told(fd: FdInfo | None, data: bytes) -> bool:
    """Return whether a descriptor is a connection made from here whose ends, by which it is to be named, are these."""
    if fd is None or not fd.is_name_due or not fd.is_connected or fd.role == ROLE_NONE or fd.listed != 0:
        return False
    if len(data) != 13 or data[0] != FAMILY_INET or fd.dport != port_at(data, 11) or fd.sport != port_at(data, 5):
        return False
    return fd.kind == FD_IPV4_SOCK and fd.sip == data[1:5] and fd.dip == data[7:11]


def rename_socket(m: Machine, fd: FdInfo) -> None:
    """Name an internet socket by its ends; a name that nobody has asked for yet is not made."""
    if not fd.is_named and name_later(fd):
        m.context.fd_name_changed = True
    else:
        _rename(m, fd, socket_name(fd))


def parse_connect_enter(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the beginning of connect, which names the destination."""
    known = m.context.fd
    if known is None:
        return
    address = args.event.param(1)
    if is_dest(known, address):
        return
    if not address and args.event.nparams > 1:
        return
    fd = m.own_fd(thread, thread.last_fd)
    if fd is None:
        return
    if not address:
        _forget_dest(m, fd, thread.last_fd)
        return
    end = read_endpoint(address)
    if end is not None:
        fd.kind = FD_IPV4_SOCK if end.is_ipv4 else FD_IPV6_SOCK
        fd.dip = end.address
        fd.dport = end.port
        if len(fd.sip) != len(fd.dip):
            fd.sip = bytes(len(fd.dip))
    elif address[0] == FAMILY_UNIX:
        fd.kind = FD_UNIX_SOCK
        _rename(m, fd, address_text(address))


def _forget_dest(m: Machine, fd: FdInfo, number: i64) -> None:
    """Clear the destination, as the recorder of old captures did where a call did not tell its own."""
    if fd.kind == FD_UNIX_SOCK:
        _rename(m, fd, str(number))
        return
    if fd.kind in (FD_IPV4_SERVSOCK, FD_IPV6_SERVSOCK):
        return
    if fd.is_inet:
        fd.dip = bytes(len(fd.dip))
        fd.dport = 0
        _rename(m, fd, socket_name(fd))


def parse_connect(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of connect; one that failed changes nothing."""
    if m.context.fd is None:
        # The entry was missed: the exit tells the descriptor.
        thread.last_fd = args.int64(2, -1)
        m.context.fd = thread.fds.get(thread.last_fd)
    result: i64 = args.int64(0, -1)
    if result < 0 and result != -_EINPROGRESS:
        return
    data = args.param(1)
    if is_told(m.context.fd, data):
        return
    fd = m.own_fd(thread, thread.last_fd)
    if fd is None:
        return
    fd.is_connected = True
    if not data:
        return
    if fd.role == ROLE_NONE:
        fd.role = ROLE_CLIENT
    fill_client(m, fd, data, m.context.is_paired and fd.kind in (FD_IPV4_SOCK, FD_IPV6_SOCK))


def fill_client(m: Machine, fd: FdInfo, data: bytes, keep_dest: bool) -> None:
    """Take both ends of a connection that was just made from here."""
    ends = read_tuple(data)
    if ends is not None:
        was_udp_server = fd.role == ROLE_SERVER and fd.l4proto == L4_UDP and len(ends.sip) == 4
        if set_tuple(fd, ends, keep_dest) and was_udp_server:
            swap_ends(fd)
        rename_socket(m, fd)
    elif data[0] == FAMILY_UNIX and set_unix(fd, data):
        _rename(m, fd, unix_name(data))


def parse_accept(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of accept: a new descriptor for a connection that somebody made to here."""
    number: i64 = args.int64(0, -1)
    if number < 0:
        return
    thread.last_fd = number
    data = args.param(1)
    if not data:
        return
    fd = FdInfo(FD_UNKNOWN)
    ends = read_tuple(data)
    if ends is not None:
        set_tuple(fd, ends, False)
        fd.l4proto = L4_TCP
        if not name_later(fd):
            fd.name = ends_text(ends.sip, ends.sport, ends.dip, ends.dport)
    elif data[0] == FAMILY_UNIX and set_unix(fd, data):
        fd.name = unix_name(data)
    else:
        return
    fd.role = ROLE_SERVER
    fd.is_connected = True
    m.open_fd(thread, number, fd)


def parse_socketpair(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of socketpair: two connected unix sockets."""
    if args.int64(0, -1) < 0:
        return
    source = args.uint64(3)
    peer = args.uint64(4)
    for index in (1, 2):
        number: i64 = args.int64(index, -1)
        if number < 0:
            continue
        fd = FdInfo(FD_UNIX_SOCK)
        fd.source = source if index == 1 else peer
        fd.dest = peer if index == 1 else source
        m.open_fd(thread, number, fd)


HANDLERS: Final[dict[str, Callable[[Machine, Resolved, ThreadInfo], None]]] = {
    "SOCKET_SOCKET_X": parse_socket,
    "SOCKET_BIND_X": parse_bind,
    "SOCKET_CONNECT_E": parse_connect_enter,
    "SOCKET_CONNECT_X": parse_connect,
    "SOCKET_ACCEPT_5_X": parse_accept,
    "SOCKET_ACCEPT4_6_X": parse_accept,
    "SOCKET_SOCKETPAIR_X": parse_socketpair,
}
