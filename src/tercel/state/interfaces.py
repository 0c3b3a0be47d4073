"""The machine's network interfaces: which addresses are its own, and which one it would use to reach another."""

from __future__ import annotations

from typing import Final

from tercel.state.addresses import ANY_IPV4, ANY_IPV6
from tercel.state.model import FD_IPV4_SOCK, FD_IPV6_SOCK, FdInfo, Interface

_LOOPBACK: Final = frozenset({b"\x7f\x00\x00\x01", b"\x00" * 15 + b"\x01"})
# Bytes of an IPv6 address that name its subnet.
_PREFIX: Final = 8
# More addresses than a machine has, and a longer name.
_MAX_INTERFACES: Final = 4096
_MAX_NAME: Final = 255


def _in_subnet(interface: Interface, address: bytes) -> bool:
    mask = int.from_bytes(interface.netmask, "big")
    return int.from_bytes(interface.addr, "big") & mask == int.from_bytes(address, "big") & mask


class InterfaceTable:
    """The addresses of the machine in the order in which its list has them."""

    def __init__(self) -> None:
        """Start without any."""
        self.all: list[Interface] = []
        self._local: set[bytes] = set()
        self._prefixes: set[bytes] = set()

    def clear(self) -> None:
        """Forget all."""
        self.all = []
        self._local = set()
        self._prefixes = set()

    def add(self, interface: Interface) -> None:
        """Take one address."""
        if len(self.all) < _MAX_INTERFACES:
            interface.name = interface.name[:_MAX_NAME]
            self.all.append(interface)
            self._local.add(interface.addr)
            if len(interface.addr) == 16:
                self._prefixes.add(interface.addr[:_PREFIX])

    def is_local(self, address: bytes) -> bool:
        """Return whether an address is one of the machine's own, or an IPv6 address in a subnet of one."""
        return address in self._local or address[:_PREFIX] in self._prefixes

    def infer(self, other: bytes) -> bytes:
        """Return the machine's address on a connection of which only the other end is known; empty if it has none."""
        if other in self._local:
            return other
        own = [interface for interface in self.all if len(interface.addr) == len(other)]
        for interface in own:
            if _in_subnet(interface, other):
                return interface.addr
        for interface in own:
            if interface.addr not in _LOOPBACK:
                return interface.addr
        return b""

    def complete(self, fd: FdInfo) -> None:
        """Fill in the end of a connection that the event left unspecified."""
        if fd.kind not in (FD_IPV4_SOCK, FD_IPV6_SOCK):
            return
        unknown = ANY_IPV4 if fd.kind == FD_IPV4_SOCK else ANY_IPV6
        if fd.sip == unknown and fd.dip != unknown:
            fd.sip = self.infer(fd.dip) or fd.sip
        elif fd.dip == unknown and fd.sip != unknown:
            fd.dip = self.infer(fd.sip) or fd.dip
