"""Small decoders of parameters."""

from __future__ import annotations

from tercel.fields.param import members, signed, unsigned


def test_numbers_are_little_endian_of_any_width() -> None:
    """The sign is a matter of the type."""
    assert unsigned(b"\xfe\xff") == 65534
    assert signed(b"\xfe\xff") == -2
    assert unsigned(b"") == signed(b"") == 0


def test_all_names_of_a_value_are_given() -> None:
    """AF_LOCAL is AF_UNIX."""
    assert members(1, "socket_families") == "AF_LOCAL|AF_UNIX"
    assert members(99999, "socket_families") == ""
