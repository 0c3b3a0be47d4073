from __future__ import annotations

from tercel.state import model
from tercel.state.interfaces import InterfaceTable
from tercel.state.model import FdInfo, Interface
from tests.unit.state.build import packed


def table() -> InterfaceTable:
    """Return loopback, an office network and an IPv6 address."""
    interfaces = InterfaceTable()
    interfaces.add(Interface("lo", packed("127.0.0.1"), packed("255.0.0.0"), packed("127.0.0.1")))
    interfaces.add(Interface("eth0", packed("10.0.2.15"), packed("255.255.255.0"), packed("10.0.2.255")))
    interfaces.add(Interface("eth1", packed("192.168.1.5"), packed("255.255.255.0"), packed("192.168.1.255")))
    interfaces.add(Interface("eth0", b"\x20\x01" + bytes(13) + b"\x05", b"\xff" * 8 + bytes(8), bytes(16)))
    return interfaces


def test_the_machines_own_address_is_inferred() -> None:
    """The same address, else one in its subnet, else the first that is not loopback."""
    interfaces = table()
    assert interfaces.infer(packed("127.0.0.1")) == packed("127.0.0.1")
    assert interfaces.infer(packed("192.168.1.77")) == packed("192.168.1.5")
    assert interfaces.infer(packed("8.8.8.8")) == packed("10.0.2.15")
    assert InterfaceTable().infer(packed("8.8.8.8")) == b""


def test_an_unspecified_end_is_filled_in() -> None:
    """Either end, never both."""
    fd = FdInfo(model.FD_IPV4_SOCK)
    fd.sip = bytes(4)
    fd.dip = packed("8.8.8.8")
    table().complete(fd)
    assert fd.sip == packed("10.0.2.15")
    other = FdInfo(model.FD_IPV4_SOCK)
    other.sip = other.dip = bytes(4)
    table().complete(other)
    assert other.sip == bytes(4)


def test_own_addresses_are_known() -> None:
    """IPv4 addresses as they are, IPv6 addresses by subnet."""
    interfaces = table()
    assert interfaces.is_local(packed("10.0.2.15"))
    assert not interfaces.is_local(packed("10.0.2.16"))
    assert interfaces.is_local(b"\x20\x01" + bytes(13) + b"\x77")
    interfaces.clear()
    assert not interfaces.is_local(packed("10.0.2.15"))


def test_there_is_an_end_to_interfaces_and_their_names() -> None:
    """A damaged list may have any number."""
    interfaces = InterfaceTable()
    for _ in range(5000):
        interfaces.add(Interface("n" * 1000, packed("10.0.2.15"), packed("255.255.255.0"), packed("10.0.2.255")))
    assert len(interfaces.all) == 4096
    assert {len(interface.name) for interface in interfaces.all} == {255}
