"""Severities of rules, from the most to the least severe; a priority is an index of these tables."""

from __future__ import annotations

from typing import Final

PRIORITY_NAMES: Final = ("Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug")
# As the closing statistics spell them.
PRIORITY_SHORT: Final = ("EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG")

CRITICAL: Final = PRIORITY_NAMES.index("Critical")
DEBUG: Final = len(PRIORITY_NAMES) - 1
_NUMBERS: Final = {name.lower(): number for number, name in enumerate(PRIORITY_NAMES)} | {"info": 6}
PRIORITY_WORDS: Final = frozenset(_NUMBERS)


def parse_priority(text: str) -> int | None:
    """Return the number of a priority written in any case (`Info` for Informational), or None."""
    return _NUMBERS.get(text.lower())
