from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tercel.capture.ebpf.marker import loss_records
from tercel.events.table import EVENTS
from tests.unit.capture.ebpf.memory import SMALLEST, Memory
from tests.unit.capture.ebpf.test_ring import LATER, rings


def test_a_loss_is_told_by_two_events() -> None:
    """Their times say when it was, their parameter says how much it was; they belong to no thread."""
    with rings() as made:
        made.source.marks.put(loss_records(1_000, 2_000, 55))
        assert made.source.refill(LATER)
        found = []
        while made.source.advance():
            event = made.source.event
            found.append((event.info.enum, event.ts, event.tid, int.from_bytes(event.param(0), "little")))
        assert found == [("DROP_E", 1_000, -1, 55), ("DROP_X", 2_000, -1, 55)]
        assert made.source.stats.malformed_events == 0


@given(st.integers(0, 1 << 62), st.integers(0, 1 << 62), st.integers(1, 1 << 64))
def test_any_loss_fits(begin: int, end: int, count: int) -> None:
    """A number beyond what the parameter holds becomes the largest one that it can."""
    data = loss_records(begin, end, count)
    assert len(data) % 8 == 0
    assert len(data) < SMALLEST


def test_the_records_are_those_of_a_ring() -> None:
    """The reader needs no second way of reading."""
    memory = Memory()
    memory.write(loss_records(3, 4, 1))
    memory.ring.refill(LATER)
    assert memory.ring.ts == 3
    assert EVENTS[int.from_bytes(memory.ring.chunk[38:40], "little")].enum == "DROP_E"
    memory.close()
