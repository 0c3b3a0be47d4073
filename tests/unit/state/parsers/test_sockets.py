from __future__ import annotations

import pytest

from tercel.state import model
from tercel.state.parsers.sockets import l4proto_of
from tests.unit.state.build import Feed, ipv4_address, ipv4_tuple, ipv6_tuple, packed, unix_tuple

INET = 2
INET6 = 10
STREAM = 1
DGRAM = 2


@pytest.fixture
def feed() -> Feed:
    """Return a machine whose shell has a TCP socket as 5."""
    found = Feed()
    found.call("SOCKET_SOCKET", [INET, STREAM | 0o2000000, 0], [5])
    return found


@pytest.mark.parametrize(
    ("kind", "protocol", "expected"),
    [
        (STREAM, 0, model.L4_TCP),
        (DGRAM | 0o4000, 0, model.L4_UDP),
        (3, 0, model.L4_UNKNOWN),
        (STREAM, 6, model.L4_TCP),
        (DGRAM, 17, model.L4_UDP),
        (DGRAM, 1, model.L4_ICMP),
        (3, 1, model.L4_RAW),
        (3, 255, model.L4_RAW),
        (STREAM, 132, model.L4_UNKNOWN),
    ],
)
def test_type_and_protocol_tell_the_transport(kind: int, protocol: int, expected: int) -> None:
    """A raw socket is raw whatever it carries."""
    assert l4proto_of(kind, protocol) == expected


@pytest.mark.parametrize(
    ("family", "kind"),
    [(1, model.FD_UNIX_SOCK), (INET, model.FD_IPV4_SOCK), (INET6, model.FD_IPV6_SOCK), (16, model.FD_NETLINK), (17, 0)],
)
def test_the_family_tells_the_kind(feed: Feed, family: int, kind: int) -> None:
    """In the entry of old captures and in the exit of new ones."""
    feed.call("SOCKET_SOCKET", [family, DGRAM, 0], [6])
    assert feed.fd(6).kind == kind
    feed.event("SOCKET_SOCKET_X", 7, family, DGRAM, 0, 4096)
    assert (feed.fd(7).kind, feed.fd(7).open_flags) == (kind, 4096)


def test_a_port_makes_a_bound_socket_a_server(feed: Feed) -> None:
    """Without one only the name is known."""
    feed.call("SOCKET_BIND", [5], [0, ipv4_address("127.0.0.1", 0)])
    assert (feed.fd(5).kind, feed.fd(5).name) == (model.FD_IPV4_SOCK, "127.0.0.1:0")
    ctx = feed.call("SOCKET_BIND", [5], [0, ipv4_address("127.0.0.1", 80)])
    fd = feed.fd(5)
    assert (fd.kind, fd.name, fd.role) == (model.FD_IPV4_SERVSOCK, "127.0.0.1:80", model.ROLE_SERVER)
    assert ctx.fd_name_changed
    feed.call("SOCKET_BIND", [5], [-98, ipv4_address("127.0.0.1", 90)])
    assert fd.dport == 80


def test_a_connection_has_both_ends(feed: Feed) -> None:
    """The destination of the entry stands."""
    feed.event("SOCKET_CONNECT_E", 5, ipv4_address("9.9.9.9", 443))
    assert feed.fd(5).name == ""
    ctx = feed.event("SOCKET_CONNECT_X", 0, ipv4_tuple("10.0.0.1", 4000, "6.6.6.6", 666), 5)
    fd = feed.fd(5)
    assert fd.name == "10.0.0.1:4000->9.9.9.9:443"
    assert (fd.role, fd.is_connected, ctx.fd_name_changed) == (model.ROLE_CLIENT, True, True)


def test_a_connection_in_the_making_counts_a_failed_one_does_not(feed: Feed) -> None:
    """EINPROGRESS is no failure."""
    ends = ipv4_tuple("10.0.0.1", 4000, "9.9.9.9", 443)
    feed.call("SOCKET_CONNECT", [5, ipv4_address("9.9.9.9", 443)], [-111, ends, 5])
    assert (feed.fd(5).name, feed.fd(5).role) == ("", model.ROLE_NONE)
    feed.call("SOCKET_CONNECT", [5, ipv4_address("9.9.9.9", 443)], [-115, ends, 5])
    assert feed.fd(5).is_connected
    feed.call("SOCKET_CONNECT", [5, ipv4_address("9.9.9.9", 443)], [0, None, 5])
    assert feed.fd(5).name == "10.0.0.1:4000->9.9.9.9:443"


def test_an_entry_without_address_clears_the_destination(feed: Feed) -> None:
    """As old captures have it; a unix socket is called by its number until the exit."""
    feed.event("SOCKET_CONNECT_E", 5)
    assert feed.fd(5).name == "0.0.0.0:0->0.0.0.0:0"
    feed.event("SOCKET_CONNECT_X", 0, ipv4_tuple("10.0.0.1", 4000, "9.9.9.9", 443))
    assert feed.fd(5).name == "10.0.0.1:4000->9.9.9.9:443"
    feed.call("SOCKET_SOCKET", [1, STREAM, 0], [6])
    feed.event("SOCKET_CONNECT_E", 6)
    assert feed.fd(6).name == "6"


