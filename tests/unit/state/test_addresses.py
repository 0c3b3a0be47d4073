from __future__ import annotations

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.state import model
from tercel.state.addresses import (
    address_text,
    is_mapped,
    listed_name,
    read_endpoint,
    read_tuple,
    set_tuple,
    set_unix,
    socket_name,
    swap_ends,
    unix_name,
)
from tercel.state.iptext import ip_text
from tercel.state.model import FdInfo
from tests.unit.state.build import ipv4_address, ipv4_tuple, ipv6_tuple, packed, unix_tuple

MAPPED = bytes(10) + b"\xff\xff" + packed("10.0.0.1")


@given(st.one_of(st.binary(min_size=4, max_size=4), st.binary(min_size=16, max_size=16)))
def test_addresses_are_written_as_the_c_library_writes_them(address: bytes) -> None:
    """IPv6 in its short form."""
    family = socket.AF_INET if len(address) == 4 else socket.AF_INET6
    assert ip_text(address) == socket.inet_ntop(family, address)


@pytest.mark.parametrize("text", ["::", "::1", "1::", "1:0:0:2::3", "::ffff:1.2.3.4", "::1.2.3.4", "2001:db8::1:0:0:1"])
def test_ipv6_addresses_with_zeros_are_shortened(text: str) -> None:
    """The longest run of zeros, the first of equals, and the forms that embed IPv4."""
    address = ipaddress.IPv6Address(text).packed
    assert ip_text(address) == socket.inet_ntop(socket.AF_INET6, address)


def test_mapped_addresses_are_kept_as_ipv4_when_both_are() -> None:
    """One real IPv6 address keeps the pair IPv6; the unspecified address goes with either."""
    both = read_tuple(ipv6_tuple(MAPPED, 1, bytes(16), 2))
    assert both is not None
    assert (both.sip, both.dip) == (packed("10.0.0.1"), bytes(4))
    one = read_tuple(ipv6_tuple(MAPPED, 1, b"\x20" + bytes(15), 2))
    assert one is not None
    assert len(one.sip) == 16
    assert is_mapped(bytes(16))


def test_a_connection_seen_from_either_side_changes_nothing() -> None:
    """Only new ends count as a change."""
    fd = FdInfo(model.FD_IPV4_SOCK)
    fd.l4proto = model.L4_TCP
    ends = read_tuple(ipv4_tuple("1.2.3.4", 5, "6.7.8.9", 10))
    back = read_tuple(ipv4_tuple("6.7.8.9", 10, "1.2.3.4", 5))
    assert ends is not None
    assert back is not None
    assert set_tuple(fd, ends, keep_dest=False)
    assert not set_tuple(fd, ends, keep_dest=False)
    assert not set_tuple(fd, back, keep_dest=False)
    assert socket_name(fd) == "1.2.3.4:5->6.7.8.9:10"


def test_a_destination_that_is_known_can_be_kept() -> None:
    """What the call was entered with stands against what its exit tells."""
    fd = FdInfo(model.FD_IPV4_SOCK)
    fd.l4proto = model.L4_UDP
    fd.sip = bytes(4)
    fd.dip = packed("9.9.9.9")
    fd.dport = 53
    ends = read_tuple(ipv4_tuple("1.2.3.4", 5, "6.7.8.9", 10))
    assert ends is not None
    set_tuple(fd, ends, keep_dest=True)
    assert socket_name(fd) == "1.2.3.4:5->9.9.9.9:53"
    swap_ends(fd)
    assert socket_name(fd) == "9.9.9.9:53->1.2.3.4:5"


def test_sockets_without_ports_are_named_without_them() -> None:
    """ICMP and raw sockets; a bound socket has one end."""
    fd = FdInfo(model.FD_IPV4_SOCK)
    fd.sip = packed("1.2.3.4")
    fd.dip = packed("5.6.7.8")
    fd.l4proto = model.L4_ICMP
    assert socket_name(fd) == "1.2.3.4->5.6.7.8"
    assert listed_name(fd) == "1.2.3.4:0->5.6.7.8:0"
    fd.l4proto = model.L4_UNKNOWN
    assert socket_name(fd) == "<unknown>"
    fd.kind = model.FD_IPV4_SERVSOCK
    fd.dport = 80
    assert socket_name(fd) == "5.6.7.8:80"


def test_ipv6_sockets_have_names_for_icmp_but_not_for_raw() -> None:
    """So it is with Falco."""
    fd = FdInfo(model.FD_IPV6_SOCK)
    fd.sip = bytes(15) + b"\x01"
    fd.dip = bytes(16)
    fd.l4proto = model.L4_ICMP
    assert socket_name(fd) == "::1->::"
    fd.sip = bytes(16)
    assert socket_name(fd) == "0.0.0.0->0.0.0.0"
    fd.l4proto = model.L4_RAW
    assert socket_name(fd) == "<unknown>"


def test_unix_sockets_are_named_by_pointers_and_path() -> None:
    """The pointers are hexadecimal; without a path a blank remains. What cannot be printed is left out of it."""
    assert unix_name(unix_tuple(1, 2, "/run/\u00e9x\n")) == "1->2 /run/x"
    data = unix_tuple(0xFFFF94DC817B9400, 0, "/run/x")
    assert unix_name(data) == "ffff94dc817b9400->0 /run/x"
    fd = FdInfo(model.FD_UNKNOWN)
    assert set_unix(fd, data)
    assert (fd.kind, fd.source) == (model.FD_UNIX_SOCK, 0xFFFF94DC817B9400)


def test_addresses_have_a_text() -> None:
    """IP with port, or the path."""
    assert address_text(ipv4_address("1.2.3.4", 80)) == "1.2.3.4:80"
    assert address_text(b"\x01/run/x\x00junk") == "/run/x"
    assert address_text(b"\x0a" + bytes(15) + b"\x01\x50\x00") == "::1:80"


@given(st.binary(max_size=48))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    """What is cut or unknown has no ends and no text of its own."""
    read_tuple(data)
    read_endpoint(data)
    address_text(data)
    set_unix(FdInfo(model.FD_UNKNOWN), data)
