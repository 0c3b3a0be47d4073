"""What is loaded, for people (two columns) and for programs (the JSON of -L and -l)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tercel.filters.ast import BinaryCheck, ListValue, Node, fields_used, operators_used, walk
from tercel.filters.canonical import canonical
from tercel.filters.errors import FilterError
from tercel.filters.event_types import event_names
from tercel.filters.format import OutputFormat
from tercel.filters.macros import macros_used
from tercel.filters.parser import parse

if TYPE_CHECKING:
    from tercel.rules.definitions import ExceptionEntry, RuleDef
    from tercel.rules.loader import RuleLoader
    from tercel.rules.rule import Rule

_NAME_WIDTH: Final = 50
_LINE_WIDTH: Final = 110
# Every rule is asked about these events as well, whatever its condition names.
_ALWAYS: Final = "asyncevent"


def describe_text(loader: RuleLoader, name: str | None = None) -> str:
    """Return names and descriptions in two columns: of all rules, or of one."""
    lines = [f"{'Rule':<{_NAME_WIDTH}} Description\n", f"{'----':<{_NAME_WIDTH}} -----------\n"]
    rules = [rule for rule in loader.rules if name is None or rule.name == name]
    lines += [f"{rule.name:<{_NAME_WIDTH}} {_wrapped(rule.desc)}\n\n" for rule in rules]
    return "".join(lines)


def _wrapped(text: str) -> str:
    """Return a text broken into lines that begin below its column."""
    indent = _NAME_WIDTH + 1
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) + 1 > _LINE_WIDTH - indent:
            lines.append("")
        lines[-1] += f"{word} "
    return ("\n" + " " * indent).join(line.rstrip() for line in lines)


def describe_json(loader: RuleLoader, name: str | None = None) -> dict[str, object]:
    """Return all rules, macros and lists, and what the files require; with a name, that rule alone."""
    if name is not None:
        return {"rules": [_rule(loader, rule) for rule in loader.rules if rule.name == name]}
    collection = loader.collection
    return {
        "required_engine_version": str(collection.engine_version),
        "required_plugin_versions": [
            {
                "name": first.name,
                "version": first.version,
                "alternatives": [{"name": other.name, "version": other.version} for other in others],
            }
            for (first, *others), _ in collection.plugin_requirements
        ],
        "rules": [_rule(loader, rule) for rule in loader.rules],
        "macros": [_macro(loader, macro) for macro in collection.macros],
        "lists": [_list(loader, items) for items in collection.lists],
    }


def _rule(loader: RuleLoader, rule: Rule) -> dict[str, object]:
    definition = loader.collection.rules[rule.name]
    info: dict[str, object] = {
        "name": rule.name,
        "condition": definition.condition.text,
        "priority": rule.priority_name,
        "output": rule.output,
        "description": rule.desc,
        "enabled": rule.enabled,
        "source": rule.source,
        "tags": rule.tags,
    }
    if rule.capture:
        info["capture"] = True
        info["capture_duration"] = rule.capture_duration
    details = _condition_details(loader, definition.condition.text, rule.condition)
    registry = loader.registry(rule.source)
    details["output_compiled"] = rule.output_compiled
    details["output_fields"] = OutputFormat(f"*{rule.output_compiled}", registry).names()
    details.update(_exception_details(definition))
    return {"info": info, "details": details}


def _exception_details(definition: RuleDef) -> dict[str, object]:
    names: dict[str, None] = {}
    fields: dict[str, None] = {}
    operators: dict[str, None] = {}
    for exception in definition.exceptions:
        names[exception.name] = None
        fields.update(dict.fromkeys(_texts(exception.fields)))
        operators.update(dict.fromkeys(_texts(exception.comps)))
    return {
        "exception_names": list(names),
        "exception_fields": list(fields),
        "exception_operators": list(operators),
    }


def _texts(entry: ExceptionEntry) -> list[str]:
    return [item.item for item in entry.items] if entry.is_list else [entry.item]


def _macro(loader: RuleLoader, name: str) -> dict[str, object]:
    text = loader.collection.macros[name].condition.text
    tree = loader.compiled.macros.trees.get(name)
    details: dict[str, object] = {} if tree is None else _condition_details(loader, text, tree)
    details["used"] = name in loader.compiled.macros.used
    return {"info": {"name": name, "condition": text}, "details": details}


def _list(loader: RuleLoader, name: str) -> dict[str, object]:
    lists = loader.compiled.lists
    references = lists.references(name)
    items = [item for item in loader.collection.lists[name].items if item not in references]
    details = {
        "used": name in lists.used,
        "lists": references,
        "items_compiled": lists.items.get(name, items),
        "plugins": [],
    }
    return {"info": {"name": name, "items": items}, "details": details}


def _condition_details(loader: RuleLoader, text: str, tree: Node) -> dict[str, object]:
    """Return what a condition uses: macros and lists as written, the rest with all of them in place."""
    macros: list[str] = []
    lists: list[str] = []
    try:
        raw = parse(text)
    except FilterError:
        raw = None
    if raw is not None:
        macros = [name for name in macros_used(raw) if name in loader.collection.macros]
        lists = _lists_named(raw, loader)
    return {
        "macros": macros,
        "lists": lists,
        "condition_operators": operators_used(tree),
        "condition_fields": fields_used(tree),
        "condition_compiled": canonical(tree),
        "events": sorted(event_names(tree) | {_ALWAYS}),
        "plugins": [],
    }


def _lists_named(tree: Node, loader: RuleLoader) -> list[str]:
    found: dict[str, None] = {}
    for check in walk(tree):
        if isinstance(check, BinaryCheck) and isinstance(check.right, ListValue):
            found.update(dict.fromkeys(value for value in check.right.values if value in loader.collection.lists))
    return list(found)
