"""Conditions: lists put into the text, the text parsed, macros put into the tree, the tree compiled.

Every mistake is reported, not the first alone: names that are no macros one by one, then each check that does not fit.
A mistake inside a macro is reported once, at the macro, however many rules use it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tercel.events.table import EVENT_IDS
from tercel.filters.ast import Check, Identifier, Node, walk
from tercel.filters.errors import UNKNOWN_EVENT, UNKNOWN_FIELD, UNKNOWN_MACRO, FilterError
from tercel.filters.macros import macros_used
from tercel.filters.parser import parse
from tercel.rules.lists import ExpansionError, ListTable
from tercel.rules.macros import MacroTable, VisibleMacros
from tercel.rules.problems import Problem, ProblemContext
from tercel.rules.sourcemap import offset_in_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tercel.fields.registry import Registry
    from tercel.filters.filter import Filter
    from tercel.rules.caches import TreeCache
    from tercel.rules.collection import Collection
    from tercel.rules.definitions import ListDef, MacroDef, RuleDef, SourceText
    from tercel.rules.hints import Hints

# Stands for a macro that is not there, so that the rest of the condition can be checked.
_ANYTHING: Final = "evt.num >= 0"
_UNKNOWN: Final = frozenset((UNKNOWN_FIELD, UNKNOWN_EVENT))


class Conditions:
    """Parses and compiles the conditions of one state of a collection."""

    def __init__(
        self,
        collection: Collection,
        cache: TreeCache,
        hints: Hints,
        report: Callable[[Problem], None],
    ) -> None:
        """Report what is wrong through `report`."""
        self.lists = ListTable(collection.lists)
        self.macros = MacroTable()
        self._collection = collection
        self._cache = cache
        self._hints = hints
        self._report = report
        self._broken = set(collection.broken.macros)
        self._parsed: list[tuple[MacroDef, Node]] = []
        self._written: dict[Node, MacroDef] = {}  # the macro that a check is written in, once somebody asks
        self._told: set[Node] = set()  # checks of macros that have been complained about
        self._anything = parse(_ANYTHING)

    def load_definitions(self, lists: Iterable[ListDef], macros: list[MacroDef]) -> None:
        """Expand lists, parse macros and put them into each other."""
        told = False
        for items in lists:
            try:
                self.lists.expand(items.name)
            except ExpansionError:
                if not told:
                    message = "the lists together have too many items once they are expanded"
                    self._report(Problem("LOAD_ERR_VALIDATE", message, items.context))
                told = True
        self._written = {}
        for macro in macros:
            self._parse_macro(macro)
        for macro in macros:
            self._resolve_macro(macro)

    def tree(self, definition: RuleDef, condition: SourceText) -> tuple[Node | None, bool]:
        """Return the tree of a rule's condition, and whether it is whole: what is missing stands for anything."""
        parsed = self._parse(condition, definition.condition_context)
        if parsed is None:
            return None, False
        return self._resolve(parsed, self.macros.trees, condition, definition.context)

    def compile(self, tree: Node, definition: RuleDef, condition: SourceText, registry: Registry) -> Filter | None:
        """Return the filter of a rule's tree; None when something does not fit and has been reported."""
        try:
            compiled = self._cache.compile(tree, definition.source, exit_only=definition.exit_only)
        except FilterError as error:
            if definition.skip_if_unknown_filter and error.kind in _UNKNOWN:
                context = self._context(error, definition.condition_context, condition)
                hint = self._hint(error, registry)
                self._report(Problem("LOAD_UNKNOWN_FILTER", error.message, context, hint))
            else:
                self._report_checks(tree, definition, condition, registry, error)
            return None
        if compiled.warnings:
            self._report_warnings(tree, definition, condition)
        return compiled

    def _parse_macro(self, macro: MacroDef) -> None:
        tree = self._parse(macro.condition, macro.condition_context)
        if tree is None:
            self._broken.add(macro.name)
            return
        self.macros.trees[macro.name] = tree
        self._parsed.append((macro, tree))

    def _resolve_macro(self, macro: MacroDef) -> None:
        trees = self.macros.trees
        tree = trees.get(macro.name)
        if tree is None:
            return
        visible = VisibleMacros(trees, self._collection.macros, macro.visibility)
        resolved, whole = self._resolve(tree, visible, macro.condition, macro.context)
        if resolved is not None and whole:
            trees[macro.name] = resolved
            self._cache.share(resolved)
        else:
            del trees[macro.name]
            self._broken.add(macro.name)

    def _parse(self, condition: SourceText, context: ProblemContext) -> Node | None:
        try:
            expanded = self.lists.substitute(condition.text)
        except ExpansionError as too_long:
            message = f"the condition is too long with the items of list '{too_long}' in it"
            self._report(Problem("LOAD_ERR_VALIDATE", message, context))
            return None
        try:
            return self._cache.parse(expanded)
        except FilterError as error:
            where = self._context(error, context, condition)
            self._report(Problem("LOAD_ERR_COMPILE_CONDITION", error.message, where))
            return None

    def _resolve(
        self,
        tree: Node,
        macros: Mapping[str, Node],
        condition: SourceText,
        context: ProblemContext,
    ) -> tuple[Node | None, bool]:
        if not tree.has_names:
            return tree, True
        names = macros_used(tree)
        self.macros.used.update(names)
        missing = [name for name in names if name not in macros]
        for name in missing:
            if name not in self._broken:
                self._report_undefined(name, tree, condition, context)
        if missing:
            # The rest can still be checked with something that always holds in the place of what is not there.
            macros = {name: macros.get(name, self._anything) for name in names}
        try:
            return self._cache.resolve(tree, names, macros), not missing
        except FilterError as error:
            if error.kind != UNKNOWN_MACRO or error.name not in self._broken:
                where = self._context(error, context, condition)
                self._report(Problem("LOAD_ERR_VALIDATE", error.message, where))
            return None, False

    def _report_undefined(self, name: str, tree: Node, condition: SourceText, context: ProblemContext) -> None:
        if name in self._collection.macros:
            hint = f"'{name}' is defined further down: a macro sees only those before it"
        else:
            hint = self._hints.nearest(name, [*self._collection.macros, *self._collection.lists])
        use = next(part for part in walk(tree) if isinstance(part, Identifier) and part.name == name)
        message = f"Undefined macro '{name}' used in filter."
        error = FilterError(message, use.pos.index, use.pos.line, use.pos.column)
        where = self._context(error, context, condition)
        self._report(Problem("LOAD_ERR_VALIDATE", message, where, hint))

    def _report_checks(
        self,
        tree: Node,
        definition: RuleDef,
        condition: SourceText,
        registry: Registry,
        first: FilterError,
    ) -> None:
        """Report every check that does not fit; `first` when each of them does and only the whole does not."""
        found = False
        for check in walk(tree):
            if not isinstance(check, Check):
                continue
            try:
                self._cache.compile(check, definition.source, exit_only=definition.exit_only)
            except FilterError as error:
                found = True
                macro = self._macro_of(check)
                if macro is not None and check in self._told:
                    continue
                self._told.add(check)
                text = condition if macro is None else macro.condition
                where = self._context(error, definition.condition_context, text)
                hint = self._hint(error, registry)
                self._report(Problem("LOAD_ERR_COMPILE_CONDITION", error.message, where, hint))
        if not found:
            where = self._context(first, definition.condition_context, condition)
            self._report(Problem("LOAD_ERR_COMPILE_CONDITION", first.message, where))

    def _report_warnings(self, tree: Node, definition: RuleDef, condition: SourceText) -> None:
        for check in walk(tree):
            if not isinstance(check, Check) or check in self._told:
                continue
            macro = self._macro_of(check)
            text = condition if macro is None else macro.condition
            for warning in self._cache.compile(check, definition.source, exit_only=definition.exit_only).warnings:
                self._told.add(check)
                error = FilterError(warning.message, warning.index, warning.line, warning.column)
                where = self._context(error, definition.condition_context, text)
                self._report(Problem("LOAD_COMPILE_CONDITION", warning.message, where))

    def _macro_of(self, check: Check) -> MacroDef | None:
        """Return the macro that a check is written in, None for one that a rule's own text holds."""
        if not self._written:
            for macro, tree in self._parsed:
                self._written.update({part: macro for part in walk(tree) if isinstance(part, Check)})
        return self._written.get(check)

    def _context(self, error: FilterError, context: ProblemContext, condition: SourceText) -> ProblemContext:
        """Return the context of an error at a place of a condition's text with its lists in place."""
        expanded = self.lists.substitute(condition.text)
        index = error.index
        if expanded != condition.text:
            origins: list[int] = []
            self.lists.substitute(condition.text, origins)
            index = origins[index] if index < len(origins) else len(condition.text)
        part = condition.part_at(index)
        value = condition.text[part.start : part.start + part.length]
        content = part.context.content
        place = offset_in_file(content, part.context.place, value, index - part.start)
        where = context.in_condition(expanded, error.index, error.line, error.column, place)
        where.place_file, where.place_content = part.context.file, content
        return where

    def _hint(self, error: FilterError, registry: Registry) -> str:
        if error.kind == UNKNOWN_FIELD:
            return self._hints.field(error.name, registry)
        if error.kind == UNKNOWN_EVENT:
            return self._hints.nearest(error.name, EVENT_IDS)
        return ""
