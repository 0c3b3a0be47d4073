"""Loading rules files, one after the other, each with a result of its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from tercel.filters.errors import FilterError
from tercel.filters.expressions import compile_expression
from tercel.rules.caches import TreeCache
from tercel.rules.collection import Additions, Collection
from tercel.rules.compiler import Compiled, Compiler
from tercel.rules.definitions import SYSCALL
from tercel.rules.exceptions import FieldCheck
from tercel.rules.hints import Hints
from tercel.rules.lists import ListTable
from tercel.rules.macros import MacroTable
from tercel.rules.pause import CollectorPause
from tercel.rules.problems import FileResult, Problem, ProblemContext
from tercel.rules.reader import Reader
from tercel.rules.ruleset import ENTER_AUTO, FIRST, Ruleset
from tercel.rules.versions import PROVIDED_PLUGINS, Version, unmet_requirement
from tercel.rules.yamltree import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tercel.fields.registry import Registry
    from tercel.filters.filter import Filter
    from tercel.rules.rule import Rule
    from tercel.rules.selection import Selection

# What a plugin that is not there would have taught the engine is not a mistake of its own.
_NEEDS_PLUGIN: Final = frozenset(("LOAD_ERR_COMPILE_CONDITION", "LOAD_ERR_COMPILE_OUTPUT"))


class RulesFile:
    """A file's name and content; `error` says why it could not be read."""

    def __init__(self, name: str, content: bytes | str, error: str = "") -> None:
        """Keep the values."""
        self.name = name
        self.content = content
        self.error = error


def read_rules_file(path: str) -> RulesFile:
    """Read a file, and no more of it than a rules file may have; the result tells when it cannot be read."""
    try:
        with open(path, "rb") as file:
            return RulesFile(path, file.read(MAX_BYTES + 1))
    except OSError as error:
        return RulesFile(path, b"", error.strerror or str(error))
    except ValueError as error:
        return RulesFile(path, b"", str(error))


def rules_files_in(path: str) -> list[str]:
    """Return a file's own path, or the rules files of a directory in the order of their names."""
    if not os.path.isdir(path):
        return [path]
    names = sorted(os.listdir(path))
    found = [os.path.join(path, name) for name in names if name.endswith((".yaml", ".yml"))]
    return [name for name in found if os.path.isfile(name)]


class RegistryFields(FieldCheck):
    """The fields of a registry, for exceptions."""

    def __init__(self, registry: Registry, hints: Hints) -> None:
        """Look into `registry`."""
        self._registry = registry
        self._hints = hints
        self._known: dict[str, bool] = {}

    def is_field(self, text: str) -> bool:
        """Return whether the text is a field, or a transformer of one."""
        known = self._known.get(text)
        if known is None:
            try:
                compile_expression(text, self._registry)
                known = True
            except FilterError:
                known = False
            self._known[text] = known
        return known

    def hint(self, text: str) -> str:
        """Return a sentence that names the nearest field, or an empty text."""
        return self._hints.field(text, self._registry)


