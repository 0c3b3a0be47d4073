"""Exceptions of rules: reading them, checking them, and turning them into conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tercel.filters.ast import MODIFIERS, OPERATORS, OPERATORS_LIST, OPERATORS_TEXT
from tercel.rules.decode import invalid, name_of, rejected, warn_unknown_keys
from tercel.rules.definitions import ExceptionDef, ExceptionEntry, SourceText
from tercel.rules.problems import Problem, ProblemError
from tercel.rules.yamltree import MAPPING, NULL, SCALAR, SEQUENCE, YamlNode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tercel.rules.hints import Hints
    from tercel.rules.problems import ProblemContext

_MODIFIED: Final = frozenset(f"{operator} {modifier}" for operator in OPERATORS_TEXT for modifier in MODIFIERS)
_OPERATORS: Final = frozenset(OPERATORS) | _MODIFIED
_TAKE_LISTS: Final = frozenset(OPERATORS_LIST) | _MODIFIED
_KEYS: Final = frozenset(("name", "fields", "comps", "values"))
_MOST_DEPTH: Final = 4
_NOT_TEXTS: Final = "Expected values array to contain a list of strings"


def read_exceptions(
    item: YamlNode,
    parent: ProblemContext,
    appending: bool,
    report: Callable[[Problem], None],
    hints: Hints,
) -> list[ExceptionDef]:
    """Return the exceptions of a rule's element; fields may be missing where values are appended."""
    node = item.get("exceptions")
    if node is None or node.kind == NULL:
        return []
    context = parent.within(node, "exceptions")
    if node.kind != SEQUENCE:
        raise invalid("Rule exceptions must be a sequence", context)
    found: list[ExceptionDef] = []
    names: set[str] = set()
    for entry in node.items:
        try:
            exception = _read_exception(entry, context, parent, appending, report, hints)
        except ProblemError as error:
            report(error.problem)
            continue
        if exception.name in names:
            message = "Multiple definitions of exception of one name in the same object"
            report(Problem("LOAD_EXCEPTION_NAME_NOT_UNIQUE", message, exception.context))
        names.add(exception.name)
        found.append(exception)
    return found


def _read_exception(
    node: YamlNode,
    context: ProblemContext,
    parent: ProblemContext,
    appending: bool,
    report: Callable[[Problem], None],
    hints: Hints,
) -> ExceptionDef:
    if node.kind != MAPPING:
        raise invalid("Rule exception must be a mapping", context.within(node, "exception"))
    name = name_of(node, "name", "exception", context)
    exception = ExceptionDef(name, parent.within(node, "exception", name))
    where = exception.context
    warn_unknown_keys(node, _KEYS, where, report, hints.nearest)
    fields = node.get("fields")
    if fields is not None:
        exception.fields = _entry(fields, where.within(fields, "value for", "fields"), 0)
    elif not appending:
        raise invalid("Item has no mapping for key 'fields'", where)
    comps = node.get("comps")
    if comps is not None:
        exception.comps = _stripped(_entry(comps, where.within(comps, "value for", "comps"), 0))
    values = node.get("values")
    if values is not None:
        exception.values = _read_values(values, where)
    elif appending:
        report(Problem("LOAD_APPEND_NO_VALUES", "Overriding/appending exception with no values", where))
    return exception


def _read_values(node: YamlNode, parent: ProblemContext) -> list[ExceptionEntry]:
    if node.kind == NULL:
        return []
    context = parent.within(node, "exception values")
    if node.kind != SEQUENCE:
        raise invalid("Rule exception values must be a sequence", context)
    return [_entry(value, context.within(value, "exception value"), 0) for value in node.items]


def _entry(node: YamlNode, context: ProblemContext, depth: int) -> ExceptionEntry:
    if node.kind == SCALAR:
        if not node.text:
            raise invalid("Value must be non-empty", context)
        return ExceptionEntry(node.text)
    if node.kind == SEQUENCE and depth < _MOST_DEPTH:
        items = [_inner_entry(child, context, depth + 1) for child in node.items]
        return ExceptionEntry(items=items)
    if node.kind == NULL:
        return ExceptionEntry()
    raise invalid("Value is neither a text nor a list of texts", context)


def _inner_entry(node: YamlNode, parent: ProblemContext, depth: int) -> ExceptionEntry:
    """Return an entry within an entry; nearly all are texts, which need no context."""
    if node.kind == SCALAR and node.text:
        return ExceptionEntry(node.text)
    return _entry(node, parent.within(node, "exception"), depth)


