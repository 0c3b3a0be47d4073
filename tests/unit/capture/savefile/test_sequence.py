"""Files in a row are one stream of events."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tercel.capture.savefile.sequence import SavefileSequence
from tercel.capture.source import CaptureError
from tests.unit.capture.build import Recorder, old_capture, small_capture


def test_numbers_and_counters_go_on(tmp_path: Path) -> None:
    """Each file begins a section."""
    contents = (small_capture(), gzip.compress(old_capture(">")), small_capture())
    paths = [tmp_path / str(number) for number in range(3)]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    sink = Recorder()
    files = SavefileSequence([str(path) for path in paths], sink)
    numbers: list[int] = []
    while batch := files.next_batch():
        numbers += [event.num for event in batch]
    assert numbers == list(range(1, 25))
    assert [row[0] for row in sink.told].count("section") == 2
    assert (files.stats.sections, files.stats.events) == (3, 24)
    assert files.stats.bytes == 2 * len(small_capture()) + len(old_capture())
    assert files.current.path == str(paths[2])
    files.close()


def test_a_missing_file_is_an_error_when_it_is_reached(tmp_path: Path) -> None:
    """What comes before it is read."""
    path = tmp_path / "a"
    path.write_bytes(small_capture())
    files = SavefileSequence([str(path), str(tmp_path / "b")])
    assert len(files.next_batch()) == 9
    with pytest.raises(CaptureError, match="b: No such file"):
        files.next_batch()


def test_a_later_file_is_checked_like_the_first(tmp_path: Path) -> None:
    """It must be a capture and have events."""
    path, other = tmp_path / "a", tmp_path / "b"
    path.write_bytes(small_capture())
    for content, message in (
        (b"no capture at all", "not a capture file"),
        (small_capture()[:116], "ends early|no events"),
    ):
        other.write_bytes(content)
        files = SavefileSequence([str(path), str(other)])
        assert files.next_batch()
        with pytest.raises(CaptureError, match=message):
            files.next_batch()
