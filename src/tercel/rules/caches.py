"""What is remembered from one file to the next: parsed trees, trees with macros in place, compiled filters.

Trees are never changed, and those that are remembered are kept, so that their identity stands for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tercel.filters.errors import FilterError
from tercel.filters.event_types import event_types
from tercel.filters.filter import Compiler, Filter
from tercel.filters.macros import macros_used, replace_macros, substitute
from tercel.filters.parser import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tercel.fields.registry import Registry
    from tercel.filters.ast import Node


class TreeCache:
    """Parses, resolves and compiles, each thing once."""

    def __init__(self, registries: dict[str, Registry]) -> None:
        """Start empty; each source has compilers of its own, which share what conditions have in common."""
        self._trees: dict[str, Node | FilterError] = {}
        self._uses: dict[int, tuple[Node, list[str]]] = {}
        self._resolved: dict[tuple[int, ...], tuple[Node, list[Node], Node]] = {}
        self._registries = registries
        self._compilers: dict[tuple[str, bool], Compiler] = {}
        self._filters: dict[tuple[int, str, bool], tuple[Node, tuple[Filter, frozenset[int]] | FilterError]] = {}

    def parse(self, text: str) -> Node:
        """Return the tree of a condition's text, or raise FilterError."""
        known = self._trees.get(text)
        if known is None:
            try:
                known = parse(text)
            except FilterError as error:
                known = error
            self._trees[text] = known
        if isinstance(known, FilterError):
            raise known
        return known

    def uses(self, tree: Node) -> list[str]:
        """Return the names of the macros that a tree refers to itself."""
        known = self._uses.get(id(tree))
        if known is None:
            known = (tree, macros_used(tree))
            self._uses[id(tree)] = known
        return known[1]

    def resolve(self, tree: Node, macros: Mapping[str, Node]) -> Node:
        """Return a tree with its macros in place; raises FilterError as `replace_macros` does."""
        names = self.uses(tree)
        if not names:
            return tree
        if any(name not in macros or self.uses(macros[name]) for name in names):
            return replace_macros(tree, macros)
        inner = [macros[name] for name in names]
        key = (id(tree), *(id(other) for other in inner))
        known = self._resolved.get(key)
        if known is None:
            resolved = substitute(tree, dict(zip(names, inner, strict=True)))
            known = (tree, inner, resolved)
            self._resolved[key] = known
            self._uses[id(resolved)] = (resolved, [])
        return known[2]

    def compile(self, tree: Node, source: str, *, exit_only: bool) -> Filter:
        """Return the filter of a tree without macros, or raise FilterError."""
        return self._compiled(tree, source, exit_only)[0]

    def event_ids(self, tree: Node, source: str, *, exit_only: bool) -> frozenset[int]:
        """Return the event types that a tree can hold for, or raise FilterError."""
        return self._compiled(tree, source, exit_only)[1]

    def _compiler(self, source: str, exit_only: bool) -> Compiler:
        compiler = self._compilers.get((source, exit_only))
        if compiler is None:
            registry = self._registries[source]
            compiler = Compiler(registry.exit_only() if exit_only else registry)
            self._compilers[source, exit_only] = compiler
        return compiler

    def _compiled(self, tree: Node, source: str, exit_only: bool) -> tuple[Filter, frozenset[int]]:
        known = self._filters.get((id(tree), source, exit_only))
        if known is None:
            result: tuple[Filter, frozenset[int]] | FilterError
            try:
                result = self._compiler(source, exit_only).compile(tree), event_types(tree)
            except FilterError as error:
                result = error
            known = (tree, result)
            self._filters[id(tree), source, exit_only] = known
        if isinstance(known[1], FilterError):
            raise known[1]
        return known[1]
