"""Byte buffers as text, in the forms that the capture tool and the sensor offer."""

from __future__ import annotations

import base64
from typing import Final

from tercel.fields.options import (
    BUFFER_BASE64,
    BUFFER_HEX,
    BUFFER_HEX_ASCII,
    BUFFER_LINES,
    RenderOptions,
)

_DOTS: Final = bytes(byte if 32 <= byte < 127 else 0x2E for byte in range(256))
_ROW: Final = 16
_NOT_TEXT: Final = bytes(byte for byte in range(256) if not 32 <= byte < 127 and byte not in b"\r\n")


def dotted(value: bytes) -> str:
    """Return printable ASCII as it is and a dot for every other byte."""
    return value.translate(_DOTS).decode("ascii")


def hex_dump(value: bytes, with_ascii: bool) -> str:
    """Return rows of sixteen bytes in groups of two, each row on a line of its own."""
    rows = ["\n"]
    for start in range(0, len(value), _ROW):
        row = value[start : start + _ROW]
        groups = " ".join(row[at : at + 2].hex() for at in range(0, len(row), 2))
        tail = f"{'':{_hex_padding(row)}}  {dotted(row)}" if with_ascii else ""
        rows.append(f"\t0x{start:04x}: {groups}{tail}\n")
    return "".join(rows)


def _hex_padding(row: bytes) -> int:
    """Return the blanks that fill a short row; half a group counts as a whole one, as in the capture tool's dumps."""
    width = len(row) * 2 + (len(row) + 1) // 2 - 1
    return (37 if len(row) % 2 else 39) - width


def lines_only(value: bytes) -> str:
    """Return the printable ASCII of a buffer with its line ends, everything else left out."""
    text = value.translate(None, _NOT_TEXT).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return "\n" + text.decode("ascii")


def buffer_text(value: bytes, options: RenderOptions) -> str:
    """Return a buffer in the form that the options ask for, cut to their limit."""
    kind = options.buffer_format
    if kind == BUFFER_BASE64:
        return base64.b64encode(value).decode("ascii")
    if kind in {BUFFER_HEX, BUFFER_HEX_ASCII}:
        return hex_dump(value, kind == BUFFER_HEX_ASCII)
    if kind == BUFFER_LINES:
        return lines_only(value)
    text = value.translate(_DOTS).decode("ascii")
    limit = options.buffer_limit
    if limit and len(text) > limit:
        return text[: limit - 3] + "..."
    return text
