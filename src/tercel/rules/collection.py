"""All definitions of all files loaded so far: defining, appending, replacing.

The order of definitions decides what sees what. `index` is the number of an item's first definition, `visibility` that
of its latest definition or change: a macro sees the macros, and a list the lists, whose index is lower than its own
visibility.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tercel.rules.decode import rejected
from tercel.rules.definitions import SYSCALL, ExceptionDef, ListDef, MacroDef, RuleDef, RuleUpdate
from tercel.rules.exceptions import FieldCheck, check_exception
from tercel.rules.problems import Problem, ProblemError
from tercel.rules.versions import ENGINE_VERSION, NO_VERSION, PluginRequirement, Version, parse_version

if TYPE_CHECKING:
    from collections.abc import Callable

    from tercel.rules.hints import Hints
    from tercel.rules.problems import ProblemContext

_NO_LIST: Final = "List uses 'append' or 'override.items: append' but no list by that name already exists"
_NO_MACRO: Final = "Macro uses 'append' or 'override.condition: append' but no macro by that name already exists"
_NO_RULE: Final = "Rule uses 'append' or 'override.<key>: append' but no rule by that name already exists"
_NO_RULE_REPLACE: Final = "An 'override.<key>: replace' to a rule was requested but no rule by that name already exists"
_NO_RULE_ENABLE: Final = "Rule has 'enabled' key but no rule by that name already exists"
_NOTHING: Final = "Appended rule must have exceptions or condition property"
_OTHER_SOURCE: Final = "Rule has been re-defined with a different source"


class Broken:
    """Names whose definition failed: what refers to them is not a mistake of its own."""

    def __init__(self) -> None:
        """Start with no name."""
        self.lists: set[str] = set()
        self.macros: set[str] = set()
        self.rules: set[str] = set()


class Additions:
    """What was defined since somebody began to look; `only` tells that nothing there was before has changed."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.lists: list[ListDef] = []
        self.macros: list[MacroDef] = []
        self.rules: list[RuleDef] = []
        self.only = True


