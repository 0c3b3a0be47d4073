"""Where the tests find data: the shared reference captures (which may be absent) and the project's own files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("TERCEL_SHARED", ROOT.parent / "shared"))
HAS_SHARED = (SHARED / "captures").is_dir()

needs_shared = pytest.mark.skipif(not HAS_SHARED, reason=f"no shared captures at {SHARED}; set TERCEL_SHARED")
