"""Uses of fields that are allowed but deserve a warning: deprecated fields, comparisons with `<NA>`.

What a tree has of them is a number with one bit for each, so that trees in several conditions are looked into once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tercel.filters.ast import BinaryCheck, Check, Field, ListValue, Node, Value

if TYPE_CHECKING:
    from collections.abc import Container

DEPRECATED_FIELDS: Final = (
    "evt.dir",
    "evt.latency",
    "evt.latency.s",
    "evt.latency.ns",
    "evt.latency.human",
    "evt.wait_latency",
)
UNSAFE: Final = 1 << len(DEPRECATED_FIELDS)
_BITS: Final = {name: 1 << number for number, name in enumerate(DEPRECATED_FIELDS)}
_UNSAFE_OPERATORS: Final = frozenset(("=", "==", "!=", "in", "intersects", "pmatch"))
_UNSAFE_PREFIXES: Final = ("ka.", "jevt.")
_MISSING: Final = "<NA>"


class FieldUses:
    """Finds the questionable uses of fields in many trees; what `shared` trees have is remembered."""

    def __init__(self, shared: Container[Node]) -> None:
        """Start with nothing known."""
        self._shared = shared
        self._known: dict[Node, int] = {}

    def of(self, tree: Node, parts: list[Node]) -> int:
        """Return the bits of a tree.

        `parts` are those of the tree, operands first; trees that were looked into before may be left out.
        """
        known = self._known
        own: list[Node] = []
        for part in parts:
            if part in known:
                continue
            bits = _bits(part) if isinstance(part, Check) else 0
            for inner in part.parts():
                bits |= known[inner]
            known[part] = bits
            if part not in self._shared:
                own.append(part)
        found = known[tree]
        for part in own:
            del known[part]
        return found


def deprecated_names(bits: int) -> list[str]:
    """Return the names of the deprecated fields whose bits are set, sorted."""
    return sorted(name for name, bit in _BITS.items() if bits & bit)


def _bits(check: Check) -> int:
    left = check.left
    if not isinstance(left, Field):
        return 0
    name = left.name
    if name.startswith(_UNSAFE_PREFIXES):
        return UNSAFE if _compares_missing(check) else 0
    return _BITS.get(name, 0)


def _compares_missing(check: Check) -> bool:
    if not isinstance(check, BinaryCheck) or check.operator not in _UNSAFE_OPERATORS:
        return False
    right = check.right
    if isinstance(right, Value):
        return right.text == _MISSING
    return isinstance(right, ListValue) and _MISSING in right.members
