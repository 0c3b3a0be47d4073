"""Fields about parameters that were too long to be recorded whole."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.api import open_capture
from tercel.capture.savefile.reader import SavefileReader
from tercel.events.event import Event
from tercel.events.table import EVENT_BY_ENUM, EVENTS
from tercel.fields.evt_cut import OPTION_TRUNCATED, cut_parameters
from tests.unit.capture.build import CaptureBuilder

CLOSE = EVENT_BY_ENUM["SYSCALL_CLOSE_X"]
RESULT_AND_FD = [("q", 0), ("q", 3)]


def pairs(*values: int) -> bytes:
    """Return numbers of 32 bits."""
    return struct.pack(f"<{len(values)}I", *values)


def capture(*options: tuple[int, bytes]) -> bytes:
    """Return a capture with one event that has these options."""
    builder = CaptureBuilder().section()
    return builder.event(CLOSE, RESULT_AND_FD, options=options).bytes()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ((), None),
        (((1, b"a comment"),), None),
        (((OPTION_TRUNCATED, pairs(1, 131072)),), "fd:131072"),
        (((1, b"odd"), (OPTION_TRUNCATED, pairs(0, 40000, 1, 4294967295))), "res:40000,fd:4294967295"),
        (((OPTION_TRUNCATED, pairs(7, 5)),), None),
        (((OPTION_TRUNCATED, b"\1\0\0\0\2"),), None),
    ],
)
def test_the_option_of_the_block_names_what_was_cut(options: tuple[tuple[int, bytes], ...], text: str | None) -> None:
    """Wherever among other options it stands; parameters that the event does not have are nobody's."""
    with open_capture(io.BytesIO(capture(*options))) as opened:
        for event in opened:
            assert event["evt.truncated"] == text


def test_whole_events_say_that_they_are() -> None:
    """A rule can leave out, or look for, what was cut."""
    with open_capture(io.BytesIO(capture())) as opened:
        assert [event["evt.is_truncated"] for event in opened] == [False]
    with open_capture(io.BytesIO(capture((OPTION_TRUNCATED, pairs(1, 9))))) as opened:
        assert [event["evt.is_truncated"] for event in opened] == [True]


def test_the_option_survives_being_written_again() -> None:
    """What the probe noted is in recordings too."""
    reader = SavefileReader(io.BytesIO(capture((OPTION_TRUNCATED, pairs(1, 9)))))
    assert [cut_parameters(event) for event in reader.next_batch()] == [[(1, 9)]]


@given(st.binary(max_size=64))
def test_any_bytes_for_options_are_read_to_their_end(options: bytes) -> None:
    """They come from a file."""
    event = Event(options, 0, 26, 2, EVENTS[CLOSE], 0, 1)
    event.set_options(0, len(options))
    assert all(size >= 0 for _, size in cut_parameters(event))
