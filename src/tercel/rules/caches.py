"""What is remembered from one file to the next: parsed trees, trees with macros in place, compiled filters.

Trees are never changed, and those that are remembered are kept, so that their identity stands for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tercel.filters.ast import post_order
from tercel.filters.errors import FilterError
from tercel.filters.evaluate import MAX_RECURSION
from tercel.filters.event_types import TypeFinder
from tercel.filters.filter import Compiler, Filter
from tercel.filters.format import FormatChecker, FormatError
from tercel.filters.macros import replace_macros, substitute
from tercel.filters.parser import KnownLists, parse
from tercel.rules.lists import words_of
from tercel.rules.questionable import FieldUses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tercel.fields.registry import Registry
    from tercel.filters.ast import Node


class Examined:
    """What is known of a tree: its filter or why it has none, its event types, its questionable uses of fields."""

    def __init__(self, uses: int) -> None:
        """Start with what needs no filter."""
        self.uses = uses
        self.filter: Filter | None = None
        self.event_ids: frozenset[int] = frozenset()
        self.error: FilterError | None = None


class _Flavour:
    """What compiles the rules of one source that see all events, or those that see exits only, and what it made."""

    def __init__(self, compiler: Compiler, registry: Registry) -> None:
        self.compiler = compiler
        self.formats = FormatChecker(registry)
        self.examined: dict[Node, Examined] = {}
        self.complete: set[Node] = set()  # shared trees that everything is known of


class TreeCache:
    """Parses, resolves and compiles, each thing once."""

    def __init__(self, registries: dict[str, Registry]) -> None:
        """Start empty; each source has compilers of its own, which share what conditions have in common."""
        self._trees: dict[str, Node | FilterError] = {}
        self._lists = KnownLists()
        self._words: set[str] | None = None  # of all texts, once somebody asks
        self._resolved: dict[tuple[Node, ...], Node] = {}
        self._registries = registries
        self._flavours: dict[tuple[str, bool], _Flavour] = {}
        self._shared: set[Node] = set()
        self._types = TypeFinder(self._shared)
        self._uses = FieldUses(self._shared)

    def parse(self, text: str) -> Node:
        """Return the tree of a condition's text, or raise FilterError."""
        known = self._trees.get(text)
        if known is None:
            try:
                known = parse(text, lists=self._lists)
            except FilterError as error:
                known = error
            self._trees[text] = known
            if self._words is not None:
                self._words.update(words_of(text))
        if isinstance(known, FilterError):
            raise known
        return known

    def has_words(self, words: set[str]) -> bool:
        """Return whether one of the words stands in one of the texts that were parsed."""
        if self._words is None:
            self._words = set()
            for text in self._trees:
                self._words.update(words_of(text))
        return not self._words.isdisjoint(words)

    def share(self, tree: Node) -> None:
        """Remember what is found out about a tree: it stands, or will stand, in several others."""
        self._shared.add(tree)

    def resolve(self, tree: Node, names: list[str], macros: Mapping[str, Node]) -> Node:
        """Return a tree with the macros that it names in place; raises FilterError as `replace_macros` does."""
        if not names:
            return tree
        if any(name not in macros or macros[name].has_names for name in names):
            return replace_macros(tree, macros)
        inner = [macros[name] for name in names]
        key = (tree, *inner)
        known = self._resolved.get(key)
        if known is None:
            known = substitute(tree, dict(zip(names, inner, strict=True)))
            self._resolved[key] = known
        return known

    def compile(self, tree: Node, source: str, *, exit_only: bool) -> Filter:
        """Return the filter of a tree without macros, or raise FilterError."""
        examined = self.examine(tree, source, exit_only=exit_only)
        if examined.filter is None:
            assert examined.error is not None  # noqa: S101 - one of the two is there
            raise examined.error
        return examined.filter

    def examine(self, tree: Node, source: str, *, exit_only: bool) -> Examined:
        """Return what is known of a tree without macros."""
        flavour = self._flavour(source, exit_only=exit_only)
        known = flavour.examined.get(tree)
        if known is None:
            known = self._examined(tree, flavour)
            flavour.examined[tree] = known
        return known

    def mistakes(self, output: str, source: str) -> list[FormatError]:
        """Return what is wrong with a rule's output."""
        return self._flavour(source, exit_only=False).formats.mistakes(output)

    def _flavour(self, source: str, *, exit_only: bool) -> _Flavour:
        found = self._flavours.get((source, exit_only))
        if found is None:
            registry = self._registries[source]
            plain = None
            if exit_only:
                registry = registry.exit_only()
                plain = self._flavour(source, exit_only=False).compiler
            found = _Flavour(Compiler(registry, self._shared, plain), registry)
            self._flavours[source, exit_only] = found
        return found

    def _examined(self, tree: Node, flavour: _Flavour) -> Examined:
        parts = post_order(tree, flavour.complete)
        result = Examined(self._uses.of(tree, parts))
        try:
            compiled = flavour.compiler.compile(tree, parts)
            result.event_ids = self._types.event_types(tree, parts)
            result.filter = compiled
        except FilterError as error:
            result.error = error
            return result
        for part in parts:
            if part in self._shared and part.height <= MAX_RECURSION:
                flavour.complete.add(part)
        return result
