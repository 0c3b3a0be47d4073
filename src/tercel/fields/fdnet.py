"""The fields of class `fd` about addresses, ports and protocols of sockets.

Sockets have the client's end on the left and the server's on the right; a listening or bound socket has only the
right one. Most of these fields need a socket of which it is known who is client and who is server.
"""

from __future__ import annotations

from typing import Final

from tercel.events.types import PF_DEC, PF_NA, PT_BOOL, PT_CHARBUF, PT_IPADDR, PT_IPNET, PT_PORT
from tercel.fields.base import (
    FF_ANY,
    FF_EITHER,
    FF_FILTER_ONLY,
    FF_NO_RHS,
    FF_NO_TRANSFORMER,
    SCOPE_EVENT,
    SCOPE_FD,
    Extractor,
    FieldSpec,
)
from tercel.fields.domains import DOMAINS
from tercel.fields.fdtypes import PROTOCOL_WORDS
from tercel.state.context import Context
from tercel.state.model import (
    FD_IPV4_SERVSOCK,
    FD_IPV4_SOCK,
    FD_IPV6_SERVSOCK,
    FD_IPV6_SOCK,
    L4_RAW,
    ROLE_NONE,
    FdInfo,
)

# Which end of a connection a field asks for.
CLIENT: Final = 0
SERVER: Final = 1
LOCAL: Final = 2
REMOTE: Final = 3

_ENDS: Final[dict[str, int]] = {"c": CLIENT, "s": SERVER, "l": LOCAL, "r": REMOTE}

_UNKNOWN: Final = "<NA>"


def is_connection(fd: FdInfo) -> bool:
    """Return whether the descriptor is an internet socket that is not merely bound."""
    return fd.kind in (FD_IPV4_SOCK, FD_IPV6_SOCK)


def is_server_socket(fd: FdInfo) -> bool:
    """Return whether the descriptor is an internet socket that is bound to an address."""
    return fd.kind in (FD_IPV4_SERVSOCK, FD_IPV6_SERVSOCK)


def is_local_address(ctx: Context, address: bytes) -> bool:
    """Return whether an address belongs to the machine, or to the container, that the event's thread runs in."""
    thread = ctx.thread
    return thread is not None and ctx.machine.is_local_address(address, thread)


def is_right_end(ctx: Context, fd: FdInfo, end: int) -> bool:
    """Return whether the end asked for is the server's."""
    if end < LOCAL:
        return end == SERVER
    is_left_local = is_local_address(ctx, fd.sip)
    return (end == LOCAL) != is_left_local


class Address(Extractor):
    """fd.cip, fd.sip, fd.lip, fd.rip and, compared with networks, fd.cnet, fd.snet, fd.lnet, fd.rnet."""

    def __init__(self, spec: FieldSpec, arg: str | None, text: str) -> None:
        """Find out from the field's name which end it asks for."""
        super().__init__(spec, arg, text)
        self.end: int = _ENDS[spec.name[3]]

    def extract(self, ctx: Context) -> object:
        """Return the packed address."""
        fd = ctx.fd
        if fd is None or fd.role == ROLE_NONE:
            return None
        if is_connection(fd):
            return (fd.dip if is_right_end(ctx, fd, self.end) else fd.sip) or None
        if self.end == SERVER and is_server_socket(fd):
            return fd.dip or None
        return None


class Port(Extractor):
    """fd.cport, fd.sport, fd.lport, fd.rport."""

    def __init__(self, spec: FieldSpec, arg: str | None, text: str) -> None:
        """Find out from the field's name which end it asks for."""
        super().__init__(spec, arg, text)
        self.end: int = _ENDS[spec.name[3]]

    def extract(self, ctx: Context) -> object:
        """Return the port's number; a bound socket has its own even where its role is not known."""
        fd = ctx.fd
        if fd is None:
            return None
        if is_connection(fd) and fd.role != ROLE_NONE:
            return fd.dport if is_right_end(ctx, fd, self.end) else fd.sport
        if self.end == SERVER and is_server_socket(fd):
            return fd.dport
        return None


class Protocol(Extractor):
    """fd.cproto, fd.sproto, fd.lproto, fd.rproto: the ports as text."""

    def __init__(self, spec: FieldSpec, arg: str | None, text: str) -> None:
        """Find out from the field's name which end it asks for."""
        super().__init__(spec, arg, text)
        self.end: int = _ENDS[spec.name[3]]

    def extract(self, ctx: Context) -> object:
        """Return the port's digits; of a bound socket neither end has any, nor has the client of a unix socket."""
        fd = ctx.fd
        if fd is None:
            return None
        if is_connection(fd):
            port = fd.dport if is_right_end(ctx, fd, self.end) else fd.sport
            return None if fd.role == ROLE_NONE else str(port)
        if self.end == CLIENT:
            return None if fd.role == ROLE_NONE else ""
        return "" if self.end == SERVER and is_server_socket(fd) else None


