"""Bytes with places for values: what a generator writes again and again, the values alone being new."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter


@dataclass(frozen=True, order=True)
class Slot:
    """A place in the bytes: `code` is how struct writes the value, `entry` which of the values goes there."""

    offset: int
    code: str
    entry: int


class Template:
    """Writes a whole round of events with one call: struct copies what is constant and packs what is not."""

    def __init__(self, data: bytes, slots: Iterable[Slot]) -> None:
        """Cut the bytes at the slots, of which there are at least two."""
        ordered = sorted(slots)
        codes, pieces, at = [], [], 0
        for slot in ordered:
            piece = data[at : slot.offset]
            pieces += [piece, 0]
            codes.append(f"{len(piece)}s{slot.code}")
            at = slot.offset + struct.calcsize(f"<{slot.code}")
        codes.append(f"{len(data) - at}s")
        pieces.append(data[at:])
        self._layout = struct.Struct(f"<{''.join(codes)}")
        self._pieces: list[object] = list(pieces)
        self._pick = itemgetter(*(slot.entry for slot in ordered))

    def render(self, values: list[object]) -> bytes:
        """Return the bytes with the values in their places."""
        self._pieces[1::2] = self._pick(values)
        return self._layout.pack(*self._pieces)
