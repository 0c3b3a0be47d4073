"""From the checks of a tree to objects that answer them: fields are bound, types checked, constants converted.

The messages are Falco's. Where it lists several mistakes, the first from left to right is reported.
"""

from __future__ import annotations

from typing import Final

from tercel.events.table import EVENTS
from tercel.events.types import PT_DYN
from tercel.fields.base import (
    FF_ANY,
    FF_EITHER,
    FF_NO_RHS,
    FF_NO_TRANSFORMER,
    FF_WITHIN,
    SCOPE_EVENT,
    Extractor,
    FieldError,
)
from tercel.fields.registry import Registry, is_event_name
from tercel.filters import transformers
from tercel.filters.ast import (
    OPERATORS_LIST,
    BinaryCheck,
    Expression,
    Field,
    Identifier,
    Items,
    ListValue,
    Node,
    Position,
    Transformer,
    Value,
)
from tercel.filters.ast import Check as AstCheck
from tercel.filters.canonical import expression_text
from tercel.filters.compare import make_pair
from tercel.filters.constants import ConstantError
from tercel.filters.errors import SEMANTIC, UNKNOWN_EVENT, UNKNOWN_FIELD, FilterError, FilterWarning
from tercel.filters.evaluate import (
    AllCandidates,
    AllOf,
    AnyCandidate,
    ByType,
    Exists,
    ListExists,
    ListWithin,
    OneOf,
    Predicate,
)
from tercel.filters.evaluate import Check as Test
from tercel.filters.hints import ConstantHints
from tercel.filters.operators import (
    NETWORK,
    SETS,
    TEXT,
    OperatorError,
    make_check,
    require_operator,
    text_members,
    type_name,
)
from tercel.filters.scalars import NumberAtMost, NumberEquals

_EVENT_TYPE_FIELD: Final = "evt.type"
_NONEXISTENT: Final = "filter_check called with nonexistent field "


# The field, the operator, its modifier (or the expression on the right), the constants (or whose expression it is).
_Key = tuple[Extractor, str, str, object]
_PAIR: Final = "field"  # in the place of the modifier, where the last part stands for the field on the right


def _error(message: str, pos: Position, kind: str = SEMANTIC, name: str = "") -> FilterError:
    return FilterError(message, pos.index, pos.line, pos.column, kind, name)