class EitherAddress(Extractor):
    """fd.ip and fd.net."""

    def extract(self, ctx: Context) -> object:
        """Return the addresses of both ends."""
        fd = ctx.fd
        if fd is None:
            return None
        if is_connection(fd):
            return [address for address in (fd.sip, fd.dip) if address]
        return [fd.dip] if is_server_socket(fd) and fd.dip else None


class EitherPort(Extractor):
    """fd.port and fd.proto."""

    def extract(self, ctx: Context) -> object:
        """Return the ports of both ends."""
        fd = ctx.fd
        if fd is None:
            return None
        if is_connection(fd):
            return [fd.sport, fd.dport]
        return [fd.dport] if is_server_socket(fd) else None


class DomainName(Address):
    """fd.cip.name, fd.sip.name, fd.lip.name, fd.rip.name."""

    def extract(self, ctx: Context) -> object:
        """Return the names that stand for the address."""
        address = super().extract(ctx)
        names = DOMAINS.names(address) if isinstance(address, bytes) else []
        return list(names) or None

    def display(self, ctx: Context) -> object:
        """Return the first name."""
        names = self.extract(ctx)
        return names[0] if isinstance(names, list) else None


class L4Proto(Extractor):
    """fd.l4proto."""

    def extract(self, ctx: Context) -> object:
        """Return the transport's name."""
        fd = ctx.fd
        if fd is None:
            return None
        if is_server_socket(fd) or (is_connection(fd) and (fd.role != ROLE_NONE or fd.l4proto == L4_RAW)):
            return PROTOCOL_WORDS.get(fd.l4proto, _UNKNOWN)
        return _UNKNOWN


class IsServer(Extractor):
    """fd.is_server."""

    def extract(self, ctx: Context) -> object:
        """Return whether the socket is bound, or the right end's address is local."""
        fd = ctx.fd
        if fd is None:
            return None
        if is_connection(fd):
            return is_local_address(ctx, fd.dip or (b"\x00" * (4 if fd.kind == FD_IPV4_SOCK else 16)))
        return is_server_socket(fd)


_FILTER_ONLY: Final = FF_FILTER_ONLY | FF_NO_TRANSFORMER | FF_NO_RHS
_END_WORDS: Final[tuple[tuple[str, str], ...]] = (
    ("c", "client"),
    ("s", "server"),
    ("l", "local end"),
    ("r", "remote end"),
)


# Which end is local is a matter of the machine's addresses and of the container that the thread is in.
_END_SCOPES: Final[dict[str, int]] = {"c": SCOPE_FD, "s": SCOPE_FD, "l": SCOPE_EVENT, "r": SCOPE_EVENT}


def _spec(
    name: str, doc: str, kind: int, flags: int = 0, print_format: int = PF_NA, scope: int = SCOPE_FD
) -> FieldSpec:
    return FieldSpec(name, kind, scope, doc, flags, print_format)


def _end(end: str, suffix: str, doc: str, kind: int, flags: int = 0, print_format: int = PF_NA) -> FieldSpec:
    return _spec(f"fd.{end}{suffix}", doc, kind, flags, print_format, _END_SCOPES[end])


ROWS: Final[list[tuple[FieldSpec, type[Extractor]]]] = [
    (_spec("fd.ip", "The address of either end.", PT_IPADDR, _FILTER_ONLY | FF_EITHER), EitherAddress),
    *[(_end(end, "ip", f"The address of the {word}.", PT_IPADDR), Address) for end, word in _END_WORDS],
    (_spec("fd.port", "The port of either end.", PT_PORT, _FILTER_ONLY | FF_EITHER, PF_DEC), EitherPort),
    *[(_end(end, "port", f"The port of the {word}.", PT_PORT, 0, PF_DEC), Port) for end, word in _END_WORDS],
    (_spec("fd.l4proto", "The transport: tcp, udp, icmp or raw.", PT_CHARBUF), L4Proto),
    (
        _spec(
            "fd.is_server",
            "Whether the socket is bound to an address, or its server's end is local.",
            PT_BOOL,
            scope=SCOPE_EVENT,
        ),
        IsServer,
    ),
    (
        _spec(
            "fd.proto", "The port of either end, by number or name of its service.", PT_PORT, _FILTER_ONLY | FF_EITHER
        ),
        EitherPort,
    ),
    *[(_end(end, "proto", f"The port of the {word}, as text.", PT_CHARBUF), Protocol) for end, word in _END_WORDS],
    (_spec("fd.net", "The network of either end.", PT_IPNET, _FILTER_ONLY | FF_EITHER), EitherAddress),
    *[
        (_end(end, "net", f"The network that the {word} is in.", PT_IPNET, _FILTER_ONLY), Address)
        for end, word in _END_WORDS
    ],
    *[
        (
            _spec(
                f"fd.{end}ip.name",
                f"The domain name of the {word}'s address, among the names that conditions ask for.",
                PT_CHARBUF,
                FF_NO_TRANSFORMER | FF_NO_RHS | FF_ANY,
                scope=SCOPE_EVENT,  # names are resolved while events go on
            ),
            DomainName,
        )
        for end, word in _END_WORDS
    ],
]
