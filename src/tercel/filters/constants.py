"""From the text of a constant to a value of the field's type.

Beyond what Falco takes, numbers may be hexadecimal or have a fraction or an exponent, and a network may stand where an
address does. Integers wrap at the width of their type, as its conversion does.
"""

from __future__ import annotations

import re
from typing import Final

from tercel.events import types
from tercel.filters.scalars import Network, Number
from tercel.filters.services import port_of

# Bits and signedness of the numeric types.
NUMERIC: Final[dict[int, tuple[int, bool]]] = {
    types.PT_INT8: (8, True),
    types.PT_INT16: (16, True),
    types.PT_INT32: (32, True),
    types.PT_INT64: (64, True),
    types.PT_ERRNO: (64, True),
    types.PT_FD: (64, True),
    types.PT_PID: (64, True),
    types.PT_FD32: (64, True),
    types.PT_PID32: (64, True),
    types.PT_UINT8: (8, False),
    types.PT_FLAGS8: (8, False),
    types.PT_ENUMFLAGS8: (8, False),
    types.PT_SIGTYPE: (8, False),
    types.PT_UINT16: (16, False),
    types.PT_FLAGS16: (16, False),
    types.PT_ENUMFLAGS16: (16, False),
    types.PT_SYSCALLID: (16, False),
    types.PT_PORT: (16, False),
    types.PT_UINT32: (32, False),
    types.PT_FLAGS32: (32, False),
    types.PT_ENUMFLAGS32: (32, False),
    types.PT_MODE: (32, False),
    types.PT_UID: (32, False),
    types.PT_GID: (32, False),
    types.PT_UINT64: (64, False),
    types.PT_RELTIME: (64, False),
    types.PT_ABSTIME: (64, False),
    types.PT_DOUBLE: (0, True),
}

_INTEGER: Final = re.compile(r"\s*[+-]?[0-9]+")
_HEXADECIMAL: Final = re.compile(r"0[xX][0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[+-]?(?:[0-9]+\.[0-9]*|[0-9]*\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][+-]?[0-9]+)?")
_MAX_DIGITS: Final = 40
_MAX_EXPONENT: Final = 1e300


class ConstantError(ValueError):
    """A constant that does not fit the field's type."""


def number(text: str, kind: int) -> Number:
    """Return a number for a field of a numeric type."""
    bits, signed = NUMERIC[kind]
    if _INTEGER.fullmatch(text):
        value = int(text.lstrip()[:_MAX_DIGITS])
        return _wrapped(value, bits, signed=signed) if bits else value
    if _HEXADECIMAL.fullmatch(text) and len(text) <= _MAX_DIGITS:
        value = int(text, 16)
        return _wrapped(value, bits, signed=signed) if bits else value
    if _FLOAT.fullmatch(text) and len(text) <= _MAX_DIGITS:
        fraction = float(text)
        if abs(fraction) < _MAX_EXPONENT:
            return int(fraction) if fraction.is_integer() else fraction
    msg = f"{text} is not a valid number"
    raise ConstantError(msg)


def _wrapped(value: int, bits: int, *, signed: bool) -> int:
    low, high = (-(1 << 63), (1 << 63) - 1) if signed else (-(1 << 64), (1 << 64) - 1)
    value = min(max(value, low), high) & ((1 << bits) - 1)
    return value - (1 << bits) if signed and value >> (bits - 1) else value


def port(text: str) -> Number:
    """Return a port given as a number or as a service's name."""
    if not text:
        return 0
    if text[0] in "0123456789":
        return number(text, types.PT_PORT)
    found = port_of(text)
    if found is None:
        msg = f"unrecognized protocol {text}"
        raise ConstantError(msg)
    return found


def truth(text: str) -> bool:
    """Return a truth value."""
    if text not in {"true", "false"}:
        msg = f"filter error: unrecognized boolean value {text}"
        raise ConstantError(msg)
    return text == "true"


def address(text: str) -> bytes | Network:
    """Return an address of 4 or 16 bytes, or a network."""
    if "/" in text:
        return network(text)
    packed = packed_address(text)
    if packed is None:
        family = "IPv4" if "." in text else "IPv6"
        msg = f"unrecognized {family} address {text}"
        raise ConstantError(msg)
    return packed


def network(text: str) -> Network:
    """Return a network written as address, slash and number of bits."""
    host, slash, bits = text.partition("/")
    is_v4 = "." in text and ":" not in text
    if not slash:
        msg = f"unrecognized IP network {text}" if "." in text else f"invalid v6 netmask: {text}"
        raise ConstantError(msg)
    packed = packed_address(host)
    if packed is None or (len(packed) == 4) != is_v4:
        msg = f"unrecognized IP address {text}" if is_v4 else f"unrecognized IPv6 address {text}"
        raise ConstantError(msg)
    width = int(number(bits, types.PT_UINT8)) if _INTEGER.fullmatch(bits) else -1
    if width < 0:
        msg = f"{bits} is not a valid number"
        raise ConstantError(msg)
    if width > 8 * len(packed) or (width == 0 and not is_v4):
        msg = f"invalid netmask {bits}" if is_v4 else f"invalid v6 netmask {bits}"
        raise ConstantError(msg)
    return Network(packed, width)


def packed_address(text: str) -> bytes | None:
    """Return an address as 4 or 16 bytes, None for a text that is none."""
    if ":" not in text:
        words = text.split(".")
        if len(words) != 4 or not all(_is_octet(word) for word in words):
            return None
        return bytes([int(word) for word in words])
    import ipaddress

    if "%" in text:
        return None
    try:
        return ipaddress.IPv6Address(text).packed
    except ValueError:
        return None


def _is_octet(word: str) -> bool:
    return (
        1 <= len(word) <= 3
        and word.isascii()
        and word.isdigit()
        and (word == "0" or word[0] != "0")
        and int(word) < 256
    )


def unhex(text: str) -> bytes:
    """Return the bytes of a hexadecimal string."""
    try:
        return bytes.fromhex(text) if text and " " not in text else _no_hex()
    except ValueError:
        return _no_hex()


def _no_hex() -> bytes:
    msg = "filter error: bcontains and bstartswith operator support hex strings only"
    raise ConstantError(msg)
