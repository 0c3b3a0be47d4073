from __future__ import annotations

import pytest

from tercel.capture.savefile.compose import compose
from tercel.capture.savefile.writer import event_block
from tercel.events.table import EVENT_BY_ENUM
from tests.unit.capture.build import CaptureBuilder, Reading

OPEN_X = EVENT_BY_ENUM["SYSCALL_OPEN_X"]
CONTAINER = EVENT_BY_ENUM["CONTAINER_JSON_2_E"]


@pytest.mark.parametrize(("type_id", "params"), [(OPEN_X, [bytes(8), b"/x\0", b""]), (CONTAINER, [b"{}" * 50_000])])
def test_a_composed_event_is_read_as_any_other(type_id: int, params: list[bytes]) -> None:
    """With two or four bytes per length, as its type has them."""
    made = compose(type_id, params, 1234, -1)
    made.cpu = 3
    reading = Reading(CaptureBuilder().section().bytes() + event_block(made))
    assert reading.error is None
    (event,) = reading.events
    assert (event.type_id, event.ts, event.tid, event.cpu, event.nparams) == (type_id, 1234, -1, 3, len(params))
    assert [event.param(index) for index in range(len(params))] == params
    assert [made.param(index) for index in range(len(params))] == params


def test_what_a_length_word_cannot_count_is_cut_off() -> None:
    """The event stays whole."""
    made = compose(OPEN_X, [bytes(8), b"x" * 70_000, b"end!"], 1, 1)
    assert made.param_size(1) == 0xFFFF
    assert made.param(2) == b"end!"