class Checker:
    """Turns checks into predicates: equal ones of all its conditions are one object, and so are equal fields.

    `plain` is the checker of the same source whose rules see all events: what does not depend on which parameters an
    event has is the same for both.
    """

    def __init__(self, registry: Registry, plain: Checker | None = None) -> None:
        """Bind fields through a registry."""
        self.registry: Registry = registry
        self._plain: Checker | None = plain
        self._hints: ConstantHints | None = None
        self._extractors: dict[str, Extractor] = {}
        self._bound_fields: dict[tuple[str, str | None], Extractor] = {}
        self._made: dict[_Key, Predicate] = {} if plain is None else plain._made  # noqa: SLF001 - its own
        self._suspicious: set[_Key] = set() if plain is None else plain._suspicious  # noqa: SLF001 - its own
        self._types_of_params: dict[str, list[int]] | None = None

    def predicate(self, node: Node, warnings: list[FilterWarning]) -> Predicate:
        """Return what answers a check; suspicious constants are appended to `warnings`."""
        if isinstance(node, Identifier):
            raise _error(f"filter error: unexpected identifier '{node.name}'", node.pos)
        if not isinstance(node, AstCheck):
            msg = f"no check: {type(node).__name__}"
            raise TypeError(msg)
        left = self.extractor(node.left)
        key = _key(node, left, self)
        made = self._made.get(key)
        if made is None:
            made = self._predicate(node, left, warnings)
            self._made[key] = made
            if warnings:
                self._suspicious.add(key)
        elif key in self._suspicious and isinstance(node, BinaryCheck):
            self._suspect(node, warnings)
        return made

    def _predicate(self, node: AstCheck, left: Extractor, warnings: list[FilterWarning]) -> Predicate:
        if not isinstance(node, BinaryCheck):
            return _exists(left)
        if left.spec.type == PT_DYN:
            return self._by_type(node, left, warnings)
        return self._comparison(node, left, left.spec.type, warnings)

    # Expressions

    def extractor(self, expression: Expression) -> Extractor:
        """Return the extractor of a field or a transformer."""
        text = expression_text(expression)
        found = self._extractors.get(text)
        if found is None:
            found = self._bound(expression, text)
            if self._plain is not None and found.spec.scope != SCOPE_EVENT:
                found = self._plain.extractor(expression)
            self._extractors[text] = found
        return found

    def _bound(self, expression: Expression, text: str) -> Extractor:
        if isinstance(expression, Field):
            return self._field(expression)
        if isinstance(expression, Transformer):
            if len(expression.args) == 1:
                return self._single(expression)
            return self._multiple(expression, text)
        if isinstance(expression, Items):
            return transformers.Sequence([self.extractor(item) for item in expression.items])
        return transformers.Literal(expression.text if isinstance(expression, Value) else "")

    def _field(self, field: Field) -> Extractor:
        try:
            found = self.registry.bind_parts(field.name, field.arg)
        except FieldError as error:
            message = str(error)
            kind = UNKNOWN_FIELD if message.startswith(_NONEXISTENT) else SEMANTIC
            raise _error(message, field.pos, kind, field.text) from None
        # An argument may be written in brackets or behind a dot.
        return self._bound_fields.setdefault((found.spec.name, found.arg), found)

    def _single(self, expression: Transformer) -> Extractor:
        name = expression.name
        if expression.option is not None and name != "getopt":
            raise _error(f"filter error: transformer '{name}' does not support field arguments", expression.pos)
        source = self.extractor(expression.args[0])
        if name == "val":
            return source
        if name not in transformers.SINGLE:
            raise _error(f"unknown field transfomer '{name}'", expression.pos)
        spec = source.spec
        if spec.flags & FF_NO_TRANSFORMER:
            raise _error(f"field '{spec.name}' does not support transformers", expression.pos)
        if not transformers.accepts(name, source):
            applied = f"'{name}' transformer applied on field '{spec.name}'"
            message = f"can't add field transformer: type '{type_name(spec.type)}' is not supported by {applied}"
            raise _error(message, expression.pos)
        return transformers.single(name, source)

    def _multiple(self, expression: Transformer, text: str) -> Extractor:
        args = [self.extractor(arg) for arg in expression.args]
        complaint = _argument_complaint(expression, args)
        if complaint:
            raise _error(complaint, expression.pos)
        if expression.name == "join":
            return transformers.Join(args[0], args[1], text)
        if expression.name == "concat":
            return transformers.Concat(args, text)
        return transformers.GetOpt(args[0], args[1], expression.option, text)

    # Comparisons

    def _comparison(self, node: BinaryCheck, left: Extractor, kind: int, warnings: list[FilterWarning]) -> Predicate:
        try:
            require_operator(node.operator, kind, is_list=left.spec.is_list)
        except OperatorError as error:
            raise _error(str(error), node.pos) from None
        if isinstance(node.right, Transformer):
            return self._pair(node, left, node.right)
        values = constants_of(node.right)
        self._suspect(node, warnings)
        self._require_event_names(node, left, values)
        try:
            return _constant_check(node, left, kind, values)
        except ConstantError as mistake:
            raise _error(str(mistake), node.right.pos) from None

    def _suspect(self, node: BinaryCheck, warnings: list[FilterWarning]) -> None:
        hints = self._hints
        if hints is None:
            hints = self._hints = ConstantHints(self.registry)
        for value in constants_of(node.right):
            warnings.extend(hints.of(node.operator, value, node.right.pos))

    @staticmethod
    def _require_event_names(node: BinaryCheck, left: Extractor, values: list[str]) -> None:
        if left.spec.name != _EVENT_TYPE_FIELD or left.arg is not None:
            return
        for value in values:
            if not is_event_name(value):
                raise _error(f"unknown event type {value}", node.right.pos, UNKNOWN_EVENT, value)

    def _pair(self, node: BinaryCheck, left: Extractor, right_node: Transformer) -> Predicate:
        right = self.extractor(right_node)
        complaint = _pair_complaint(node, left, right)
        if complaint:
            raise _error(complaint, right_node.pos)
        key = (left, node.operator, _PAIR, right)
        made = self._made.get(key)
        if made is None:
            made = make_pair(node.operator, left, right)
            self._made[key] = made
        return made

    def _by_type(self, node: BinaryCheck, left: Extractor, warnings: list[FilterWarning]) -> Predicate:
        """Return a check for every type that the parameter has in some event and that the comparison fits."""
        checks: dict[int, Predicate] = {}
        first: FilterError | None = None
        kinds = self._parameter_types(left.arg or "")
        for kind in kinds:
            try:
                checks[kind] = self._comparison(node, left, kind, warnings if not checks else [])
            except FilterError as error:
                first = first or error
        if first is not None and not checks:
            raise first
        return ByType(left, checks)

    def _parameter_types(self, name: str) -> list[int]:
        types_of = self._types_of_params
        if types_of is None:
            types_of = {}
            for info in EVENTS:
                for param in info.params:
                    kinds = types_of.setdefault(param.name, [])
                    if param.type not in kinds:
                        kinds.append(param.type)
            self._types_of_params = types_of
        return types_of.get(name, [])


