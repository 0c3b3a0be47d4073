"""From definitions to compiled rules: conditions and outputs checked, warnings given.

Everything collected so far is compiled whenever a file has been read, since a later file can change what an earlier
one means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tercel.rules.conditions import Conditions
from tercel.rules.definitions import SYSCALL, RuleDef
from tercel.rules.exceptions import condition_with_exceptions
from tercel.rules.lists import is_word
from tercel.rules.outputs import CONTAINER_INFO, completed
from tercel.rules.problems import Problem, ProblemContext
from tercel.rules.questionable import DEPRECATED_FIELDS, UNSAFE, deprecated_names
from tercel.rules.rule import Rule
from tercel.rules.sourcemap import offset_in_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tercel.fields.registry import Registry
    from tercel.rules.caches import TreeCache
    from tercel.rules.collection import Additions, Collection
    from tercel.rules.hints import Hints
    from tercel.rules.lists import ListTable
    from tercel.rules.macros import MacroTable

# A condition that can match more event types than this is evaluated nearly always.
MANY_EVENT_TYPES: Final = 100


class Compiled:
    """What compiling gave: rules that can be run, and the lists and trees that descriptions show."""

    def __init__(self, rules: list[Rule], lists: ListTable, macros: MacroTable) -> None:
        """Keep the parts."""
        self.rules = rules
        self.lists = lists
        self.macros = macros


class Compiler:
    """Compiles one state of a collection."""

    def __init__(
        self,
        collection: Collection,
        registries: dict[str, Registry],
        cache: TreeCache,
        hints: Hints,
        report: Callable[[Problem], None],
        complete: Callable[[Rule], str] | None = None,
        failed: bool = False,
    ) -> None:
        """Compile for the sources of `registries`; `complete` gives the output that a rule ends up with.

        `failed` tells that definitions are missing because reading them failed.
        """
        self._collection = collection
        self._registries = registries
        self._sink = report
        self._complete = complete
        self._failed = failed
        self._hints = hints
        self._cache = cache
        self._conditions = Conditions(collection, cache, hints, self._report)
        self._rules: list[Rule] = []

    def run(self) -> Compiled:
        """Compile everything; what is unused is told only when nothing is wrong, since errors hide uses."""
        collection = self._collection
        self._conditions.load_definitions(collection.lists.values(), list(collection.macros.values()))
        return self._compiled(collection.rules.values())

    def can_extend(self, additions: Additions) -> bool:
        """Return whether what was compiled so far stays as it is with more definitions behind it."""
        names = {definition.name for definition in additions.lists}
        return (
            not self._failed
            and additions.only
            and all(map(is_word, names))
            and not (names and self._cache.has_words(names))
        )

    def extend(self, additions: Additions, report: Callable[[Problem], None]) -> Compiled:
        """Compile the additions alone."""
        self._sink = report
        self._rules = list(self._rules)
        self._conditions.lists.add(additions.lists)
        self._conditions.load_definitions(additions.lists, additions.macros)
        return self._compiled(additions.rules)

    def _compiled(self, definitions: Iterable[RuleDef]) -> Compiled:
        for definition in definitions:
            registry = self._registries.get(definition.source)
            if registry is not None and not definition.unknown_source:
                self._rule(definition, registry)
        if not self._failed:
            self._report_unused()
        return Compiled(self._rules, self._conditions.lists, self._conditions.macros)

    def _report(self, problem: Problem) -> None:
        self._failed = self._failed or problem.is_error
        self._sink(problem)

    def _rule(self, definition: RuleDef, registry: Registry) -> None:
        condition = definition.condition
        if definition.exceptions:
            condition = condition_with_exceptions(condition, definition.exceptions, self._report)
        rule = Rule(definition)
        usable = self._check_output(rule, definition, registry)
        tree, whole = self._conditions.tree(definition, condition)
        if tree is None:
            return
        examined = self._cache.examine(tree, definition.source, exit_only=definition.exit_only)
        if usable:
            self._warn_about_fields(examined.uses, definition.condition_context)
        compiled = self._conditions.compile(tree, definition, condition, registry)
        if compiled is None or not usable or not whole:
            return
        rule.finish(tree, compiled, examined.event_ids)
        many = rule.source == SYSCALL and len(rule.event_ids) > MANY_EVENT_TYPES
        if many and definition.warn_evttypes:
            message = "Rule matches too many evt.type values. This has a significant performance penalty."
            self._report(Problem("LOAD_NO_EVTTYPE", message, definition.context))
        self._rules.append(rule)

    def _check_output(self, rule: Rule, definition: RuleDef, registry: Registry) -> bool:
        """Complete and check a rule's output; return whether the rule can be used."""
        rule.output_compiled = completed(rule.output) if self._complete is None else self._complete(rule)
        context = definition.output_context
        if CONTAINER_INFO in rule.output:
            message = "%container.info is deprecated: name the fields that the output shall show"
            self._report(Problem("LOAD_DEPRECATED_ITEM", message, definition.context))
        mistakes = self._cache.mistakes(f"*{rule.output_compiled}", definition.source)
        for error in mistakes:
            where = _within_output(context, rule.output, error.index - 1)
            skipped = definition.skip_if_unknown_filter and bool(error.name)
            code = "LOAD_UNKNOWN_FILTER" if skipped else "LOAD_ERR_COMPILE_OUTPUT"
            self._report(Problem(code, error.message, where, self._hints.field(error.name, registry)))
            if skipped:
                return False
        if mistakes:
            return False
        for name in DEPRECATED_FIELDS:
            if name in rule.output_compiled:
                self._deprecated(name, "output", context)
        return True

    def _warn_about_fields(self, uses: int, context: ProblemContext) -> None:
        if uses & UNSAFE:
            message = "comparing a field with <NA> does not tell whether it has a value; use 'exists'"
            self._report(Problem("LOAD_UNSAFE_NA_CHECK", message, context))
        for name in deprecated_names(uses):
            self._deprecated(name, "condition", context)

    def _deprecated(self, field: str, part: str, context: ProblemContext) -> None:
        message = f"the deprecated field '{field}' is used in the rule's {part}"
        problem = Problem("LOAD_DEPRECATED_ITEM", message, context)
        problem.deprecated_field = field
        self._report(problem)

    def _report_unused(self) -> None:
        for name, macro in self._collection.macros.items():
            if name not in self._conditions.macros.used:
                message = "Macro not referred to by any other rule/macro"
                self._report(Problem("LOAD_UNUSED_MACRO", message, macro.context))
        for name, definition in self._collection.lists.items():
            if name not in self._conditions.lists.used:
                message = "List not referred to by any other rule/macro"
                self._report(Problem("LOAD_UNUSED_LIST", message, definition.context))


def _within_output(context: ProblemContext, output: str, index: int) -> ProblemContext:
    """Return the context of a place in an output's text; what was appended to it counts as its end."""
    place = offset_in_file(context.content, context.place, output, min(index, len(output)))
    return context.at_place(place)
