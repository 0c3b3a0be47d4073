"""What the tests of the snapshot are given."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.capture.procfs.support import MadeUp


@pytest.fixture
def made_up(tmp_path: Path) -> MadeUp:
    """Give a root directory whose /proc has no processes."""
    return MadeUp(tmp_path)
