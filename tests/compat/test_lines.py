"""Our lines are those that sysdig 0.36 printed for the same captures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compat.lines import compare
from tests.paths import SHARED, needs_shared

OLD = {
    path.name.removesuffix(".scap"): path
    for folder in ("libs", "falco-2022")
    for path in sorted((SHARED / "compat" / folder).rglob("*.scap"))
}
RECENT_LINES = sorted((SHARED / "captures").glob("*.lines.txt.gz"))
OLD_LINES = sorted((SHARED / "compat" / "lines").glob("*.txt.gz"))
PAIRS = [(path.parent / path.name.replace(".lines.txt.gz", ".scap.gz"), path) for path in RECENT_LINES]
PAIRS += [(OLD[path.name.removesuffix(".txt.gz")], path) for path in OLD_LINES]


@needs_shared
@pytest.mark.parametrize(("capture", "lines"), PAIRS, ids=[capture.name for capture, _ in PAIRS])
def test_every_line_equals_the_recorded_one(capture: Path, lines: Path) -> None:
    """No line is missing, none is added, none differs."""
    found = compare(capture, lines)
    assert found.missing == []
    assert found.extra == []
    assert found.differing == []
    assert found.total > 0
