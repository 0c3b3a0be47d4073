from __future__ import annotations

from typing import Any

import pytest

from tercel.fields.domains import DOMAINS
from tercel.state.model import (
    FD_FILE_V2,
    FD_IPV4_SERVSOCK,
    FD_IPV4_SOCK,
    FD_IPV6_SERVSOCK,
    FD_IPV6_SOCK,
    FD_UNIX_SOCK,
    L4_RAW,
    L4_TCP,
    L4_UDP,
    ROLE_CLIENT,
    ROLE_NONE,
    ROLE_SERVER,
    Interface,
)
from tests.unit.fields.scene import Scene

OWN = bytes([10, 0, 0, 5])
OTHER = bytes([192, 0, 2, 9])
ANY = bytes(4)
OWN6 = bytes([0xFD, *range(1, 16)])
ENDS: dict[str, Any] = {"sip": OWN, "sport": 40000, "dip": OTHER, "dport": 443, "l4proto": L4_TCP, "role": ROLE_CLIENT}


def scene_with(kind: int, **values: Any) -> Scene:
    """Return a machine with the address OWN that reads from a socket."""
    made = Scene()
    made.machine.interface(Interface("eth0", OWN, b"\xff\xff\xff\x00", b""))
    made.machine.interface(Interface("eth0", OWN6, b"\xff" * 16, b""))
    process = made.thread(10)
    made.show("SYSCALL_READ_E", 3, 1, thread=process, fd=made.fd(process, 3, kind, **values), fd_num=3)
    return made


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("fd.cip", OWN),
        ("fd.sip", OTHER),
        ("fd.lip", OWN),
        ("fd.rip", OTHER),
        ("fd.cnet", OWN),
        ("fd.snet", OTHER),
        ("fd.lnet", OWN),
        ("fd.rnet", OTHER),
        ("fd.cport", 40000),
        ("fd.sport", 443),
        ("fd.lport", 40000),
        ("fd.rport", 443),
        ("fd.cproto", "40000"),
        ("fd.sproto", "443"),
        ("fd.lproto", "40000"),
        ("fd.rproto", "443"),
        ("fd.ip", [OWN, OTHER]),
        ("fd.net", [OWN, OTHER]),
        ("fd.port", [40000, 443]),
        ("fd.proto", [40000, 443]),
        ("fd.l4proto", "tcp"),
        ("fd.is_server", False),
    ],
)
def test_a_client_has_its_own_end_on_the_left(field: str, value: object) -> None:
    """Client and server stand on the left and right, local and remote follow the machine's addresses."""
    assert scene_with(FD_IPV4_SOCK, **ENDS).value(field) == value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("fd.cip", OTHER),
        ("fd.sip", OWN),
        ("fd.lip", OWN),
        ("fd.rip", OTHER),
        ("fd.lport", 443),
        ("fd.rport", 40000),
        ("fd.lproto", "443"),
        ("fd.is_server", True),
    ],
)
def test_a_server_has_its_own_end_on_the_right(field: str, value: object) -> None:
    """What is local is told by the address, not by the side."""
    ends = {**ENDS, "sip": OTHER, "dip": OWN, "role": ROLE_SERVER}
    assert scene_with(FD_IPV4_SOCK, **ends).value(field) == value


@pytest.mark.parametrize("kind", [FD_IPV4_SERVSOCK, FD_IPV6_SERVSOCK])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("fd.cip", None),
        ("fd.sip", OWN),
        ("fd.lip", None),
        ("fd.cport", None),
        ("fd.sport", 80),
        ("fd.rport", None),
        ("fd.cproto", ""),
        ("fd.sproto", ""),
        ("fd.lproto", None),
        ("fd.ip", [OWN]),
        ("fd.port", [80]),
        ("fd.l4proto", "udp"),
        ("fd.is_server", True),
    ],
)
def test_a_bound_socket_has_a_server_end_alone(kind: int, field: str, value: object) -> None:
    """Nobody is connected to it yet."""
    ends = {"dip": OWN, "dport": 80, "l4proto": L4_UDP, "role": ROLE_SERVER}
    assert scene_with(kind, **ends).value(field) == value


def test_a_bound_socket_has_a_port_even_without_a_role() -> None:
    """Sockets that were listed are so; the address needs the role, as with Falco."""
    made = scene_with(FD_IPV4_SERVSOCK, dip=OWN, dport=80, role=ROLE_NONE)
    assert [made.value(field) for field in ("fd.sport", "fd.sproto", "fd.cproto", "fd.sip")] == [80, "", None, None]


def test_the_client_of_a_unix_socket_has_an_empty_protocol() -> None:
    """Its server has none."""
    made = scene_with(FD_UNIX_SOCK, role=ROLE_CLIENT)
    assert [made.value(field) for field in ("fd.cproto", "fd.sproto", "fd.lproto")] == ["", None, None]


@pytest.mark.parametrize("field", ["fd.cip", "fd.sip", "fd.lip", "fd.cport", "fd.rport", "fd.cproto", "fd.lnet"])
def test_ends_are_not_told_before_it_is_known_who_is_who(field: str) -> None:
    """Without a role the sides mean nothing."""
    assert scene_with(FD_IPV4_SOCK, **{**ENDS, "role": ROLE_NONE}).value(field) is None


@pytest.mark.parametrize(("l4proto", "word"), [(L4_TCP, "<NA>"), (L4_RAW, "raw")])
def test_of_sockets_without_role_only_raw_ones_tell_their_transport(l4proto: int, word: str) -> None:
    """Raw sockets have no client and no server."""
    made = scene_with(FD_IPV4_SOCK, **{**ENDS, "role": ROLE_NONE, "l4proto": l4proto})
    assert made.value("fd.l4proto") == word


@pytest.mark.parametrize(
    ("field", "value"),
    [("fd.ip", None), ("fd.port", None), ("fd.cip", None), ("fd.l4proto", "<NA>"), ("fd.is_server", False)],
)
def test_other_descriptors_have_no_ends(field: str, value: object) -> None:
    """A file has neither addresses nor a transport."""
    assert scene_with(FD_FILE_V2).value(field) == value


@pytest.mark.parametrize("field", ["fd.ip", "fd.port", "fd.l4proto", "fd.is_server", "fd.sip", "fd.sport", "fd.sproto"])
def test_events_without_a_descriptor_have_no_ends(field: str) -> None:
    """There is nothing to tell of."""
    assert Scene().value(field) is None


def test_an_unconnected_ipv6_socket_is_local_by_its_network() -> None:
    """Of IPv6 addresses the first half is compared."""
    near = OWN6[:8] + bytes(8)
    assert scene_with(FD_IPV6_SOCK, **{**ENDS, "dip": near}).value("fd.is_server") is True
    assert scene_with(FD_IPV6_SOCK, **{**ENDS, "dip": bytes(16)}).value("fd.is_server") is False


def test_names_of_addresses_come_from_the_table_that_the_sensor_fills() -> None:
    """Fields resolve nothing themselves."""
    made = scene_with(FD_IPV4_SOCK, **ENDS)
    assert made.value("fd.sip.name") is None
    assert made.shown("fd.sip.name") is None
    DOMAINS.set_addresses("shop.example", [OTHER])
    try:
        assert made.value("fd.sip.name") == ["shop.example"]
        assert made.shown("fd.rip.name") == "shop.example"
        assert made.value("fd.cip.name") is None
    finally:
        DOMAINS.set_addresses("shop.example", [])
