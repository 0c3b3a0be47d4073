from __future__ import annotations

import io
from pathlib import Path

import pytest

from tercel.capture.savefile.reader import SavefileReader
from tercel.sensor import progress
from tercel.sensor.progress import CLEAR_LINE, Progress
from tests.unit import samples


def test_the_line_shows_share_and_events_and_goes_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is rewritten in place."""
    monkeypatch.setattr(progress, "_INTERVAL", 0)
    path = samples.capture(tmp_path)
    stream = io.StringIO()
    shown = Progress(stream, path)
    reader = SavefileReader(path)
    reader.next_batch()
    shown.show(reader)
    assert stream.getvalue() == "\rsmall.scap: 100.0 %, 2 events\x1b[K"
    reader.close()
    shown.clear()
    shown.clear()
    assert stream.getvalue().endswith(CLEAR_LINE)
    assert stream.getvalue().count(CLEAR_LINE) == 1


def test_nothing_is_shown_of_a_quick_replay(tmp_path: Path) -> None:
    """A line that appears for a moment only disturbs."""
    path = samples.capture(tmp_path)
    stream = io.StringIO()
    reader = SavefileReader(path)
    Progress(stream, path).show(reader)
    reader.close()
    assert stream.getvalue() == ""
