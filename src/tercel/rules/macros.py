"""Macros by name, and what each of them may see of the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tercel.filters.ast import Node
    from tercel.rules.definitions import MacroDef


class MacroTable:
    """The trees of macros by name: as parsed at first, with macros in place once they are resolved."""

    def __init__(self) -> None:
        """Start empty."""
        self.trees: dict[str, Node] = {}
        self.used: set[str] = set()


class VisibleMacros(Mapping[str, "Node"]):
    """The macros that one macro may refer to: those first defined before its own latest definition."""

    def __init__(self, trees: dict[str, Node], definitions: dict[str, MacroDef], visibility: int) -> None:
        """Look at the trees from a place in the order of definitions."""
        self._trees = trees
        self._definitions = definitions
        self._visibility = visibility

    def __contains__(self, name: object) -> bool:
        definition = self._definitions.get(name) if isinstance(name, str) else None
        return definition is not None and definition.index < self._visibility and name in self._trees

    def __getitem__(self, name: str) -> Node:
        if name not in self:
            raise KeyError(name)
        return self._trees[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._trees if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)