def _key(node: AstCheck, left: Extractor, checker: Checker) -> _Key:
    """Return what equal checks have in common; where the order of constants means nothing, it is no difference."""
    if not isinstance(node, BinaryCheck):
        return left, node.operator, "", None
    operator = "=" if node.operator == "==" else node.operator
    right = node.right
    if isinstance(right, ListValue):
        return left, operator, node.modifier, right.members
    if isinstance(right, Value):
        constant = frozenset((right.text,)) if node.modifier or operator in OPERATORS_LIST else right.text
        return left, operator, node.modifier, constant
    # The fields on the right may be another checker's, too.
    return left, operator, expression_text(right) if isinstance(right, Expression) else "", checker


def _exists(field: Extractor) -> Predicate:
    is_many = field.spec.is_list or field.spec.flags & (FF_ANY | FF_EITHER)
    return ListExists(field) if is_many else Exists(field)


def constants_of(node: Node) -> list[str]:
    """Return the constants on a check's right side."""
    if isinstance(node, ListValue):
        return node.values
    return [node.text] if isinstance(node, Value) else []


def _constant_check(node: BinaryCheck, left: Extractor, kind: int, values: list[str]) -> Predicate:
    if node.modifier:
        checks = [make_check(left, kind, node.operator, [value]) for value in values]
        test: Test = AllOf(left, checks) if node.modifier == "allof" else OneOf(left, checks)
    elif isinstance(node.right, ListValue) and kind in TEXT and node.operator in SETS:
        test = text_members(left, node.right.members)
    else:
        test = make_check(left, kind, node.operator, values)
    flags = left.spec.flags
    if flags & FF_WITHIN and isinstance(test, NumberEquals) and isinstance(test.constant, int | float):
        return NumberAtMost(left, test.constant)
    if left.spec.is_list:
        return ListWithin(test) if node.operator == "in" else AnyCandidate(test)
    if flags & FF_EITHER and node.operator == "!=":
        return AllCandidates(test)
    return AnyCandidate(test) if flags & (FF_ANY | FF_EITHER) else test


def _pair_complaint(node: BinaryCheck, left: Extractor, right: Extractor) -> str:
    """Return why two fields cannot be compared, empty when they can."""
    if node.operator in {"pmatch", "regex"}:
        return f"operator '{node.operator.upper()}' doesn't support right-hand side fields"
    left_spec, right_spec = left.spec, right.spec
    if left_spec.type in NETWORK:
        return "field type 'IPNET' doesn't support right-hand side fields"
    if left_spec.flags & (FF_NO_RHS | FF_ANY | FF_EITHER):
        return f"field '{left_spec.name}' doesn't support right-hand side fields"
    if right_spec.flags & (FF_NO_RHS | FF_ANY | FF_EITHER):
        return f"field '{right_spec.name}' can't be used as a right-hand side field"
    if left_spec.type != right_spec.type:
        return (
            f"field '{left_spec.name}' has type '{type_name(left_spec.type)}' while the right-hand side field "
            f"'{right_spec.name}' has incompatible type '{type_name(right_spec.type)}'"
        )
    return ""


def _argument_complaint(expression: Transformer, args: list[Extractor]) -> str:
    """Return why a transformer of several values cannot take its arguments, empty when it can."""
    name = expression.name
    if expression.option is not None and name != "getopt":
        return f"filter error: transformer '{name}' does not support field arguments"
    for arg in args:
        if arg.spec.flags & FF_NO_TRANSFORMER:
            return f"field '{arg.spec.name}' does not support transformers"
    if name == "concat":
        return "" if all(_is_one_text(arg) for arg in args) else "concat() arguments must be strings"
    if len(args) != 2:
        wanted = "separator and list" if name == "join" else "args list and optstring"
        return f"{name}() requires exactly 2 arguments: {wanted}"
    if name == "join":
        return _join_complaint(args)
    return _getopt_complaint(args, expression.option)


def _is_one_text(arg: Extractor) -> bool:
    return type_name(arg.spec.type) == "CHARBUF" and not arg.spec.is_list


def _join_complaint(args: list[Extractor]) -> str:
    if args[0].spec.is_list:
        return "join() first argument (separator) must be a single value, not a list"
    return "" if args[1].spec.is_list else "join() second argument must be a list"


def _getopt_complaint(args: list[Extractor], option: str | None) -> str:
    if not args[0].spec.is_list:
        return "getopt() first argument must be a list"
    if args[1].spec.is_list:
        return "getopt() second argument (optstring) must be a single value"
    if any(type_name(arg.spec.type) != "CHARBUF" for arg in args):
        return "getopt() arguments must be strings"
    if option is not None and len(option) != 1:
        return "getopt() field argument must be a single option character"
    return ""
