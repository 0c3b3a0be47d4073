"""Conditions for sources that have no entries of calls: what a rule asks of an entry is asked of the exit instead.

Exits carry the parameters of their entries, so that a condition can be answered for both at once: as it stands, and as
if the exit were the entry. `evt.dir = >` holds in that second reading, `evt.dir = <` does not, and a parameter that is
named by its position in the entry is named by its name. One record answers for both, so a rule fires once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tercel.events.event import Event
from tercel.events.table import EVENTS
from tercel.events.types import EF_OLD_VERSION, EF_UNUSED
from tercel.filters.ast import (
    START,
    And,
    BinaryCheck,
    Check,
    Expression,
    Field,
    Items,
    Node,
    Not,
    Or,
    Transformer,
    UnaryCheck,
    Value,
    expressions,
    fields_of,
    post_order,
)
from tercel.filters.filter import Compiler
from tercel.state.context import Context
from tercel.state.machine import Machine

DIRECTION: Final = "evt.dir"
# The field whose argument may be the position of a parameter.
_PARAMETER: Final = "evt.arg"

# What always and never holds; events are numbered from 1, which those who look for event types know.
ALWAYS: Final = BinaryCheck(Field("evt.num", None, START), ">=", "", Value("0", START), START)
NEVER: Final = BinaryCheck(Field("evt.num", None, START), "<", "", Value("0", START), START)


# How a tree asks of the direction: whether it may hold for an entry where it would not for an exit, and its negation.
_WANTS_ENTRY: Final = 1
_NEGATED_WANTS_ENTRY: Final = 2


class ExitConditions:
    """Rewrites the conditions of many rules; trees that stand in several are looked into once."""

    def __init__(self, compiler: Compiler) -> None:
        """Answer checks of the direction with a compiler's predicates."""
        self._compiler: Compiler = compiler
        machine = Machine()
        self._entry: Context = Context(machine, Event(b"", 0, 0, 0, EVENTS[0], 0, -1))
        self._exit: Context = Context(machine, Event(b"", 0, 0, 0, EVENTS[1], 0, -1))
        self._as_entry: dict[Node, Node] = {}
        self._as_exit: dict[Node, Node] = {}
        self._wants: dict[Node, int] = {}

    def rewritten(self, node: Node, event_ids: Iterable[int]) -> Node:
        """Return the condition to ask where exits alone are seen; the same object where nothing has to change.

        `event_ids` are the event types that the condition can hold for: they say which parameter has which position.
        """
        names = entry_names(event_ids) if positions_of(node) else {}
        if not names and not self._asks_entries(node):
            return node
        as_entry = self._read(node, self._entry, {} if names else self._as_entry, names)
        if as_entry is node or as_entry is NEVER:
            return node
        if as_entry is ALWAYS or self._read(node, self._exit, self._as_exit, {}) is NEVER:
            return as_entry
        return Or([as_entry, node], node.pos)

    def _asks_entries(self, node: Node) -> bool:
        """Return whether a condition may hold for an entry and not for an exit that says the same."""
        wants = self._wants
        for part in post_order(node, wants):
            bits = 0
            for child in part.parts():
                bits |= wants[child]
            if isinstance(part, Not):
                bits = (bits & _WANTS_ENTRY) << 1 | bits >> 1
            elif isinstance(part, Check) and _asks_direction_alone(part):
                bits = self._wants_of(part)
            wants[part] = bits
        return wants[node] & _WANTS_ENTRY != 0

    def _wants_of(self, check: Check) -> int:
        predicate = self._compiler.compile(check).predicate
        for_entry = predicate.evaluate(self._entry)
        if for_entry == predicate.evaluate(self._exit):
            return 0
        return _WANTS_ENTRY if for_entry else _NEGATED_WANTS_ENTRY

    def _read(self, node: Node, ctx: Context, known: dict[Node, Node], names: dict[str, str]) -> Node:
        """Return a condition with every check of the direction answered, and positions turned into names."""
        for part in post_order(node, known):
            if isinstance(part, And | Or):
                known[part] = _joined(part, known)
            elif isinstance(part, Not):
                known[part] = _negated(part, known[part.child])
            else:
                known[part] = self._check(part, ctx, names) if isinstance(part, Check) else part
        return known[node]

    def _check(self, check: Check, ctx: Context, names: dict[str, str]) -> Node:
        if _asks_direction_alone(check):
            return ALWAYS if self._compiler.compile(check).matches(ctx) else NEVER
        return _with_names(check, names) if names else check


