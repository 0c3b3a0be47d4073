"""Events that tell of a loss, in the form of the probe's own records."""

from __future__ import annotations

from typing import Final

from tercel.capture.savefile.blocks import EVENT_V2
from tercel.events.table import EVENT_BY_ENUM

_BEGIN: Final = EVENT_BY_ENUM["DROP_E"]
_END: Final = EVENT_BY_ENUM["DROP_X"]
_NO_THREAD: Final = (1 << 64) - 1


def loss_records(begin: int, end: int, count: int) -> bytes:
    """Return two records, of the times (ns since the epoch) between which events were lost; `ratio` holds how many."""
    return b"".join(_record(kind, ts, min(count, 0xFFFFFFFF)) for kind, ts in ((_BEGIN, begin), (_END, end)))


def _record(kind: int, ts: int, count: int) -> bytes:
    params = (4).to_bytes(2, "little") + count.to_bytes(4, "little")
    size = 26 + len(params)
    head = ts.to_bytes(8, "little") + _NO_THREAD.to_bytes(8, "little") + size.to_bytes(4, "little")
    event = b"\0\0" + head + kind.to_bytes(2, "little") + (1).to_bytes(4, "little") + params
    event += bytes(-len(event) & 3)
    length = (len(event) + 12).to_bytes(4, "little")
    block = EVENT_V2.to_bytes(4, "little") + length + event + length
    return len(block).to_bytes(8, "little") + block + bytes(-len(block) & 7)
