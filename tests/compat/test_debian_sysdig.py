"""Debian's sysdig (0.29.3) reads the same captures: number, time, CPU, process, thread, direction and type agree.

Its event table is of 2022, so arguments and many fields differ: those are compared with what sysdig 0.36 and
Falco 0.40 recorded. What it shows in these columns is what every version shows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.compat.differential import LINE, SYSDIG, compare_conditions, our_values, their_values
from tests.paths import HAS_SHARED, SHARED

# An empty capture has no lines; that program takes comments in a capture for its end.
_LEFT_OUT: Final = frozenset({"empty.scap", "curl_google_comments.scap"})
_CAPTURES: Final = [
    *sorted((SHARED / "captures").glob("*.classic.scap.gz")),
    *sorted(path for path in (SHARED / "compat").rglob("*.scap") if path.name not in _LEFT_OUT),
]

# Calls of generic events whose names its table of system calls lacks, or has in another form than sysdig 0.36.
_UNKNOWN_CALL: Final = "<unknown>"
_RENAMED_CALLS: Final = {"rt_sigreturn": "sigreturn"}

pytestmark = [
    pytest.mark.compat,
    pytest.mark.peer,
    pytest.mark.skipif(SYSDIG is None, reason="no sysdig; apt-get install sysdig"),
    pytest.mark.skipif(not HAS_SHARED, reason=f"no shared captures at {SHARED}; set TERCEL_SHARED"),
    pytest.mark.timeout(120),
]


def is_same(ours: list[str], theirs: list[str]) -> bool:
    """Return whether two lines are equal but for the names of generic calls."""
    if ours == theirs:
        return True
    *columns, name = ours
    *their_columns, their_name = theirs
    return columns == their_columns and their_name in (_UNKNOWN_CALL, _RENAMED_CALLS.get(name))


@pytest.mark.parametrize("capture", _CAPTURES, ids=lambda path: path.name)
def test_the_columns_that_do_not_depend_on_the_event_table_are_equal(capture: Path) -> None:
    """In every line, and there are no others."""
    theirs = their_values(capture, LINE)
    ours = our_values(capture, LINE)
    assert theirs
    assert list(ours) == list(theirs)
    assert [(ours[number], row) for number, row in theirs.items() if not is_same(ours[number], row)] == []


def test_the_same_events_match_where_both_programs_see_the_same_values() -> None:
    """Of conditions made from values that occur: operators, nesting and missing values mean the same."""
    assert compare_conditions(SHARED / "captures" / "py.classic.scap.gz", count=60, seed=1) == []
