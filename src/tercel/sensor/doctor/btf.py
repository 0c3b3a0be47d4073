"""The names in the kernel's description of its own types (BTF)."""

from __future__ import annotations

import struct
from typing import Final

_MAGIC: Final = 0xEB9F
_HEADER: Final = "HBBIIIII"  # magic, version, flags, length, types' place and length, strings' place and length


class BtfError(ValueError):
    """Raised for what is no BTF."""


def read_names(path: str) -> bytes:
    """Return the section of names: each ends with a zero byte. Raises OSError and BtfError."""
    with open(path, "rb") as file:
        content = file.read()
    for order in "<>":
        header = order + _HEADER
        if len(content) < struct.calcsize(header) or struct.unpack_from(f"{order}H", content)[0] != _MAGIC:
            continue
        length, strings_at, strings_length = (struct.unpack_from(header, content)[at] for at in (3, 6, 7))
        start = length + strings_at
        if start + strings_length > len(content):
            raise BtfError(f"{path} is cut off: expected {start + strings_length} bytes, there are {len(content)}")
        return content[start : start + strings_length]
    raise BtfError(f"{path} is no BTF: it does not begin with the number {_MAGIC:#x}")


def has_tracepoint(names: bytes, name: str) -> bool:
    """Return whether the kernel has a tracepoint that a probe can attach to: it describes the arguments as a type."""
    return f"\0btf_trace_{name}\0".encode() in names
