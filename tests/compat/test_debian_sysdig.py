"""Debian's sysdig (0.29.3) reads the same captures: number, time, CPU, process, thread, direction and type agree.

Its event table is of 2022, so arguments and many fields differ: those are compared with what sysdig 0.36 and
Falco 0.40 recorded. What it shows of these eight columns is what every version shows.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compat.differential import LINE, SYSDIG, our_values, their_values
from tests.paths import HAS_SHARED, SHARED

CLASSIC = sorted((SHARED / "captures").glob("*.classic.scap.gz"))
OLD = [
    path
    for folder in ("falco-2022/trace_files", "libs")
    for path in sorted((SHARED / "compat" / folder).rglob("*.scap"))
    if path.name != "empty.scap"
]

pytestmark = [
    pytest.mark.skipif(SYSDIG is None, reason="no sysdig; apt-get install sysdig"),
    pytest.mark.skipif(not HAS_SHARED, reason=f"no shared captures at {SHARED}; set TERCEL_SHARED"),
    pytest.mark.timeout(120),
]


@pytest.mark.parametrize("capture", [*CLASSIC, *OLD], ids=lambda path: path.name)
def test_the_columns_that_do_not_depend_on_the_event_table_are_equal(capture: Path) -> None:
    """In every line, and there are no others."""
    theirs = their_values(capture, LINE)
    ours = our_values(capture, LINE)
    assert theirs
    assert list(ours) == list(theirs)
    assert [(number, row, ours[number]) for number, row in theirs.items() if ours[number] != row] == []
