"""Paths as tables that the probe walks through, byte by byte."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tercel.capture.ebpf.guards import PathTables, Trie
from tercel.pushdown.needs import EXACT, GRAM, IN_DIRECTORY, PREFIX, PROGRAM, SUFFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tercel.pushdown.needs import Pattern

# Longer texts are cut: their beginnings (of suffixes: their ends) rule out nearly as much.
_LENGTHS: Final = (64, 48, 32, 24, 16, 12, 8, 4)
# So many states the probe has room for, and what its table loses between them.
MOST_STATES: Final = 48_000
MOST_GRAMS: Final = 512
MOST_COMMS: Final = 128
_VETO: Final = 3
_PLACES: Final[dict[int, int]] = {PREFIX: 0, SUFFIX: 0, EXACT: 1, IN_DIRECTORY: 2}


def path_tables(patterns: Mapping[Pattern, int], ignored: Mapping[bytes, int]) -> PathTables | None:
    """Return the tables for patterns and the combos that each counts for; None when there are far too many.

    On paths that begin with one of `ignored` nothing is needed, for its combos.
    """
    for length in _LENGTHS:
        tables = PathTables()
        for text, mask in ignored.items():
            if len(text) <= _LENGTHS[0]:
                _extend(tables.forward, text, _VETO, mask)
        for pattern, mask in patterns.items():
            _add(tables, pattern, mask, length)
        if len(tables.forward.edges) + len(tables.backward.edges) <= MOST_STATES:
            has_room = len(tables.grams) <= MOST_GRAMS and len(tables.comms) <= MOST_COMMS
            return tables if has_room else None
    return None


def _add(tables: PathTables, pattern: Pattern, mask: int, length: int) -> None:
    kind, text = pattern
    if kind == GRAM:
        tables.grams[text] = tables.grams.get(text, 0) | mask
    elif kind == PROGRAM:
        tables.comms[text] = tables.comms.get(text, 0) | mask
    elif kind == SUFFIX:
        _extend(tables.backward, text[::-1][:length], _PLACES[SUFFIX], mask)
    elif len(text) > length:
        _extend(tables.forward, text[:length], _PLACES[PREFIX], mask)
    else:
        _extend(tables.forward, text, _PLACES[kind], mask)


def _extend(trie: Trie, text: bytes, place: int, mask: int) -> None:
    """Add a text to a trie: `place` says which of the masks of its last state get the combos."""
    state = trie.state(text)
    masks = list(trie.masks[state])
    masks[place] |= mask
    trie.masks[state] = (masks[0], masks[1], masks[2], masks[3])
