from __future__ import annotations

import io
import re

from tercel.sensor.log import Log


def test_lines_start_with_the_local_time() -> None:
    """As the C library writes dates."""
    stream = io.StringIO()
    Log(stream).error("x")
    assert re.fullmatch(r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}: x\n", stream.getvalue())


def test_lines_can_start_with_the_time_in_utc() -> None:
    """With `time_format_iso_8601`."""
    stream = io.StringIO()
    log = Log(stream)
    log.configure(enabled=True, level="debug", iso=True)
    log.debug("x")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000: x\n", stream.getvalue())


def test_the_level_decides() -> None:
    """Less severe lines are left out; before anything is configured warnings appear and remarks do not."""
    stream = io.StringIO()
    log = Log(stream)
    log.info("a")
    log.warning("b")
    log.configure(enabled=True, level="Error", iso=False)
    log.warning("c")
    log.configure(enabled=False, level="debug", iso=False)
    log.error("d")
    assert [line[-1] for line in stream.getvalue().splitlines()] == ["b"]


def test_a_closed_stream_does_not_stop_detection() -> None:
    """Nobody listens, nothing happens."""
    stream = io.StringIO()
    log = Log(stream)
    stream.close()
    log.error("x")
    log.error("y")