def _asks_direction_alone(check: Check) -> bool:
    """Return whether the direction decides a check; where other fields do too, the event has to be asked."""
    found = False
    for expression in expressions(check):
        for field in fields_of(expression):
            if field.name != DIRECTION:
                return False
            found = True
    return found


def _joined(part: And | Or, known: dict[Node, Node]) -> Node:
    deciding, neutral = (NEVER, ALWAYS) if isinstance(part, And) else (ALWAYS, NEVER)
    children: list[Node] = []
    changed = False
    for child in part.children:
        found = known[child]
        if found is deciding:
            return deciding
        changed = changed or found is not child
        if found is not neutral:
            children.append(found)
    if not changed:
        return part
    if not children:
        return neutral
    if len(children) == 1:
        return children[0]
    return And(children, part.pos) if isinstance(part, And) else Or(children, part.pos)


def _negated(part: Not, child: Node) -> Node:
    if child is ALWAYS:
        return NEVER
    if child is NEVER:
        return ALWAYS
    return part if child is part.child else Not(child, part.pos)


# Positions in entries


def entry_names(event_ids: Iterable[int]) -> dict[str, str]:
    """Return the names of parameters by their position in the entries of some event types.

    Only positions on which all entries agree, and only those that mean something else in the exit.
    """
    found: dict[str, str] = {}
    unclear: set[str] = set()
    for number in event_ids:
        exit_type = EVENTS[number]
        if exit_type.is_enter or exit_type.flags & (EF_OLD_VERSION | EF_UNUSED):
            continue
        for index, param in enumerate(EVENTS[number - 1].params):
            position = str(index)
            if found.setdefault(position, param.name) != param.name or exit_type.param_index(param.name) < 0:
                unclear.add(position)
    return {position: name for position, name in found.items() if position not in unclear}


def positions_of(node: Node) -> list[str]:
    """Return the fields of a condition that name a parameter by its position, each once."""
    found: dict[str, None] = {}
    for part in post_order(node):
        if isinstance(part, Check):
            for expression in expressions(part):
                for field in fields_of(expression):
                    if _is_position(field):
                        found[field.text] = None
    return list(found)


def _is_position(field: Field) -> bool:
    return field.name == _PARAMETER and field.arg is not None and field.arg.isdecimal()


def _with_names(check: Check, names: dict[str, str]) -> Check:
    left = _named(check.left, names)
    if isinstance(check, UnaryCheck):
        return check if left is check.left else UnaryCheck(left, check.operator, check.pos)
    if not isinstance(check, BinaryCheck):
        return check
    right: Node = check.right
    if isinstance(right, Transformer):
        right = _named(right, names)
    if left is check.left and right is check.right:
        return check
    return BinaryCheck(left, check.operator, check.modifier, right, check.pos)


def _named(expression: Expression, names: dict[str, str]) -> Expression:
    if isinstance(expression, Field):
        name = names.get(str(int(expression.arg or ""))) if _is_position(expression) else None
        return expression if name is None else Field(f"{expression.name}.{name}", None, expression.pos)
    if isinstance(expression, Transformer):
        args = [_named(arg, names) for arg in expression.args]
        if all(new is old for new, old in zip(args, expression.args, strict=True)):
            return expression
        return Transformer(expression.name, args, expression.option, expression.pos)
    if isinstance(expression, Items):
        return Items([_named(item, names) for item in expression.items], expression.pos)
    return expression
