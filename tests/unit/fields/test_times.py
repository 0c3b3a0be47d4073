"""Times and durations as text."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tercel.fields.times import (
    clock_seconds_text,
    clock_text,
    datetime_seconds_text,
    datetime_text,
    duration_text,
    iso8601_text,
    iso8601_zulu_text,
)

MOMENT = 1_795_314_189_061_197_989


@pytest.fixture
def vienna(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time is an hour ahead of UTC."""
    monkeypatch.setenv("TZ", "CET-1")
    time.tzset()
    # The cache of the last second must not outlive a change of the zone.
    clock_text(0)
    yield
    monkeypatch.undo()
    time.tzset()
    clock_text(0)


def test_local_forms_follow_the_time_zone(vienna: None) -> None:
    """Nanoseconds are padded with zeros."""
    assert clock_text(MOMENT) == "03:23:09.061197989"
    assert clock_seconds_text(MOMENT) == "03:23:09"
    assert datetime_text(MOMENT) == "2026-11-22 03:23:09.061197989"
    assert datetime_seconds_text(MOMENT) == "2026-11-22 03:23:09"


def test_iso_forms_are_in_utc(vienna: None) -> None:
    """The offset is written, or Z."""
    assert iso8601_text(MOMENT) == "2026-11-22T02:23:09.061197989+0000"
    assert iso8601_zulu_text(MOMENT) == "2026-11-22T02:23:09.061197989Z"


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0ns"),
        (999, "999ns"),
        (1011, "1.01us"),
        (2464, "2.46us"),
        (10305, "10us"),
        (108341, "108us"),
        (1021426, "1.02ms"),
        (302166648, "302ms"),
        (1550303760, "1.55s"),
        (90_000_000_000, "90s"),
    ],
)
def test_durations_have_a_unit_that_fits(ns: int, text: str) -> None:
    """Two decimals below ten of the unit, none above; nothing is rounded up."""
    assert duration_text(ns) == text
