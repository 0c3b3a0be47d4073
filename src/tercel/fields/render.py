"""Field values as text and as JSON, by type and print format."""

from __future__ import annotations

from typing import Final

from tercel.events import types
from tercel.events.types import PF_10_PADDED_DEC, PF_HEX, PF_OCT
from tercel.fields.buffers import buffer_text
from tercel.fields.options import RenderOptions
from tercel.state.iptext import ip_text

_BUFFERS: Final = frozenset({types.PT_BYTEBUF, types.PT_CHARBUF})


def text(value: object, kind: int, print_format: int, options: RenderOptions) -> str:
    """Return a value as text; `kind` is its PT_ number."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return number_text(value, print_format)
    if isinstance(value, bytes):
        return buffer_text(value, options) if kind in _BUFFERS else ip_text(value)
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, list):
        return f"({','.join(text(item, kind, print_format, options) for item in value)})"
    return str(value)


def json_value(value: object, kind: int, print_format: int, options: RenderOptions) -> object:
    """Return a value as JSON has it: numbers stay numbers except where their format is hexadecimal or octal."""
    if isinstance(value, (str, bool)):
        return value
    if isinstance(value, int):
        return number_text(value, print_format) if print_format in {PF_HEX, PF_OCT} else value
    if isinstance(value, float):
        return int(value)
    if isinstance(value, list):
        return [json_value(item, kind, print_format, options) for item in value]
    return text(value, kind, print_format, options)


def number_text(value: int, print_format: int) -> str:
    """Return an integer in a print format."""
    if print_format == PF_HEX:
        return f"{value:X}"
    if print_format == PF_OCT:
        return f"0{value:o}" if value else "0"
    if print_format == PF_10_PADDED_DEC:
        return f"{value:09d}"
    return str(value)
