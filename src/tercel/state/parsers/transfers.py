"""What sending and receiving tells of sockets: the ends of a datagram, and which side is the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tercel.events.convert import Resolved
from tercel.state.addresses import (
    FAMILY_INET,
    FAMILY_INET6,
    FAMILY_UNIX,
    Tuple,
    port_at,
    read_tuple,
    set_tuple,
    set_unix,
    swap_ends,
    unix_name,
)
from tercel.state.model import (
    FD_IPV4_SERVSOCK,
    FD_IPV4_SOCK,
    L4_TCP,
    L4_UDP,
    L4_UNKNOWN,
    ROLE_CLIENT,
    ROLE_NONE,
    ROLE_SERVER,
    FdInfo,
    ThreadInfo,
)
from tercel.state.parsers.sockets import add_socket, rename_socket

if TYPE_CHECKING:
    from collections.abc import Callable

    from tercel.state.machine import Machine

_SOCK_DGRAM: Final = 2


def has_ends(fd: FdInfo) -> bool:
    """Return whether a descriptor is a named TCP connection, of which transfers tell nothing new."""
    return fd.is_named and fd.l4proto == L4_TCP and fd.kind == FD_IPV4_SOCK


def _wants_ends(m: Machine) -> bool:
    """Return whether the event's socket is one whose ends can change, or are not known."""
    fd = m.context.fd
    return fd is not None and not has_ends(fd)


def _guess_role(thread: ThreadInfo, ends: FdInfo, incoming: bool) -> int:
    """Return who a process is on a connection: a server if it holds the port that was sent to.

    Falco looks for the ports where IPv4 sockets have them, also in those of IPv6: there stand parts of the address.
    """
    is_bound = False
    is_client = False
    sport = ends.sport if ends.kind == FD_IPV4_SOCK else port_at(ends.sip, 8)
    dport = ends.dport if ends.kind == FD_IPV4_SOCK else port_at(ends.sip, 10)
    for fd in thread.fds.values():
        if fd.kind in (FD_IPV4_SERVSOCK, FD_IPV4_SOCK):
            is_bound = is_bound or fd.dport == dport
            is_client = is_client or (fd.kind == FD_IPV4_SOCK and fd.sport == sport)
    if is_bound and is_client:
        return ROLE_SERVER if incoming else ROLE_CLIENT
    return ROLE_SERVER if is_bound else ROLE_CLIENT


def _learn_ends(m: Machine, thread: ThreadInfo, data: bytes, incoming: bool) -> None:
    """Take the ends of a datagram, or of a connection whose making was not seen."""
    fd = m.own_fd(thread, thread.last_fd)
    if fd is None or not data:
        return
    ends = read_tuple(data)
    if ends is not None:
        _learn_inet(m, thread, fd, ends, incoming)
    elif data[0] == FAMILY_UNIX and set_unix(fd, data):
        _rename(m, fd, unix_name(data))


def _learn_inet(m: Machine, thread: ThreadInfo, fd: FdInfo, ends: Tuple, incoming: bool) -> None:
    if not set_tuple(fd, ends, False):
        return
    if fd.l4proto == L4_UNKNOWN:
        fd.l4proto = L4_UDP
    m.interfaces.complete(fd)
    if fd.role == ROLE_NONE:
        fd.role = _guess_role(thread, fd, incoming)
    if fd.role == (ROLE_CLIENT if incoming else ROLE_SERVER):
        swap_ends(fd)
    rename_socket(m, fd)


def _rename(m: Machine, fd: FdInfo, name: str) -> None:
    if fd.name != name:
        fd.name = name
        m.context.fd_name_changed = True


def parse_recvfrom(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of recvfrom."""
    if _wants_ends(m) and args.int64(0, -1) >= 0:
        _learn_ends(m, thread, args.param(2), True)


def parse_recvmsg(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of recvmsg."""
    if _wants_ends(m) and args.int64(0, -1) >= 0:
        _learn_ends(m, thread, args.param(3), True)


def parse_recv(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of recv."""
    if _wants_ends(m) and args.int64(0, -1) >= 0:
        _learn_ends(m, thread, args.param(4), True)


def parse_recvmmsg(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take one message of recvmmsg."""
    if _wants_ends(m) and args.int64(0, -1) >= 0:
        _learn_ends(m, thread, args.param(4), True)


def parse_send_enter(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the beginning of sendto; one with an address on an unknown descriptor makes it a socket."""
    if m.context.fd is not None or thread.last_fd < 0:
        return
    data = args.event.param(2)
    if data and data[0] in (FAMILY_INET, FAMILY_INET6):
        add_socket(m, thread, thread.last_fd, data[0], _SOCK_DGRAM, 0, 0)


def parse_send(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take the end of sendto, sendmsg or send, whose address its beginning told."""
    if _wants_ends(m) and args.int64(0, -1) >= 0:
        _learn_ends(m, thread, args.param(4), False)


def parse_sendmmsg(m: Machine, args: Resolved, thread: ThreadInfo) -> None:
    """Take one message of sendmmsg."""
    if _wants_ends(m) and args.int64(0, -1) >= 0:
        _learn_ends(m, thread, args.param(4), False)


HANDLERS: Final[dict[str, Callable[[Machine, Resolved, ThreadInfo], None]]] = {
    "SOCKET_RECVFROM_X": parse_recvfrom,
    "SOCKET_RECVMSG_X": parse_recvmsg,
    "SOCKET_RECV_X": parse_recv,
    "SOCKET_RECVMMSG_X": parse_recvmmsg,
    "SOCKET_SENDTO_E": parse_send_enter,
    "SOCKET_SENDTO_X": parse_send,
    "SOCKET_SENDMSG_X": parse_send,
    "SOCKET_SEND_X": parse_send,
    "SOCKET_SENDMMSG_X": parse_sendmmsg,
}
