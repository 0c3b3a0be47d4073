"""From the text of a rules file to definitions: every element, and every mistake in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeVar

from tercel.rules import decode
from tercel.rules.decode import invalid, scalar
from tercel.rules.definitions import ExceptionDef, ListDef, MacroDef, RuleDef, RuleUpdate, SourceText
from tercel.rules.exceptions import read_exceptions
from tercel.rules.priorities import PRIORITY_WORDS, parse_priority
from tercel.rules.problems import FileResult, Problem, ProblemContext, ProblemError
from tercel.rules.versions import EXIT_ONLY_VERSION, NO_VERSION, PluginRequirement, Version, parse_version
from tercel.rules.yamltree import MAPPING, NULL, SCALAR, SEQUENCE, YamlError, YamlNode, documents
from tercel.rules.yamltree import decode as decode_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from tercel.rules.collection import Collection
    from tercel.rules.hints import Hints

_T = TypeVar("_T")

_KINDS: Final = ("required_engine_version", "required_plugin_versions", "list", "macro", "rule")
_LIST_NAME: Final = re.compile(r"[^()\"'\s=,]+")
_MACRO_NAME: Final = re.compile(r"[a-zA-Z]+[a-zA-Z0-9_]*")

_APPEND_DEPRECATED: Final = "'append' is deprecated: name what is appended under 'override', as in 'condition: append'"
_ENABLED_DEPRECATED: Final = "'enabled' alone is deprecated: add 'enabled: replace' under 'override'"
_OVERRIDE_AND_APPEND: Final = (
    "Keys 'override' and 'append: true' cannot be used together. "
    "Name what is appended under 'override', as in 'condition: append'."
)
_ENGINE_KEYS: Final = frozenset(("required_engine_version",))
_PLUGIN_KEYS: Final = frozenset(("required_plugin_versions",))
_PLUGIN_ENTRY_KEYS: Final = frozenset(("name", "version", "alternatives"))
_LIST_KEYS: Final = frozenset(("list", "items", "append", "override"))
_MACRO_KEYS: Final = frozenset(("macro", "condition", "append", "override"))
_APPENDABLE: Final = ("condition", "output", "desc", "tags", "exceptions")
_REPLACEABLE: Final = (
    "condition",
    "output",
    "desc",
    "priority",
    "capture",
    "capture_duration",
    "tags",
    "exceptions",
    "enabled",
    "warn_evttypes",
    "skip-if-unknown-filter",
)
_RULE_KEYS: Final = frozenset(("rule", "source", "append", "override", *_REPLACEABLE))
_FULL_KEYS: Final = ("condition", "output", "desc", "priority")
_ONLY_PRIORITY: Final = frozenset(("rule", "append", "priority"))


class Reader:
    """Reads one file's elements into a collection; mistakes go into the file's result, all of them."""

    def __init__(self, collection: Collection, result: FileResult, hints: Hints) -> None:
        """Read into `collection`, report into `result`."""
        self._collection = collection
        self._result = result
        self._hints = hints
        self._engine_version: Version = NO_VERSION
        self._defined: list[RuleDef] = []

    def read(self, content: bytes | str) -> None:
        """Read a file's content."""
        context = ProblemContext.of_file(self._result.name, "")
        try:
            text = decode_text(content)
            context = ProblemContext.of_file(self._result.name, text)
            roots = documents(text)
        except YamlError as error:
            where = context.at("value for", "", error.line, error.column, error.offset)
            self._result.add(Problem("LOAD_ERR_YAML_PARSE", error.message, where))
            return
        for root in roots:
            self._document(root, context)
        for rule in self._defined:
            rule.exit_only = self._engine_version >= EXIT_ONLY_VERSION

    def _document(self, root: YamlNode, context: ProblemContext) -> None:
        if root.kind == NULL:
            return
        if root.kind != SEQUENCE:
            is_mapping = root.kind == MAPPING
            message = "Rules content is not yaml array of objects" if is_mapping else "Rules content is not yaml"
            self._result.add(Problem("LOAD_ERR_YAML_VALIDATE", message, context))
            return
        for item in root.items:
            if item.kind == NULL:
                continue
            try:
                self._item(item, context)
            except ProblemError as error:
                self._result.add(error.problem)

    def _item(self, item: YamlNode, context: ProblemContext) -> None:
        if item.kind != MAPPING:
            message = "Unexpected element type. Each element should be a yaml associative array."
            raise invalid(message, context.within(item, "rules content item"))
        for kind in _KINDS:
            if item.get(kind) is not None:
                self._read_item(kind, item, context)
                return
        keys = [key.text for key, _ in item.pairs if key.kind == SCALAR]
        hint = next((found for key in keys if (found := self._hints.nearest(key, _KINDS))), "")
        where = context.within(item, "rules content item")
        self._result.add(Problem("LOAD_UNKNOWN_ITEM", "Unknown top level item", where, hint))

    def _read_item(self, kind: str, item: YamlNode, context: ProblemContext) -> None:
        if kind == "rule":
            self._rule(item, context)
        elif kind == "macro":
            self._macro(item, context)
        elif kind == "list":
            self._list(item, context)
        elif kind == "required_engine_version":
            self._engine(item, context)
        else:
            self._plugins(item, context)

    def _unknown_keys(self, item: YamlNode, known: frozenset[str], context: ProblemContext) -> None:
        decode.warn_unknown_keys(item, known, context, self._result.add, self._hints.nearest)

    def _engine(self, item: YamlNode, parent: ProblemContext) -> None:
        context = parent.within(item, "required_engine_version")
        self._unknown_keys(item, _ENGINE_KEYS, context)
        text = scalar(item, "required_engine_version", context)
        number = decode.uint32(text)
        version = parse_version(text) if number is None else Version(0, number, 0)
        if version is None:
            message = f"Unable to parse engine version '{text}' as a semver string. Expected \"x.y.z\" semver format."
            raise invalid(message, context)
        self._collection.require_engine(version, context)
        self._engine_version = max(self._engine_version, version)

    def _plugins(self, item: YamlNode, parent: ProblemContext) -> None:
        self._unknown_keys(item, _PLUGIN_KEYS, parent.within(item, "required plugin versions"))
        value = item.get("required_plugin_versions")
        assert value is not None  # noqa: S101 - this reader was chosen by the key
        context = parent.within(value, "required plugin versions")
        if value.kind != SEQUENCE:
            raise invalid("Value of required_plugin_versions must be a sequence", context)
        for entry in value.items:
            self._plugin(entry, context)

    def _plugin(self, entry: YamlNode, parent: ProblemContext) -> None:
        unnamed = parent.within(entry, "required plugin versions entry")
        if entry.kind != MAPPING:
            raise invalid("Plugin version must be a mapping", unnamed)
        name = scalar(entry, "name", unnamed)
        context = parent.within(entry, "required plugin versions entry", name)
        self._unknown_keys(entry, _PLUGIN_ENTRY_KEYS, context)
        found = [PluginRequirement(name, scalar(entry, "version", context))]
        alternatives = entry.get("alternatives")
        if alternatives is not None:
            if alternatives.kind != SEQUENCE:
                raise invalid("Value of plugin version alternatives must be a sequence", context)
            found += [self._alternative(other, context) for other in alternatives.items]
        self._collection.require_plugins(tuple(found), context)

    def _alternative(self, entry: YamlNode, parent: ProblemContext) -> PluginRequirement:
        unnamed = parent.within(entry, "required plugin versions alternative")
        if entry.kind != MAPPING:
            raise invalid("Plugin version alternative must be a mapping", unnamed)
        name = scalar(entry, "name", unnamed)
        context = parent.within(entry, "required plugin versions alternative", name)
        return PluginRequirement(name, scalar(entry, "version", context))

    def _list(self, item: YamlNode, parent: ProblemContext) -> None:
        name = decode.name_of(item, "list", "list", parent)
        context = parent.within(item, "list", name)
        try:
            if _LIST_NAME.fullmatch(name) is None:
                message = f"no condition can name this list: its name does not fit {_LIST_NAME.pattern}"
                self._result.add(Problem("LOAD_INVALID_LIST_NAME", message, context))
            self._unknown_keys(item, _LIST_KEYS, context)
            new = ListDef(name, decode.texts(item, "items", context), context)
            if self._appends(item, "items", context):
                self._collection.append_list(new)
            else:
                self._collection.define_list(new)
        except ProblemError:
            self._collection.broken.lists.add(name)
            raise

    def _macro(self, item: YamlNode, parent: ProblemContext) -> None:
        name = decode.name_of(item, "macro", "macro", parent)
        context = parent.within(item, "macro", name)
        try:
            if _MACRO_NAME.fullmatch(name) is None:
                message = f"no condition can name this macro: its name does not fit {_MACRO_NAME.pattern}"
                self._result.add(Problem("LOAD_INVALID_MACRO_NAME", message, context))
            self._unknown_keys(item, _MACRO_KEYS, context)
            new = MacroDef(name, self._condition(item, "macro condition", context), context)
            if self._appends(item, "condition", context):
                self._collection.append_macro(new)
            else:
                self._collection.define_macro(new)
        except ProblemError:
            self._collection.broken.macros.add(name)
            raise

    def _appends(self, item: YamlNode, key: str, context: ProblemContext) -> bool:
        """Return whether a list or macro element adds to an earlier one."""
        append = self._append_flag(item, context)
        appended, replaced = self._overrides(item, (key,), (key,), context)
        if append and (appended or replaced):
            raise invalid(_OVERRIDE_AND_APPEND, context)
        return append or bool(appended)

    def _append_flag(self, item: YamlNode, context: ProblemContext) -> bool:
        append = decode.optional_boolean(item, "append", default=False, context=context)
        if append:
            self._result.add(Problem("LOAD_DEPRECATED_ITEM", _APPEND_DEPRECATED, context))
        return append

    def _overrides(
        self,
        item: YamlNode,
        appendable: tuple[str, ...],
        replaceable: tuple[str, ...],
        parent: ProblemContext,
    ) -> tuple[set[str], set[str]]:
        """Return the keys that an element's `override` appends and those that it replaces."""
        appended: set[str] = set()
        replaced: set[str] = set()
        node = item.get("override")
        if node is None:
            return appended, replaced
        context = parent.within(item, "overrides")
        if node.kind != MAPPING:
            raise invalid("Value of override must be a mapping", context)
        for key, value in node.pairs:
            name, operation = key.text, value.text
            where = context.within(key, "overrides", name)
            if operation == "append":
                if name not in appendable:
                    message = f"Key '{name}' cannot be appended to, use 'replace' instead"
                    raise invalid(message, where, self._hints.nearest(name, appendable))
                appended.add(name)
            elif operation == "replace":
                if name not in replaceable:
                    message = f"Key '{name}' cannot be replaced"
                    raise invalid(message, where, self._hints.nearest(name, replaceable))
                replaced.add(name)
            else:
                allowed = ("append " if name in appendable else "") + ("replace " if name in replaceable else "")
                message = f"Invalid override operation for key '{name}': '{operation}'. Allowed values are: {allowed}"
                raise invalid(message, context.within(value, "value for", name))
        return appended, replaced

    def _rule(self, item: YamlNode, parent: ProblemContext) -> None:
        name = decode.name_of(item, "rule", "rule", parent)
        context = parent.within(item, "rule", name)
        try:
            self._unknown_keys(item, _RULE_KEYS, context)
            append = self._append_flag(item, context)
            appended, replaced = self._overrides(item, _APPENDABLE, _REPLACEABLE, context)
            if append and (appended or replaced):
                raise invalid(_OVERRIDE_AND_APPEND, context)
            if appended or replaced:
                self._override_rule(item, name, appended, replaced, context)
            elif append:
                self._append_rule(item, name, context)
            elif any(item.get(key) is not None for key in _FULL_KEYS):
                self._full_rule(item, name, context)
            else:
                enabled = decode.boolean(item, "enabled", context)
                self._result.add(Problem("LOAD_DEPRECATED_ITEM", _ENABLED_DEPRECATED, context))
                self._collection.enable_rule(name, enabled, context)
        except ProblemError:
            if name not in self._collection.rules:
                self._collection.broken.rules.add(name)
            raise

    def _full_rule(self, item: YamlNode, name: str, context: ProblemContext) -> None:
        """Define a rule; what cannot be read is reported and left at its default, so that the rest is checked too."""
        rule = RuleDef(name, context)
        condition = self._attempt(lambda: self._condition(item, "rule condition", context), None)
        rule.output, rule.output_context = self._attempt(lambda: self._output(item, context), ("", context))
        rule.desc = self._attempt(lambda: scalar(item, "desc", context), "")
        rule.priority = self._attempt(lambda: self._priority(item, context), rule.priority)
        rule.source = self._attempt(lambda: decode.optional_text(item, "source", rule.source, context), rule.source)
        for key in ("enabled", "warn_evttypes", "skip-if-unknown-filter", "capture"):
            self._set_flag(rule, item, key, context)
        rule.capture_duration = self._attempt(lambda: decode.optional_uint32(item, "capture_duration", 0, context), 0)
        rule.tags = self._attempt(lambda: _tags(item, context), [])
        rule.exceptions = self._exceptions(item, context, appending=False)
        if condition is None:
            self._collection.broken.rules.add(name)
            return
        rule.condition = condition
        rule.condition_context = condition.parts[0].context
        self._collection.define_rule(rule, self._result.add)
        self._defined.append(rule)

    def _attempt(self, read: Callable[[], _T], default: _T) -> _T:
        """Return what is read, or report why it cannot be and return the default."""
        try:
            return read()
        except ProblemError as error:
            self._result.add(error.problem)
            return default

    def _set_flag(self, rule: RuleDef, item: YamlNode, key: str, context: ProblemContext) -> None:
        if item.get(key) is None:
            return
        name = key.replace("-", "_")
        default: bool = getattr(rule, name)
        setattr(rule, name, self._attempt(lambda: decode.optional_boolean(item, key, default, context), default))

    def _exceptions(self, item: YamlNode, context: ProblemContext, *, appending: bool) -> list[ExceptionDef]:
        return read_exceptions(item, context, appending, self._result.add, self._hints)

    def _append_rule(self, item: YamlNode, name: str, context: ProblemContext) -> None:
        update = self._update(item, name, context)
        if {key.text for key, _ in item.pairs} == _ONLY_PRIORITY:
            # The severity of an existing rule is changed so in the book on Falco; Falco itself refuses it.
            update.priority = self._priority(item, context)
            self._collection.replace_in_rule(update)
            return
        if item.get("condition") is not None:
            update.condition = self._condition(item, "rule condition", context)
        if item.get("exceptions") is not None:
            update.exceptions = self._exceptions(item, context, appending=True)
        self._collection.append_rule(update)

    def _override_rule(
        self,
        item: YamlNode,
        name: str,
        appended: set[str],
        replaced: set[str],
        context: ProblemContext,
    ) -> None:
        present = {key for key in _REPLACEABLE if item.get(key) is not None}
        for kind, keys in (("append", appended), ("replace", replaced)):
            for key in sorted(keys - present):
                message = f"An {kind} override for '{key}' was specified but '{key}' is not defined"
                raise invalid(message, context)
        for key in sorted(present - appended - replaced):
            node = item.get(key)
            where = context if node is None else context.within(node, "overrides", key)
            message = f"Unexpected key '{key}': no corresponding entry under 'override' is defined."
            raise invalid(message, where)
        if appended:
            self._collection.append_rule(self._changes(item, name, appended, context))
        if replaced:
            self._collection.replace_in_rule(self._changes(item, name, replaced, context))

    def _changes(self, item: YamlNode, name: str, keys: set[str], context: ProblemContext) -> RuleUpdate:
        """Return the update that an override's keys make."""
        update = self._update(item, name, context)
        if "condition" in keys:
            update.condition = self._condition(item, "rule condition", context)
        if "exceptions" in keys:
            update.exceptions = self._exceptions(item, context, appending=True)
        if "output" in keys:
            update.output, update.output_context = self._output(item, context)
        if "desc" in keys:
            update.desc = scalar(item, "desc", context)
        if "tags" in keys:
            update.tags = _tags(item, context)
        if "priority" in keys:
            update.priority = self._priority(item, context)
        if "capture_duration" in keys:
            update.capture_duration = decode.optional_uint32(item, "capture_duration", 0, context)
        for key in ("enabled", "warn_evttypes", "skip-if-unknown-filter", "capture"):
            if key in keys:
                setattr(update, key.replace("-", "_"), decode.boolean(item, key, context))
        return update

    def _update(self, item: YamlNode, name: str, context: ProblemContext) -> RuleUpdate:
        update = RuleUpdate(name, context)
        source = item.get("source")
        update.source = source.text if source is not None and source.kind == SCALAR else ""
        return update

    def _condition(self, item: YamlNode, kind: str, context: ProblemContext) -> SourceText:
        text = scalar(item, "condition", context)
        node = item.get("condition")
        return SourceText(text, context if node is None else context.within(node, kind))

    def _output(self, item: YamlNode, context: ProblemContext) -> tuple[str, ProblemContext]:
        text = scalar(item, "output", context)
        node = item.get("output")
        return text.strip(), context if node is None else context.within(node, "rule output")

    def _priority(self, item: YamlNode, context: ProblemContext) -> int:
        text = scalar(item, "priority", context)
        number = parse_priority(text)
        if number is None:
            node = item.get("priority")
            where = context if node is None else context.within(node, "rule priority")
            raise invalid("Invalid priority", where, self._hints.nearest(text, PRIORITY_WORDS))
        return number


def _tags(item: YamlNode, context: ProblemContext) -> list[str]:
    return sorted(set(decode.optional_texts(item, "tags", context)))
