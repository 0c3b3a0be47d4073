"""Addresses of network interfaces come with their masks, and no answer of the kernel ends in a traceback."""

from __future__ import annotations

import shutil
import socket
import struct
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.capture.procfs.interfaces import is_last, parse_answer, read_interfaces
from tests.unit.capture.procfs.support import needs_root


def attribute(kind: int, value: bytes) -> bytes:
    """Return an attribute, padded."""
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def message(body: bytes, kind: int = 20) -> bytes:
    """Return a message with its header."""
    return struct.pack("=IHHII", 16 + len(body), kind, 2, 1, 0) + body + bytes(-len(body) % 4)


IPV4 = struct.pack("=BBBBI", socket.AF_INET, 24, 0, 0, 2)
IPV6 = struct.pack("=BBBBI", socket.AF_INET6, 64, 0, 0, 1)


def test_an_address_has_mask_broadcast_and_name() -> None:
    """From the mask follows which interface a connection uses."""
    body = IPV4 + attribute(1, bytes([10, 0, 0, 5])) + attribute(2, bytes([10, 0, 0, 5]))
    body += attribute(3, b"eth0:1\x00") + attribute(4, bytes([10, 0, 0, 255]))
    (found,) = parse_answer(message(body))
    assert (found.name, found.linkspeed) == ("eth0:1", 0)
    assert (found.addr, found.netmask, found.broadcast) == (b"\n\0\0\x05", b"\xff\xff\xff\0", b"\n\0\0\xff")


def test_the_own_end_of_a_tunnel_is_the_address() -> None:
    """Of a link between two the kernel tells both ends."""
    body = IPV4 + attribute(1, bytes([10, 0, 0, 6])) + attribute(2, bytes([10, 0, 0, 5]))
    (found,) = parse_answer(message(body))
    assert (found.addr, found.broadcast) == (b"\n\0\0\x05", b"\n\0\0\x06")


def test_an_ipv6_address_has_a_mask_of_its_prefix() -> None:
    """IPv6 has no broadcasts, and no labels: the name is that of the index."""
    (found,) = parse_answer(message(IPV6 + attribute(1, bytes(15) + b"\x01")))
    assert (found.addr, found.netmask, found.broadcast) == (bytes(15) + b"\x01", b"\xff" * 8 + bytes(8), bytes(16))
    assert found.name == socket.if_indextoname(1)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        IPV4,
        IPV4 + attribute(2, b"\n"),
        struct.pack("=BBBBI", socket.AF_INET, 33, 0, 0, 2) + attribute(2, bytes(4)),
        struct.pack("=BBBBI", 99, 8, 0, 0, 2) + attribute(2, bytes(4)),
        IPV4 + b"\x01\x00\x02\x00",
    ],
)
def test_damaged_addresses_are_left_out(body: bytes) -> None:
    """Nothing is made up for them."""
    assert parse_answer(message(body)) == []


@given(st.binary(max_size=200))
def test_any_answer_is_read(data: bytes) -> None:
    """An answer that contradicts itself is read as far as it makes sense."""
    parse_answer(data)
    is_last(data)
    parse_answer(message(IPV4 + data))


def test_the_list_ends_with_its_last_message() -> None:
    """Waiting for more would block the start."""
    assert is_last(message(b"", 3))
    assert is_last(message(bytes(20), 2))
    assert is_last(b"")
    assert not is_last(message(IPV4))


def test_the_loopback_of_this_machine_is_there() -> None:
    """What the kernel tells is understood; IPv4 comes first."""
    found = read_interfaces()
    sizes = [len(interface.addr) for interface in found]
    assert sizes == sorted(sizes)
    assert [(i.name, i.netmask) for i in found if i.addr == b"\x7f\x00\x00\x01"] == [("lo", b"\xff\x00\x00\x00")]


@needs_root
@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare")
def test_a_machine_without_addresses_has_none() -> None:
    """In a new network namespace no interface is up."""
    code = "from tercel.capture.procfs.interfaces import read_interfaces; print(read_interfaces())"
    done = subprocess.run(["unshare", "-n", sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
