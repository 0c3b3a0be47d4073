"""The addresses of the machine's network interfaces, asked of the kernel over a netlink socket."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from typing import Final

from tercel.capture.procfs.files import text
from tercel.state.model import Interface

_NEW_ADDRESS: Final = 20
_GET_ADDRESS: Final = 22
_ERROR: Final = 2
_DONE: Final = 3
_DUMP: Final = 0x301  # NLM_F_REQUEST | NLM_F_DUMP

# Attributes of an address.
_ADDRESS: Final = 1
_LOCAL: Final = 2
_LABEL: Final = 3
_BROADCAST: Final = 4

_HEADER: Final = struct.Struct("=IHHII")
_MESSAGE: Final = struct.Struct("=BBBBI")
_ATTRIBUTE: Final = struct.Struct("=HH")
_BUFFER: Final = 1 << 16
_WAIT_SECONDS: Final = 2.0
# More answers than any machine has.
_MOST_READS: Final = 4096
_SIZES: Final[dict[int, int]] = {socket.AF_INET: 4, socket.AF_INET6: 16}


def read_interfaces() -> list[Interface]:
    """Return the addresses, IPv4 first; none when the kernel does not answer."""
    try:
        found = [interface for data in _answers() for interface in parse_answer(data)]
    except OSError:
        return []
    return sorted(found, key=lambda interface: len(interface.addr))


def _answers() -> Iterator[bytes]:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as asked:
        asked.settimeout(_WAIT_SECONDS)
        asked.bind((0, 0))
        asked.send(_HEADER.pack(_HEADER.size + _MESSAGE.size, _GET_ADDRESS, _DUMP, 1, 0) + bytes(_MESSAGE.size))
        for _ in range(_MOST_READS):
            data = asked.recv(_BUFFER)
            yield data
            if is_last(data):
                return


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Go through the messages of an answer: (type, body)."""
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind, _, _, _ = _HEADER.unpack_from(data, offset)
        if length < _HEADER.size:
            return
        yield kind, data[offset + _HEADER.size : offset + length]
        offset += (length + 3) & ~3


def is_last(data: bytes) -> bool:
    """Return whether an answer ends the list."""
    return not data or any(kind in (_DONE, _ERROR) for kind, _ in _messages(data))


def parse_answer(data: bytes) -> list[Interface]:
    """Return the addresses that an answer holds."""
    found: list[Interface] = []
    for kind, body in _messages(data):
        if kind == _NEW_ADDRESS and len(body) >= _MESSAGE.size:
            interface = _interface(body)
            if interface is not None:
                found.append(interface)
    return found


def _interface(body: bytes) -> Interface | None:
    family, prefix, _, _, index = _MESSAGE.unpack_from(body, 0)
    size = _SIZES.get(family, 0)
    values = _attributes(body)
    other = values.get(_ADDRESS, b"")
    address = values.get(_LOCAL, other)
    if size == 0 or len(address) != size or prefix > 8 * size:
        return None
    mask = ((1 << prefix) - 1) << (8 * size - prefix)
    # An interface without broadcasts has the address of the other end in its place.
    broadcast = values.get(_BROADCAST, other) if size == 4 else bytes(size)
    name = text(values.get(_LABEL, b"").split(b"\x00", 1)[0]) or _name(index)
    return Interface(name, address, mask.to_bytes(size, "big"), broadcast.ljust(size, b"\x00")[:size], 0)


def _attributes(body: bytes) -> dict[int, bytes]:
    values: dict[int, bytes] = {}
    offset = _MESSAGE.size
    while offset + _ATTRIBUTE.size <= len(body):
        length, kind = _ATTRIBUTE.unpack_from(body, offset)
        if length < _ATTRIBUTE.size:
            break
        values[kind] = body[offset + _ATTRIBUTE.size : offset + length]
        offset += (length + 3) & ~3
    return values


def _name(index: int) -> str:
    try:
        return socket.if_indextoname(index)
    except (OSError, OverflowError):
        return ""
