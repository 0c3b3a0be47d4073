from __future__ import annotations

import pytest

from tercel.state import model
from tercel.state.model import Interface
from tests.unit.state.build import Feed, Value, ipv4_address, ipv4_tuple, ipv6_tuple, packed, unix_tuple

INET = 2
DGRAM = 2


@pytest.fixture
def feed() -> Feed:
    """Return a machine with an interface whose shell has a UDP socket as 5."""
    found = Feed()
    found.machine.interface(Interface("eth0", packed("10.0.0.1"), packed("255.0.0.0"), packed("10.255.255.255")))
    found.call("SOCKET_SOCKET", [INET, DGRAM, 0], [5])
    return found


def test_sending_tells_the_destination(feed: Feed) -> None:
    """In the entry; the own address is inferred."""
    ends = ipv4_tuple("0.0.0.0", 4000, "8.8.8.8", 53)
    ctx = feed.call("SOCKET_SENDTO", [5, 10, ends], [10, b"x"])
    fd = feed.fd(5)
    assert (fd.name, fd.role) == ("10.0.0.1:4000->8.8.8.8:53", model.ROLE_CLIENT)
    assert ctx.fd_name_changed
    assert not feed.call("SOCKET_SENDMSG", [5, 10, ends], [-11, None]).fd_name_changed


def test_an_answer_belongs_to_the_same_connection(feed: Feed) -> None:
    """Seen from the other side it changes nothing."""
    feed.call("SOCKET_SENDTO", [5, 1, ipv4_tuple("10.0.0.1", 4000, "8.8.8.8", 53)], [1, b"x"])
    feed.call("SOCKET_RECVFROM", [5, 1], [1, b"x", ipv4_tuple("8.8.8.8", 53, "10.0.0.1", 4000)])
    assert feed.fd(5).name == "10.0.0.1:4000->8.8.8.8:53"


def test_who_receives_on_a_port_of_its_own_is_the_server(feed: Feed) -> None:
    """The client stands on the left in both directions."""
    feed.call("SOCKET_BIND", [5], [0, ipv4_address("10.0.0.1", 53)])
    fd = feed.fd(5)
    fd.kind = model.FD_IPV4_SOCK
    fd.role = model.ROLE_NONE
    feed.call("SOCKET_RECVMSG", [5], [1, 1, b"x", ipv4_tuple("10.0.0.9", 4000, "10.0.0.1", 53)])
    assert (fd.name, fd.role) == ("10.0.0.9:4000->10.0.0.1:53", model.ROLE_SERVER)
    feed.call("SOCKET_SENDMSG", [5, 1, ipv4_tuple("10.0.0.1", 53, "10.0.0.7", 4001)], [1, b"x"])
    assert fd.name == "10.0.0.7:4001->10.0.0.1:53"


def test_a_bound_socket_is_named_after_whom_it_hears_from(feed: Feed) -> None:
    """The client stands on the left, also in the answer."""
    feed.call("SOCKET_BIND", [5], [0, ipv4_address("10.0.0.1", 53)])
    feed.call("SOCKET_RECVFROM", [5, 1], [1, b"x", ipv4_tuple("10.0.0.9", 4000, "10.0.0.1", 53)])
    feed.call("SOCKET_SENDTO", [5, 1, ipv4_tuple("10.0.0.1", 53, "10.0.0.9", 4000)], [1, b"x"])
    assert feed.fd(5).name == "10.0.0.9:4000->10.0.0.1:53"
    assert feed.fd(5).role == model.ROLE_SERVER


def test_a_socket_over_which_data_went_is_connected(feed: Feed) -> None:
    """Whether or not somebody connected it; a failed call changes nothing."""
    feed.call("SOCKET_SENDTO", [5, 1, None], [-11, None])
    assert not feed.fd(5).is_connected
    feed.call("SYSCALL_WRITE", [5, 1], [1, b"x"])
    assert feed.fd(5).is_connected


def test_the_role_of_ipv6_sockets_is_guessed_from_parts_of_their_address(feed: Feed) -> None:
    """Not from their ports."""
    feed.call("SOCKET_CONNECT", [5], [0, ipv4_tuple("10.0.0.1", 4000, "8.8.8.8", 53)])
    feed.call("SOCKET_SOCKET", [10, DGRAM, 0], [6])
    feed.call("SOCKET_SENDTO", [6, 1, ipv6_tuple(bytes(15) + b"\1", 4001, bytes(15) + b"\1", 53)], [1, b"x"])
    assert (feed.fd(6).name, feed.fd(6).role) == ("::1:4001->::1:53", model.ROLE_CLIENT)


def test_a_tcp_connection_does_not_change_its_ends(feed: Feed) -> None:
    """Only where its making was missed are they taken."""
    fd = feed.fd(5)
    fd.l4proto = model.L4_TCP
    feed.call("SOCKET_RECVFROM", [5, 1], [1, b"x", ipv4_tuple("10.0.0.9", 4000, "10.0.0.1", 80)])
    assert (fd.name, fd.role) == ("10.0.0.9:4000->10.0.0.1:80", model.ROLE_SERVER)
    feed.call("SOCKET_RECVFROM", [5, 1], [1, b"x", ipv4_tuple("7.7.7.7", 4000, "10.0.0.1", 80)])
    assert fd.name == "10.0.0.9:4000->10.0.0.1:80"


def test_sending_on_an_unknown_descriptor_makes_it_a_socket(feed: Feed) -> None:
    """By sendto, with an internet address."""
    feed.call("SOCKET_SENDTO", [9, 1, ipv4_tuple("10.0.0.1", 4000, "8.8.8.8", 53)], [1, b"x"])
    assert feed.fd(9).name == "10.0.0.1:4000->8.8.8.8:53"
    feed.call("SOCKET_SENDTO", [10, 1, unix_tuple(1, 2, "/x")], [1, b"x"])
    feed.call("SOCKET_SENDTO", [11, 1, None], [1, b"x"])
    feed.call("SOCKET_SENDTO", [-1, 1, ipv4_tuple("10.0.0.1", 4000, "8.8.8.8", 53)], [-9, None])
    assert sorted(feed.thread().fds) == [3, 5, 9]


def test_unix_sockets_take_their_name_from_messages(feed: Feed) -> None:
    """Pointers and path."""
    feed.call("SOCKET_SOCKET", [1, DGRAM, 0], [6])
    feed.call("SOCKET_RECVMSG", [6], [1, 1, b"x", unix_tuple(0xA, 0xB, "/dev/log")])
    assert feed.fd(6).name == "a->b /dev/log"


def test_newer_exits_tell_the_ends_themselves() -> None:
    """Of send, recv and the calls for several messages; who begins by receiving is taken for the server."""
    ends = ipv4_tuple("10.0.0.1", 4000, "8.8.8.8", 53)
    cases: list[tuple[str, list[Value]]] = [
        ("SOCKET_SEND_X", [1, b"x", 5, 1, ends]),
        ("SOCKET_RECV_X", [1, b"x", 5, 1, ends]),
        ("SOCKET_SENDMMSG_X", [1, 5, 1, b"x", ends]),
        ("SOCKET_RECVMMSG_X", [1, 5, 1, b"x", ends, None]),
    ]
    for name, values in cases:
        feed = Feed()
        feed.event("SOCKET_SOCKET_X", 5, INET, DGRAM, 0, 0)
        feed.event(name, *values)
        assert feed.fd(5).name == "10.0.0.1:4000->8.8.8.8:53", name
