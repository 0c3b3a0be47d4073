"""Event types that no test program can have the kernel report, each with the reason."""

from __future__ import annotations

from typing import Final

UNTESTED: Final[dict[str, str]] = {}