def _stripped(entry: ExceptionEntry) -> ExceptionEntry:
    """Return an entry of operators with single blanks within and none around."""
    if entry.is_list:
        return ExceptionEntry(items=[_stripped(child) for child in entry.items])
    return ExceptionEntry(" ".join(entry.item.split()))


class FieldCheck:
    """Answers whether a text is a field that conditions may use; a subclass knows the fields."""

    def is_field(self, text: str) -> bool:
        """Return whether the text is a field, or a transformer of one."""
        raise NotImplementedError

    def hint(self, text: str) -> str:
        """Return a sentence that names the nearest field, or an empty text."""
        raise NotImplementedError


def check_exception(exception: ExceptionDef, fields: FieldCheck | None) -> None:
    """Complete an exception's operators and check it; fields are checked where they are known."""
    if exception.fields.is_list:
        _check_list_form(exception)
    else:
        _check_single_form(exception)
    if fields is None:
        return
    names = exception.fields.items if exception.fields.is_list else [exception.fields]
    for name in names:
        if name.is_list or not fields.is_field(name.item):
            message = f"'{name.item}' is not a supported filter field"
            raise rejected(message, exception.context, fields.hint(name.item))


def _check_list_form(exception: ExceptionDef) -> None:
    count = len(exception.fields.items)
    if not exception.comps.is_valid:
        exception.comps = ExceptionEntry(items=[ExceptionEntry("=") for _ in range(count)])
    if len(exception.comps.items) != count:
        raise rejected("Fields and comps lists must have equal length", exception.context)
    for comp in exception.comps.items:
        if comp.item not in _OPERATORS:
            raise rejected(f"'{comp.item}' is not a supported comparison operator", exception.context)


def _check_single_form(exception: ExceptionDef) -> None:
    if not exception.comps.is_valid:
        exception.comps = ExceptionEntry("in")
    if exception.comps.is_list:
        raise rejected("Fields and comps must both be strings", exception.context)
    if exception.comps.item not in _TAKE_LISTS:
        raise rejected(
            "When fields is a single value, comps must be one of (in, pmatch, intersects) "
            "or a modifier operator (e.g. startswith oneof)",
            exception.context,
        )


def condition_with_exceptions(
    condition: SourceText,
    exceptions: Iterable[ExceptionDef],
    report: Callable[[Problem], None],
) -> SourceText:
    """Return the condition with each exception's cases excluded; an exception that cannot be is reported."""
    result = condition.wrapped("(", ")")
    for exception in exceptions:
        try:
            excluded = _excluded(exception)
        except ProblemError as error:
            report(error.problem)
            continue
        if excluded:
            result.append(SourceText(excluded, exception.context), " and not ")
    return result


def _excluded(exception: ExceptionDef) -> str:
    if not exception.values:
        return ""
    if not exception.fields.is_list:
        if any(value.is_list for value in exception.values):
            raise rejected(_NOT_TEXTS, exception.context)
        values = ", ".join(quoted(value.item) for value in exception.values)
        return f"({exception.fields.item} {exception.comps.item} ({values}))"
    return "(" + " or ".join(_tuple(exception, value) for value in exception.values) + ")"


def _tuple(exception: ExceptionDef, values: ExceptionEntry) -> str:
    fields = exception.fields.items
    if len(values.items) != len(fields):
        raise rejected("Fields and values lists must have equal length", exception.context)
    if any(item.is_list for value in values.items for item in value.items):
        raise rejected(_NOT_TEXTS, exception.context)
    checks = zip(fields, exception.comps.items, values.items, strict=True)
    return "(" + " and ".join(f"{field.item} {comp.item} {_value(comp.item, v)}" for field, comp, v in checks) + ")"


def _value(operator: str, value: ExceptionEntry) -> str:
    if value.is_list:
        return "(" + ", ".join(quoted(item.item) for item in value.items) + ")"
    if operator in _TAKE_LISTS:
        return value.item if value.item.startswith("(") else f"({value.item})"
    return quoted(value.item)


def quoted(item: str) -> str:
    """Return an item as a condition takes it: in double quotes when it holds a blank and is not quoted yet."""
    if " " in item and item[0] not in "\"'":
        return f'"{item}"'
    return item
