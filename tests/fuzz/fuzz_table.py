"""Table and plain evaluation under arbitrary rules and events: `one_input(data)`, for `python -m tests.fuzz table`.

Bytes are numbers of conditions, of the steps of a capture, of a mode and of limits. The table, and the pump that skims
what it can, have to find the matches that plain evaluation finds, and keep within the limits after every event.
"""

from __future__ import annotations

from tercel.engine.table import Limits, Table
from tests.unit.engine.agreement import differences, plain_matches, pumped_matches
from tests.unit.engine.conditions import condition, values
from tests.unit.engine.streams import Story, piece, piece_names

MOST_RULES = 6
MOST_STEPS = 20
_SEED_BYTES = 3
_BEGINNINGS = (None, None, *piece_names())
_SIZES = (0, 3, 40, 300, 1 << 30)

values()


def within_limits(table: Table) -> None:
    """Assert what holds after every event."""
    assert table.counters.values <= max(table.limits.values, 1)
    assert table.counters.rows == len(table._rows)


def seeds_of(data: bytes) -> list[int]:
    """Return the numbers that bytes stand for."""
    return [int.from_bytes(data[at : at + _SEED_BYTES], "little") for at in range(0, len(data), _SEED_BYTES)]


def one_input(data: bytes) -> None:
    """Try one input."""
    head = data[:8].ljust(8, b"\0")
    name = _BEGINNINGS[head[0] % len(_BEGINNINGS)]
    first_only = head[1] % 2 == 1
    sizes = [_SIZES[byte % len(_SIZES)] for byte in head[2:6]]
    limits = Limits(sizes[0], sizes[1], sizes[2], max(sizes[3], 1), head[6] % 20)
    count = 1 + head[7] % MOST_RULES
    seeds = seeds_of(data[8:])
    conditions = [condition(seed) for seed in seeds[:count]]
    story = Story(None if name is None else piece(name), head[1] * 16)
    for seed in seeds[count : count + MOST_STEPS]:
        story.step(seed)
    capture = story.capture()
    assert differences(capture, conditions, first_only=first_only, limits=limits, look=within_limits) == []
    found, _ = pumped_matches(capture, conditions, first_only=first_only, limits=limits)
    assert found == plain_matches(capture, conditions, first_only=first_only)
