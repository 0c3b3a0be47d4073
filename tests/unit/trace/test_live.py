from __future__ import annotations

import io

import pytest

from tercel.api import Capture
from tercel.state.machine import Machine
from tercel.trace.live import Lifetime, Watching, begin_time, lost_events
from tests.unit import samples
from tests.unit.trace.playing import START, Asked, Clock, Playing

_NEVER = 100


def lifetime(stop_at: int, seconds: int) -> tuple[Lifetime, Playing]:
    """Return a run that begins now, and what it is to stop; a tenth of a second passes per look."""
    playing = Playing(io.BytesIO(samples.builder().bytes()), Machine(), [])
    watching = Watching(lambda _: playing, Clock(), Asked(stop_at))
    return Lifetime(watching, seconds), playing


@pytest.mark.parametrize(("stop_at", "seconds", "looks"), [(3, 0, 3), (_NEVER, 1, 10), (4, 1, 4), (12, 1, 10)])
def test_a_run_is_stopped_once_when_it_is_asked_or_due(stop_at: int, seconds: int, looks: int) -> None:
    """Whichever comes first; the capture then hands out what it has."""
    run, playing = lifetime(stop_at, seconds)
    for _ in range(looks - 1):
        run.end_if_due(playing)
    assert playing.stops == 0
    for _ in range(3):
        run.end_if_due(playing)
    assert playing.stops == 1


def test_a_recording_begins_with_the_first_event_that_is_waiting() -> None:
    """That event stays in front of whoever asked; without one it begins now."""
    with Capture(io.BytesIO(samples.builder().bytes())) as capture:
        capture.fill()
        assert begin_time(capture.reader, Clock()) == START
        assert capture.reader.advance()
        assert capture.reader.event.num == 1
        while capture.reader.advance():
            pass
        assert begin_time(capture.reader, Clock(step=7)) == START + 7


def test_lost_events_are_what_the_sentences_begin_with() -> None:
    """A sentence without a number adds nothing."""
    assert lost_events([]) == 0
    assert lost_events(["12 events of files were lost on CPU 1", "3 others", "the ring was full"]) == 15
