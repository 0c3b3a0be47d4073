"""The nearest known name, where one is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tercel.fields.registry import Registry

_LONGEST: Final = 80
_MOST_NAMES: Final = 4_000
_MOST_HINTS: Final = 40


class Hints:
    """Finds near names; a file of thousands of mistakes gets them for the first ones only, since they take time."""

    def __init__(self) -> None:
        """Start with the whole budget."""
        self._left = _MOST_HINTS

    def nearest(self, name: str, known: Iterable[str]) -> str:
        """Return the sentence that names the nearest known name, or an empty text when none is near."""
        if not name or len(name) > _LONGEST or self._left <= 0:
            return ""
        self._left -= 1
        import difflib

        lowered = {word.lower(): word for _, word in zip(range(_MOST_NAMES), known, strict=False)}
        found = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.65)
        return f"did you mean '{lowered[found[0]]}'?" if found else ""

    def field(self, name: str, registry: Registry) -> str:
        """Return the sentence that names the field nearest to an unknown one, or an empty text."""
        if not name or len(name) > _LONGEST or self._left <= 0:
            return ""
        self._left -= 1
        near = registry.nearest(name)
        return f"did you mean '{near}'?" if near is not None and near != name else ""