def test_what_the_entry_leaves_open_of_the_destination_the_exit_tells(feed: Feed) -> None:
    """Address and port each by itself."""
    feed.call("SOCKET_SOCKET", [2, 1, 0], [5])
    ends = ipv4_tuple("127.0.0.1", 4000, "127.0.0.1", 81)
    assert feed.call("SOCKET_CONNECT", [5, ipv4_address("0.0.0.0", 80)], [0, ends]).fd is feed.fd(5)
    assert feed.fd(5).name == "127.0.0.1:4000->127.0.0.1:80"


def test_an_exit_without_entry_tells_descriptor_and_destination(feed: Feed) -> None:
    """Whatever the descriptor was connected to before."""
    feed.call("SOCKET_SOCKET", [2, 2, 0], [5])
    feed.call("SOCKET_CONNECT", [5, ipv4_address("9.9.9.9", 53)], [0, ipv4_tuple("10.0.0.1", 1, "9.9.9.9", 53)])
    feed.event("SYSCALL_GETUID_E")
    ctx = feed.event("SOCKET_CONNECT_X", 0, ipv4_tuple("10.0.0.1", 1, "8.8.8.8", 53), 5)
    assert ctx.fd is feed.fd(5)
    assert feed.fd(5).name == "10.0.0.1:1->8.8.8.8:53"


def test_unix_sockets_take_path_and_pointers(feed: Feed) -> None:
    """The path with the entry, both pointers with the exit."""
    feed.call("SOCKET_SOCKET", [1, STREAM, 0], [6])
    ctx = feed.event("SOCKET_CONNECT_E", 6, b"\x01/run/x\x00")
    assert (feed.fd(6).name, ctx.fd_name_changed) == ("/run/x", True)
    feed.event("SOCKET_CONNECT_X", 0, unix_tuple(0xAB, 0xCD, "/run/x"), 6)
    assert feed.fd(6).name == "ab->cd /run/x"


def test_a_mapped_connection_is_an_ipv4_one(feed: Feed) -> None:
    """On an IPv6 socket too."""
    feed.call("SOCKET_SOCKET", [INET6, STREAM, 0], [6])
    prefix = bytes(10) + b"\xff\xff"
    ends = ipv6_tuple(prefix + packed("10.0.0.1"), 1, prefix + packed("10.0.0.2"), 2)
    feed.call("SOCKET_CONNECT", [6, b"\x0a" + prefix + packed("10.0.0.2") + b"\x02\x00"], [0, ends, 6])
    assert (feed.fd(6).kind, feed.fd(6).name) == (model.FD_IPV4_SOCK, "10.0.0.1:1->10.0.0.2:2")


def test_a_udp_server_that_connects_stands_on_the_right(feed: Feed) -> None:
    """The client is on the left."""
    feed.call("SOCKET_SOCKET", [INET, DGRAM, 0], [6])
    feed.call("SOCKET_BIND", [6], [0, ipv4_address("10.0.0.1", 53)])
    feed.event("SOCKET_CONNECT_E", 6, None)
    feed.event("SOCKET_CONNECT_X", 0, ipv4_tuple("10.0.0.1", 53, "10.0.0.9", 4000), 6)
    assert feed.fd(6).name == "10.0.0.9:4000->10.0.0.1:53"


@pytest.mark.parametrize("name", ["SOCKET_ACCEPT", "SOCKET_ACCEPT4", "SOCKET_ACCEPT_5", "SOCKET_ACCEPT4_6"])
def test_an_accepted_connection_is_a_servers(feed: Feed, name: str) -> None:
    """In every layout of the call."""
    ctx = feed.call(name, [0] if "4" in name else [], [7, ipv4_tuple("1.2.3.4", 5, "10.0.0.1", 80), 0, 0, 5])
    fd = feed.fd(7)
    assert (fd.name, fd.role, fd.l4proto) == ("1.2.3.4:5->10.0.0.1:80", model.ROLE_SERVER, model.L4_TCP)
    assert ctx.fd is fd
    assert fd.is_connected


def test_accepting_over_a_unix_socket(feed: Feed) -> None:
    """Or failing to, or not being told by whom."""
    feed.call("SOCKET_ACCEPT_5", [], [7, unix_tuple(1, 2, ""), 0, 0, 5])
    assert feed.fd(7).name == "1->2 "
    feed.call("SOCKET_ACCEPT_5", [], [8, None, 0, 0, 5])
    feed.call("SOCKET_ACCEPT_5", [], [-11, None, 0, 0, 5])
    assert sorted(feed.thread().fds) == [3, 5, 7]


def test_a_pair_of_sockets_points_at_each_other(feed: Feed) -> None:
    """By the kernel's addresses."""
    feed.call("SOCKET_SOCKETPAIR", [1, STREAM, 0], [0, 6, 7, 0xAA, 0xBB])
    assert (feed.fd(6).source, feed.fd(6).dest) == (0xAA, 0xBB)
    assert (feed.fd(7).source, feed.fd(7).dest) == (0xBB, 0xAA)
