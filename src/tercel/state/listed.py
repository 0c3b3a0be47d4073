"""What lists of threads and descriptors tell, brought into the form that events give it.

A list says less than the calls that made a socket: neither name nor role. The form in which an entry was listed is
kept beside it, so that a writer can put down what was read.
"""

from __future__ import annotations

from tercel.state import paths
from tercel.state.addresses import ANY_IPV4, ANY_IPV6, MAPPED_PREFIX, is_mapped, listed_name, swap_ends
from tercel.state.interfaces import InterfaceTable
from tercel.state.model import (
    FD_IPV4_SERVSOCK,
    FD_IPV4_SOCK,
    FD_IPV6_SERVSOCK,
    FD_IPV6_SOCK,
    FD_UNIX_SOCK,
    L4_TCP,
    LISTED_DEST_MAPPED,
    LISTED_IPV6,
    LISTED_LINE_END,
    LISTED_NO_DEST,
    LISTED_NO_SOURCE,
    LISTED_SOURCE_MAPPED,
    LISTED_SWAPPED,
    LISTED_UNNAMED,
    ROLE_CLIENT,
    ROLE_NONE,
    ROLE_SERVER,
    FdInfo,
    ThreadInfo,
)
from tercel.state.threads import ThreadTable


def without_padding(texts: list[str]) -> list[str]:
    """Return an environment without the empty texts at its end: programs that write over it leave zeros behind."""
    end = len(texts)
    while end > 0 and not texts[end - 1]:
        end -= 1
    return texts if end == len(texts) else texts[:end]


def complete_thread(thread: ThreadInfo) -> None:
    """Give a listed thread the form of the table."""
    thread.env = without_padding(thread.env)
    thread.listed_cwd = thread.cwd
    thread.listed_ptid = thread.ptid
    if thread.cwd:
        thread.cwd = paths.directory(paths.join("", thread.cwd))


def complete_fd(fd: FdInfo, interfaces: InterfaceTable) -> None:
    """Give a listed descriptor name, role and addresses as far as it tells them by itself."""
    if fd.name.endswith("\n"):
        # Recorders of old took the line end of /proc/net/unix into the name.
        fd.listed = LISTED_LINE_END
        fd.name = fd.name[:-1]
    if fd.kind == FD_UNIX_SOCK:
        fd.role = ROLE_SERVER if fd.name else ROLE_CLIENT
    elif fd.is_inet:
        fd.listed = LISTED_UNNAMED
        if fd.kind in (FD_IPV4_SOCK, FD_IPV6_SOCK):
            _complete_connection(fd, interfaces)
        fd.name = listed_name(fd)


def _complete_connection(fd: FdInfo, interfaces: InterfaceTable) -> None:
    if fd.kind == FD_IPV6_SOCK and is_mapped(fd.sip) and is_mapped(fd.dip):
        fd.listed |= LISTED_IPV6
        fd.listed |= 0 if fd.sip == ANY_IPV6 else LISTED_SOURCE_MAPPED
        fd.listed |= 0 if fd.dip == ANY_IPV6 else LISTED_DEST_MAPPED
        fd.kind = FD_IPV4_SOCK
        fd.sip = fd.sip[12:]
        fd.dip = fd.dip[12:]
    fd.is_connected = fd.l4proto == L4_TCP
    sip = fd.sip
    dip = fd.dip
    interfaces.complete(fd)
    fd.listed |= (0 if fd.sip == sip else LISTED_NO_SOURCE) | (0 if fd.dip == dip else LISTED_NO_DEST)


def settle_roles(table: ThreadTable) -> None:
    """Find out who is the server of each listed connection: the one whose port somebody listens on."""
    ports: set[int] = set()
    for thread in table.threads.values():
        for fd in thread.fds.values():
            if fd.kind in (FD_IPV4_SERVSOCK, FD_IPV6_SERVSOCK):
                ports.add(fd.dport)
    for thread in table.threads.values():
        for fd in thread.fds.values():
            if fd.kind == FD_IPV4_SOCK and fd.role == ROLE_NONE:
                _settle(fd, ports)


def _settle(fd: FdInfo, ports: set[int]) -> None:
    fd.standing = None
    if fd.sport not in ports:
        fd.role = ROLE_CLIENT
        return
    swap_ends(fd)
    fd.listed |= LISTED_SWAPPED
    fd.name = listed_name(fd)
    fd.role = ROLE_SERVER


def fd_as_listed(fd: FdInfo) -> FdInfo:
    """Return a descriptor in the form in which a list told it; the descriptor itself when that is the same."""
    if fd.listed == 0:
        return fd
    listed = fd.copy()
    if fd.listed & LISTED_UNNAMED:
        listed.name = ""
    if fd.listed & LISTED_LINE_END:
        listed.name = fd.name + "\n"
    if fd.listed & LISTED_SWAPPED:
        swap_ends(listed)
    if fd.listed & LISTED_NO_SOURCE:
        listed.sip = bytes(len(listed.sip))
    if fd.listed & LISTED_NO_DEST:
        listed.dip = bytes(len(listed.dip))
    if fd.listed & LISTED_IPV6:
        listed.kind = FD_IPV6_SOCK
        listed.sip = _as_ipv6(listed.sip, fd.listed & LISTED_SOURCE_MAPPED != 0)
        listed.dip = _as_ipv6(listed.dip, fd.listed & LISTED_DEST_MAPPED != 0)
    return listed


def _as_ipv6(address: bytes, is_mapped_form: bool) -> bytes:
    return MAPPED_PREFIX + address if is_mapped_form or address != ANY_IPV4 else ANY_IPV6