class RuleLoader:
    """All rules of all files loaded so far.

    `registries` has the fields of each event source that is there; rules of other sources are skipped with a warning.
    """

    def __init__(
        self,
        registries: dict[str, Registry],
        complete: Callable[[Rule], str] | None = None,
        plugins: dict[str, Version] | None = None,
    ) -> None:
        """Start empty; `complete` gives the output that a rule ends up with, `plugins` what requirements may ask."""
        self._hints = Hints()
        self._registries = registries
        self._complete = complete
        self._plugins = PROVIDED_PLUGINS if plugins is None else plugins
        self._cache = TreeCache(registries)
        self._reported: set[tuple[str, str, str, int, str]] = set()
        fields: dict[str, FieldCheck] = {}
        for name, registry in registries.items():
            fields[name] = RegistryFields(registry, self._hints)
        self.collection = Collection(fields, self._hints)
        self.compiled = Compiled([], ListTable({}), MacroTable())
        self._compiler: Compiler | None = None
        self.results: list[FileResult] = []

    @property
    def successful(self) -> bool:
        """Whether no file had an error."""
        return all(result.successful for result in self.results)

    @property
    def rules(self) -> list[Rule]:
        """The compiled rules in the order of their definition."""
        # Whoever has them may switch them on and off: what the next file adds stands beside new ones.
        self._compiler = None
        return self.compiled.rules

    def registry(self, source: str) -> Registry:
        """Return the fields of an event source."""
        return self._registries[source]

    def load(self, file: RulesFile) -> FileResult:
        """Load one more file; the former state stays in force when that fails.

        All rules are compiled anew when the file changes what earlier ones mean, else those alone that it adds.
        """
        with CollectorPause():
            return self._loaded(file)

    def _loaded(self, file: RulesFile) -> FileResult:
        result = FileResult(file.name)
        self.results.append(result)
        if file.error:
            context = ProblemContext.of_file(file.name, "")
            result.add(Problem("LOAD_ERR_FILE_READ", file.error, context))
            return result
        self.collection.additions = Additions()
        Reader(self.collection, result, self._hints).read(file.content)
        missing = self._check_plugins()
        for problem in missing:
            result.add(problem)
        self._compile(result, needs_plugin=bool(missing))
        return result

    def ruleset(
        self,
        matching: str = FIRST,
        min_priority: int = 7,
        enter_events: str = ENTER_AUTO,
        selection: Selection | None = None,
        *,
        plain: bool = False,
        exits_only: bool = False,
        ignored: Sequence[Filter] = (),
    ) -> Ruleset:
        """Return the rules as they are to be run.

        `plain` has each condition evaluated as it is written. `exits_only` is for sources without entries of calls,
        where exits answer what rules ask of entries. Events for which one of `ignored` holds concern no rule.
        """
        exits = None
        if exits_only and SYSCALL in self._registries:
            # Only a live run pays for it.
            from tercel.rules.exits import ExitRules

            exits = ExitRules(self.compiled.rules, self._cache, self._registries[SYSCALL])
        return Ruleset(
            self.rules, matching, min_priority, enter_events, selection, plain=plain, exits=exits, ignored=ignored
        )

    def _check_plugins(self) -> list[Problem]:
        problems: list[Problem] = []
        for alternatives, context in self.collection.plugin_requirements:
            reason = unmet_requirement(alternatives, self._plugins)
            if reason:
                problem = Problem("LOAD_ERR_VALIDATE", reason, context)
                if self._is_new(problem):
                    problems.append(problem)
        return problems

    def _compile(self, result: FileResult, needs_plugin: bool) -> None:
        found: list[Problem] = []
        additions = self.collection.additions
        compiler = self._compiler
        if compiler is not None and result.successful and compiler.can_extend(additions):
            compiled = compiler.extend(additions, found.append)
        else:
            compiler = Compiler(
                self.collection,
                self._registries,
                self._cache,
                self._hints,
                found.append,
                self._complete,
                failed=not result.successful,
            )
            compiled = compiler.run()
        self._compiler = compiler
        for problem in found:
            if needs_plugin and problem.code in _NEEDS_PLUGIN:
                continue
            if self._is_new(problem):
                result.add(problem)
        if result.successful:
            self.compiled = compiled

    def _is_new(self, problem: Problem) -> bool:
        """Return whether a problem has not been reported with an earlier file."""
        key = problem.key()
        if key in self._reported:
            return False
        self._reported.add(key)
        return True


def load_rules(
    files: Iterable[RulesFile],
    registries: dict[str, Registry] | Registry,
    complete: Callable[[Rule], str] | None = None,
) -> RuleLoader:
    """Load files in order, the way they are validated: a file with errors does not keep the next from being read."""
    by_source = registries if isinstance(registries, dict) else {SYSCALL: registries}
    loader = RuleLoader(by_source, complete)
    for file in files:
        loader.load(file)
    return loader