class Collection:
    """Lists, macros and rules by name, in the order of their first definition, and what the files require."""

    def __init__(self, sources: dict[str, FieldCheck], hints: Hints) -> None:
        """Start empty; `sources` has the known event sources and the fields that their rules may use."""
        self.lists: dict[str, ListDef] = {}
        self.macros: dict[str, MacroDef] = {}
        self.rules: dict[str, RuleDef] = {}
        self.broken = Broken()
        self.additions = Additions()
        self.engine_version = NO_VERSION
        self.plugin_requirements: list[tuple[tuple[PluginRequirement, ...], ProblemContext]] = []
        self._sources = sources
        self._hints = hints
        self._next = 0

    def require_engine(self, version: Version, context: ProblemContext) -> None:
        """Take a required engine version in."""
        if not ENGINE_VERSION.satisfies(version):
            message = f"Rules require engine version {version}, but engine version is {ENGINE_VERSION}"
            raise rejected(message, context)
        self.engine_version = max(self.engine_version, version)

    def require_plugins(self, alternatives: tuple[PluginRequirement, ...], context: ProblemContext) -> None:
        """Take a required plugin, or one of several, in."""
        names: set[str] = set()
        for name, version in alternatives:
            if parse_version(version) is None:
                raise rejected(f"Invalid required version '{version}' for plugin '{name}'", context)
            if name in names:
                message = f"Defined multiple alternative version requirements for plugin '{name}'"
                raise rejected(message, context)
            names.add(name)
        self.plugin_requirements.append((alternatives, context))

    def define_list(self, new: ListDef) -> None:
        """Define a list, or define it anew in its old place."""
        previous = self.lists.get(new.name)
        new.visibility = self._number()
        new.index = new.visibility if previous is None else previous.index
        self.additions.lists.append(new)
        self.additions.only = self.additions.only and previous is None
        self.lists[new.name] = new
        self.broken.lists.discard(new.name)

    def append_list(self, new: ListDef) -> None:
        """Add items to a list."""
        self.additions.only = False
        previous = self.lists.get(new.name)
        if previous is None:
            if new.name in self.broken.lists:
                return
            raise rejected(_NO_LIST, new.context, self._hints.nearest(new.name, self.lists))
        previous.items += new.items
        previous.visibility = self._number()

    def define_macro(self, new: MacroDef) -> None:
        """Define a macro, or define it anew in its old place."""
        previous = self.macros.get(new.name)
        new.visibility = self._number()
        new.index = new.visibility if previous is None else previous.index
        self.additions.macros.append(new)
        self.additions.only = self.additions.only and previous is None
        self.macros[new.name] = new
        self.broken.macros.discard(new.name)

    def append_macro(self, new: MacroDef) -> None:
        """Add text to a macro's condition."""
        self.additions.only = False
        previous = self.macros.get(new.name)
        if previous is None:
            if new.name in self.broken.macros:
                return
            raise rejected(_NO_MACRO, new.context, self._hints.nearest(new.name, self.macros))
        previous.condition.append(new.condition)
        previous.visibility = self._number()

    def define_rule(self, new: RuleDef, report: Callable[[Problem], None]) -> None:
        """Define a rule, or define it anew in its old place."""
        previous = self.rules.get(new.name)
        if previous is not None and previous.source != new.source:
            raise rejected(_OTHER_SOURCE, new.context)
        fields = self._sources.get(new.source)
        if fields is None:
            new.unknown_source = True
            message = f"Unknown source {new.source}, skipping"
            report(Problem("LOAD_UNKNOWN_SOURCE", message, new.context, self._source_hint(new.source)))
        new.exceptions = [exception for exception in new.exceptions if _holds(exception, fields, report)]
        new.visibility = self._number()
        new.index = new.visibility if previous is None else previous.index
        self.additions.rules.append(new)
        self.additions.only = self.additions.only and previous is None
        self.rules[new.name] = new
        self.broken.rules.discard(new.name)

    def append_rule(self, update: RuleUpdate) -> None:
        """Add an update's texts, tags and exceptions to a rule."""
        rule = self._updated(update, _NO_RULE)
        if rule is None:
            return
        if update.is_empty:
            raise rejected(_NOTHING, update.context)
        self._check_additions(rule, update.exceptions or [])
        if update.condition is not None:
            rule.condition.append(update.condition)
        if update.output is not None:
            rule.output = f"{rule.output} {update.output}"
        if update.desc is not None:
            rule.desc = f"{rule.desc} {update.desc}"
        rule.tags = sorted({*rule.tags, *(update.tags or ())})
        _add_exceptions(rule, update.exceptions or [])
        rule.visibility = self._number()

    def replace_in_rule(self, update: RuleUpdate) -> None:
        """Put an update's values in the place of a rule's."""
        rule = self._updated(update, _NO_RULE_REPLACE)
        if rule is None:
            return
        fields = None if rule.unknown_source else self._sources.get(rule.source)
        for exception in update.exceptions or []:
            if not exception.fields.is_valid:
                message = "Rule exception must have fields property with a list of fields"
                raise rejected(message, exception.context)
            check_exception(exception, fields)
        if update.condition is not None:
            rule.condition = update.condition
            rule.condition_context = update.condition.parts[0].context
        if update.output is not None:
            rule.output = update.output
            rule.output_context = update.output_context or rule.output_context
        for name in RuleUpdate.PLAIN:
            value = getattr(update, name)
            if value is not None:
                setattr(rule, name, value)
        rule.visibility = self._number()

    def enable_rule(self, name: str, enabled: bool, context: ProblemContext) -> None:
        """Switch an existing rule on or off."""
        self.additions.only = False
        rule = self.rules.get(name)
        if rule is not None:
            rule.enabled = enabled
        elif name not in self.broken.rules:
            raise rejected(_NO_RULE_ENABLE, context, self._hints.nearest(name, self.rules))

    def _updated(self, update: RuleUpdate, missing: str) -> RuleDef | None:
        """Return the rule to change; None when its own definition failed and has been reported."""
        self.additions.only = False
        rule = self.rules.get(update.name)
        if rule is None:
            if update.name in self.broken.rules:
                return None
            raise rejected(missing, update.context, self._hints.nearest(update.name, self.rules))
        if update.source and update.source != rule.source:
            raise rejected(_OTHER_SOURCE, update.context)
        return rule

    def _check_additions(self, rule: RuleDef, additions: list[ExceptionDef]) -> None:
        """Check exceptions that are to be appended: what the rule has already gains values only."""
        fields = None if rule.unknown_source else self._sources.get(rule.source)
        names = {exception.name for exception in rule.exceptions}
        for new in additions:
            if new.name not in names:
                if not new.fields.is_valid:
                    message = "Rule exception must have fields property with a list of fields"
                    raise rejected(message, new.context, self._hints.nearest(new.name, names))
                if not new.values:
                    message = "Rule exception must have values property with a list of values"
                    raise rejected(message, new.context)
                check_exception(new, fields)
                continue
            for part, name in ((new.fields, "fields"), (new.comps, "comps")):
                if part.is_valid:
                    message = f"Can not append exception {name} to existing exception, only values"
                    raise rejected(message, new.context)

    def _number(self) -> int:
        self._next += 1
        return self._next

    def _source_hint(self, source: str) -> str:
        return self._hints.nearest(source, self._sources) if source != SYSCALL else ""


def _holds(exception: ExceptionDef, fields: FieldCheck | None, report: Callable[[Problem], None]) -> bool:
    """Return whether an exception can be used; what is wrong with it is reported."""
    try:
        if not exception.fields.is_valid:
            message = "Rule exception item must have fields property with a list of fields"
            raise rejected(message, exception.context)
        check_exception(exception, fields)
    except ProblemError as error:
        report(error.problem)
        return False
    return True


def _add_exceptions(rule: RuleDef, additions: list[ExceptionDef]) -> None:
    """Add exceptions, or values to those that there are; problems then point to the latest addition."""
    known = {exception.name: exception for exception in rule.exceptions}
    for new in additions:
        exception = known.get(new.name)
        if exception is None:
            known[new.name] = new
            rule.exceptions.append(new)
        else:
            exception.values += new.values
            exception.context = new.context
