"""The capture reader and writer under arbitrary bytes: `one_input(data)`, and small captures to start from."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator

from tercel.capture.savefile.options import event_comments
from tercel.capture.savefile.writer import SavefileWriter
from tercel.events.event import Event, MalformedEventError
from tests.unit.capture.build import Reading, old_capture, small_capture


def one_input(data: bytes) -> None:
    """Read bytes as a capture; what was read is written and must read the same."""
    reading = Reading(data)
    decode(reading.events)
    if reading.events and not reading.reader.stats.skipped_threads:
        again = Reading(rewritten(reading))
        assert again.error is None, again.error
        assert [record[1:] for record in again.records] == [record[1:] for record in reading.records]


def decode(events: list[Event]) -> None:
    """Read every parameter of every event."""
    for event in events:
        event_comments(event)
        try:
            for index in range(event.nparams):
                event.param(index)
                event.strings(index)
        except MalformedEventError:
            continue


def rewritten(reading: Reading) -> bytes:
    """Return a reading as it is written."""
    target = io.BytesIO()
    writer = SavefileWriter(target)
    writer.write_header(reading.sink.state)
    writer.write_events(reading.events)
    writer.close()
    return target.getvalue()


def seeds() -> Iterator[bytes]:
    """Yield small captures of every kind."""
    for order in "<>":
        yield small_capture(order)
        yield small_capture(order) + old_capture(order)
        for processes in range(1, 9):
            yield old_capture(order, processes)
    yield gzip.compress(small_capture())
    yield gzip.compress(small_capture()) + gzip.compress(old_capture())
