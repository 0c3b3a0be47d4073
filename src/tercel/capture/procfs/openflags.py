"""The flags of an open file: from this machine's numbers to those of the capture format."""

from __future__ import annotations

import os
from typing import Final

# How a file may be used, by the two lowest bits.
_ACCESS: Final[dict[int, int]] = {os.O_RDONLY: 1, os.O_WRONLY: 2, os.O_RDWR: 3}
_ACCESS_MASK: Final = os.O_RDONLY | os.O_WRONLY | os.O_RDWR

# The machine's bits, all of which must be set, and the format's. Neither what only opening asks for (O_CREAT, O_TRUNC)
# is here, which the kernel forgets, nor O_LARGEFILE, which it sets by itself.
_FLAGS: Final[tuple[tuple[int, int], ...]] = (
    (os.O_APPEND, 1 << 3),
    (os.O_DSYNC, 1 << 4),
    (os.O_NONBLOCK, 1 << 6),
    (os.O_SYNC, 1 << 7),
    (os.O_DIRECT, 1 << 9),
    (os.O_DIRECTORY, 1 << 10),
    (os.O_CLOEXEC, 1 << 12),
    (os.O_TMPFILE, 1 << 13),
)

# The same few combinations are everywhere.
_KNOWN: Final[dict[int, int]] = {}
_KEPT: Final = 4096


def portable(native: int) -> int:
    """Return a file's flags in the numbers of the capture format."""
    found = _KNOWN.get(native)
    if found is None:
        found = _ACCESS.get(native & _ACCESS_MASK, 0)
        for bits, flag in _FLAGS:
            if native & bits == bits:
                found |= flag
        if len(_KNOWN) < _KEPT:
            _KNOWN[native] = found
    return found
