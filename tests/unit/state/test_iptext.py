from __future__ import annotations

import socket

from tercel.state.iptext import ends_text, ip_text


def test_addresses_have_their_usual_texts() -> None:
    """Those of the C library; anything that is no address has none."""
    assert ip_text(bytes([192, 0, 2, 7])) == "192.0.2.7"
    for text in ("::", "::1", "2001:db8::1", "::ffff:192.0.2.7", "fe80::1:0:0:1"):
        packed = socket.inet_pton(socket.AF_INET6, text)
        assert ip_text(packed) == socket.inet_ntop(socket.AF_INET6, packed)
    assert ip_text(b"") == ip_text(b"12345") == ""


def test_more_addresses_than_are_remembered_keep_their_texts() -> None:
    """A scan of a whole network forgets texts, it does not mix them up."""
    packed = [bytes([10, 1, high, low]) for high in range(40) for low in range(256)]
    for _ in range(2):
        assert [ip_text(address) for address in packed] == [socket.inet_ntoa(address) for address in packed]


def test_a_connection_is_told_by_both_ends() -> None:
    """The client first."""
    assert ends_text(bytes([10, 0, 0, 1]), 40000, bytes([10, 0, 0, 2]), 80) == "10.0.0.1:40000->10.0.0.2:80"
