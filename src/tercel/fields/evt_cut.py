"""The fields of class `evt` that say which parameters an event holds only in part.

The probe reports head and tail of arguments that are longer than a record takes. Which ones these are, and how long
they truly were, stands in an option of the event's block: a code of the range for local use, then pairs of 32-bit
numbers, parameter and length in bytes.
"""

from __future__ import annotations

from typing import Final

from librt.strings import read_i32_le
from mypy_extensions import i64

from tercel.events.event import Event
from tercel.events.types import PF_NA, PT_BOOL, PT_CHARBUF
from tercel.fields.base import SCOPE_EVENT, Extractor, FieldSpec
from tercel.state.context import Context

OPTION_TRUNCATED: Final = 0x8054
_PAIR: Final = 8


def cut_parameters(event: Event) -> list[tuple[int, int]]:
    """Return (parameter, true length in bytes) of the parameters that are held only in part."""
    options = event.options
    found: list[tuple[int, int]] = []
    at: i64 = 0
    while at + 4 <= len(options):
        word: int = read_i32_le(options, at)
        code = word & 0xFFFF
        size: i64 = (word >> 16) & 0xFFFF
        at += 4
        if at + size > len(options):
            break
        if code == OPTION_TRUNCATED:
            found += _pairs(options, at, size)
        at += size + 3 & ~3
    return found


def _pairs(options: bytes, start: i64, size: i64) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    at: i64 = start
    while at + _PAIR <= start + size:
        index: int = read_i32_le(options, at)
        length: int = read_i32_le(options, at + 4)
        found.append((index, length & 0xFFFFFFFF))
        at += _PAIR
    return found


class Truncated(Extractor):
    """evt.truncated."""

    def extract(self, ctx: Context) -> object:
        """Return `name:length` of each parameter that is held only in part, none when all are whole."""
        event = ctx.event
        params = event.info.params
        named = [(params[index].name, size) for index, size in cut_parameters(event) if 0 <= index < len(params)]
        return ",".join([f"{name}:{size}" for name, size in named]) or None


class IsTruncated(Extractor):
    """evt.is_truncated."""

    def extract(self, ctx: Context) -> object:
        """Return whether a parameter is held only in part."""
        return bool(cut_parameters(ctx.event))


ROWS: Final[list[tuple[FieldSpec, type[Extractor]]]] = [
    (
        FieldSpec(
            "evt.truncated",
            PT_CHARBUF,
            SCOPE_EVENT,
            "Parameters of which only head and tail were recorded, with their true length in bytes: args:131072.",
            0,
            PF_NA,
        ),
        Truncated,
    ),
    (
        FieldSpec(
            "evt.is_truncated",
            PT_BOOL,
            SCOPE_EVENT,
            "Whether a parameter was too long to be recorded whole; evt.truncated names it.",
            0,
            PF_NA,
        ),
        IsTruncated,
    ),
]
