"""The order in which fd.types lists types: that of the descriptor tables of the programs that set the example.

A new key goes to the front of the table's list or, where its bucket is taken, to the front of its bucket; a full
table moves its keys into more buckets, one after the other in the order of the list.
"""

from __future__ import annotations

from typing import Final

from tercel.fields.fdtypes import TYPE_WORDS
from tercel.state.fdtable import FdTable

# Number of buckets as a table grows.
_SIZES: Final[tuple[int, ...]] = (13, 29, 59, 127, 257, 541, 1109, 2357, 5087, 10273, 20753, 42043, 85229)

# What stands for a descriptor of unknown type.
UNKNOWN: Final = "<NA>"


def _placed(keys: list[int], size: int) -> list[int]:
    """Return the list of a table of `size` buckets after the keys were put in one after the other."""
    buckets: dict[int, list[int]] = {}
    for key in keys:
        buckets.setdefault(key % size, []).append(key)
    order: list[int] = []
    for members in reversed(list(buckets.values())):
        order.extend(reversed(members))
    return order


def hash_order(keys: list[int]) -> list[int]:
    """Return different numbers in the order in which a table lists them that received them in the order given."""
    placed: list[int] = []
    done = 0
    for size in _SIZES:
        placed = _placed(placed + keys[done:size], size)
        done = size
        if done >= len(keys):
            break
    return placed + keys[done:]


def distinct_types(fds: FdTable) -> list[str]:
    """Return the types of all descriptors, each where the table lists it first."""
    words = [TYPE_WORDS.get(fds[number].kind, UNKNOWN) for number in hash_order(fds.numbers())]
    return list(dict.fromkeys(words))
