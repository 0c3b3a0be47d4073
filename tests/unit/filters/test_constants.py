from __future__ import annotations

import pytest

from tercel.events import types
from tercel.filters.constants import ConstantError, address, network, number, packed_address, port, truth, unhex
from tercel.filters.scalars import Network


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("5", types.PT_INT64, 5),
        ("+5", types.PT_INT64, 5),
        ("-1", types.PT_INT32, -1),
        ("-1", types.PT_UINT32, 4294967295),
        ("300", types.PT_UINT8, 44),
        ("4294967295", types.PT_INT32, -1),
        ("99999999999999999999", types.PT_INT64, (1 << 63) - 1),
        ("9" * 5000, types.PT_UINT64, (1 << 64) - 1),
        ("0x10", types.PT_INT64, 16),
        ("1.5", types.PT_INT64, 1.5),
        ("2.0", types.PT_INT64, 2),
        ("1e3", types.PT_UINT64, 1000),
        ("1.5", types.PT_DOUBLE, 1.5),
        ("-7", types.PT_DOUBLE, -7),
    ],
)
def test_numbers_become_values_of_their_type(text: str, kind: int, value: float) -> None:
    """Integers wrap as they do for Falco; hexadecimal and fractions are taken besides."""
    assert number(text, kind) == value


@pytest.mark.parametrize("text", ["hello", "", "5x", "0x", "1e", ".", "--1", "1e999", "0x1g", "\u0665"])
def test_what_is_no_number_is_named(text: str) -> None:
    """With Falco's words."""
    with pytest.raises(ConstantError) as error:
        number(text, types.PT_INT64)
    assert str(error.value) == f"{text} is not a valid number"


def test_ports_may_be_named() -> None:
    """An empty text is port 0."""
    assert (port("http"), port("8080"), port("")) == (80, 8080, 0)
    with pytest.raises(ConstantError, match="unrecognized protocol nosuch"):
        port("nosuch")


def test_truth_values_have_two_names() -> None:
    """In lower case."""
    assert truth("true")
    assert not truth("false")
    with pytest.raises(ConstantError, match="filter error: unrecognized boolean value True"):
        truth("True")


@pytest.mark.parametrize(
    ("text", "packed"),
    [
        ("10.0.0.1", b"\x0a\x00\x00\x01"),
        ("::1", b"\x00" * 15 + b"\x01"),
        ("010.0.0.1", None),
        ("1.2.3", None),
        ("256.1.1.1", None),
        ("fe80::1%eth0", None),
        ("host", None),
    ],
)
def test_addresses_are_packed(text: str, packed: bytes | None) -> None:
    """None stands for a text that is no address."""
    assert packed_address(text) == packed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1.2.3.x", "unrecognized IPv4 address 1.2.3.x"),
        ("host", "unrecognized IPv6 address host"),
        ("1.2.3.4/33", "invalid netmask 33"),
        ("1.2.3/8", "unrecognized IP address 1.2.3/8"),
        ("fe80::/x", "x is not a valid number"),
    ],
)
def test_what_is_no_address_is_named(text: str, message: str) -> None:
    """A text with a point is meant for IPv4."""
    with pytest.raises(ConstantError) as error:
        address(text)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1.2.3.4", "unrecognized IP network 1.2.3.4"),
        ("demo_echo", "invalid v6 netmask: demo_echo"),
        ("fe80::/129", "invalid v6 netmask 129"),
        ("zz::/10", "unrecognized IPv6 address zz::/10"),
    ],
)
def test_what_is_no_network_is_named(text: str, message: str) -> None:
    """A network needs its bits."""
    with pytest.raises(ConstantError) as error:
        network(text)
    assert str(error.value) == message


def test_an_address_constant_may_be_a_network() -> None:
    """Falco refuses it; here it stands for all its addresses."""
    found = address("10.1.0.0/16")
    assert isinstance(found, Network)
    assert found.contains(b"\x0a\x01\x02\x03")
    assert address("10.1.0.1") == b"\x0a\x01\x00\x01"


def test_buffers_are_given_in_hexadecimal() -> None:
    """An even number of digits."""
    assert unhex("00fF") == b"\x00\xff"
    for text in ("", "0", "zz", "00 ff"):
        with pytest.raises(ConstantError, match="operator support hex strings only"):
            unhex(text)


def test_blanks_before_a_number_do_not_count_among_its_digits() -> None:
    """However many."""
    assert number(" " * 100 + "5", types.PT_INT64) == 5
