"""One event parameter on its way to text, and the small decoders that its type's function uses."""

from __future__ import annotations

from typing import Final

from librt.strings import read_i32_le, read_i64_le

from tercel.events.event import MalformedEventError
from tercel.events.names import errno_name, flag_table
from tercel.events.table import ParamInfo
from tercel.fields.options import RenderOptions
from tercel.state.context import Context

UNKNOWN: Final = "<NA>"

# Widths of a number differ between versions of its event, but no version has wider ones.
_WIDEST: Final = 8
_WORD: Final = (1 << 32) - 1
_TWO_TO_64: Final = 1 << 64

# The symbols of results that were negative.
_SYMBOLS: Final[dict[int, str]] = {}

# The text that a parameter holds (`3`, `-2`, `passwd`) and what that resolves to (`<f>/etc/hosts`, `ENOENT`,
# `/etc/passwd`), empty where there is nothing to add.
Texts = tuple[str, str]


class Param:
    """A parameter's bytes with everything that decides how they are shown."""

    def __init__(self, ctx: Context, info: ParamInfo, value: bytes, print_format: int, options: RenderOptions) -> None:
        """Keep the parts; `print_format` is not the declared one where the value says what it is (DYN)."""
        self.ctx: Context = ctx
        self.info: ParamInfo = info
        self.value: bytes = value
        self.print_format: int = print_format
        self.options: RenderOptions = options


def unsigned(value: bytes) -> int:
    """Return a little-endian number of any width that numbers have; raise MalformedEventError beyond."""
    size = len(value)
    number: int
    if size == 4:
        number = read_i32_le(value, 0)
        return number & _WORD
    if size == 8:
        number = read_i64_le(value, 0)
        return number if number >= 0 else number + _TWO_TO_64
    return int.from_bytes(_checked(value), "little")


def signed(value: bytes) -> int:
    """Return a little-endian number that may be negative, as `unsigned` does."""
    if len(value) == 8:
        return read_i64_le(value, 0)
    return int.from_bytes(_checked(value), "little", signed=True)


def _checked(value: bytes) -> bytes:
    if len(value) > _WIDEST:
        raise MalformedEventError(f"a number of {len(value)} bytes")
    return value


def error_symbol(result: int) -> str:
    """Return the symbol of a negative result, empty when it has none."""
    symbol = _SYMBOLS.get(result)
    if symbol is None:
        symbol = errno_name(-result)
        if symbol:
            _SYMBOLS[result] = symbol
    return symbol


def members(number: int, table: str) -> str:
    """Return all names of one value: AF_LOCAL and AF_UNIX are the same family."""
    return "|".join(name for value, name in flag_table(table) if value == number)
