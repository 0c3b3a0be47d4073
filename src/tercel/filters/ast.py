"""The tree of a condition.

Boolean nodes: `And`, `Or`, `Not`, `Identifier` (a macro's name). Checks: `UnaryCheck`, `BinaryCheck`, with a `Field` or
`Transformer` on the left and a `Value`, `ListValue` or `Transformer` on the right. Nodes are never changed once made,
so that trees may share parts: a macro's tree stands in every condition that uses it. `size` and `height` count a
shared part as often as it is used.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Final

from mypy_extensions import i32

OPERATORS_NUMERIC: Final[tuple[str, ...]] = ("<=", "<", ">=", ">")
OPERATORS_TEXT: Final[tuple[str, ...]] = (
    "==",
    "=",
    "!=",
    "glob",
    "iglob",
    "contains",
    "icontains",
    "bcontains",
    "startswith",
    "bstartswith",
    "endswith",
    "regex",
)
OPERATORS_LIST: Final[tuple[str, ...]] = ("intersects", "in", "pmatch")
OPERATORS: Final[tuple[str, ...]] = ("exists", *OPERATORS_NUMERIC, *OPERATORS_TEXT, *OPERATORS_LIST)
MODIFIERS: Final[tuple[str, ...]] = ("oneof", "anyof", "allof")

# Transformers of one value, which Falco names in its messages, and those of several values.
TRANSFORMERS_SINGLE: Final[tuple[str, ...]] = ("tolower", "toupper", "b64", "basename", "len")
TRANSFORMERS_MULTIPLE: Final[tuple[str, ...]] = ("join", "concat", "getopt")


class Position:
    """A place in a condition's text: `index` from 0, `line` and `column` from 1."""

    def __init__(self, index: i32, line: i32, column: i32) -> None:
        """Keep the numbers."""
        self.index: i32 = index
        self.line: i32 = line
        self.column: i32 = column


START: Final = Position(0, 1, 1)


class Node:
    """A part of a condition; `size` counts the nodes of its tree, `height` the levels, `has_names` tells of macros."""

    def __init__(self, pos: Position) -> None:
        """Place a leaf; inner nodes set their own size and height."""
        self._index: i32 = pos.index
        self._line: i32 = pos.line
        self._column: i32 = pos.column
        self.height: i32 = 1
        self.size: int = 1
        self.has_names: bool = False

    @property
    def pos(self) -> Position:
        """Where the part begins in the condition's text."""
        return Position(self._index, self._line, self._column)

    def parts(self) -> list[Node]:
        """Return the boolean operands of this node; a check and an identifier have none."""
        return []


class _Junction(Node):
    def __init__(self, children: list[Node], pos: Position) -> None:
        super().__init__(pos)
        self.children: list[Node] = children
        size = 1
        height: i32 = 0
        has_names = False
        for child in children:
            size += child.size
            height = max(height, child.height)
            has_names = has_names or child.has_names
        self.size = size
        self.height = height + 1
        self.has_names = has_names

    def parts(self) -> list[Node]:
        """Return the operands."""
        return self.children


class And(_Junction):
    """All operands hold."""


class Or(_Junction):
    """At least one operand holds."""


class Not(Node):
    """The operand does not hold."""

    def __init__(self, child: Node, pos: Position) -> None:
        """Negate a tree."""
        super().__init__(pos)
        self.child: Node = child
        self.size = child.size + 1
        self.height = child.height + 1
        self.has_names = child.has_names

    def parts(self) -> list[Node]:
        """Return the operand."""
        return [self.child]


class Identifier(Node):
    """A macro's name in the place of a condition."""

    def __init__(self, name: str, pos: Position) -> None:
        """Refer to the macro `name`."""
        super().__init__(pos)
        self.name: str = name
        self.has_names = True


class Expression(Node):
    """Something with a value: a field, or a transformer's result."""


class Field(Expression):
    """A field with the argument in its brackets, or None."""

    def __init__(self, name: str, arg: str | None, pos: Position) -> None:
        """Refer to the field `name`."""
        super().__init__(pos)
        self.name: str = name
        self.arg: str | None = arg

    @property
    def text(self) -> str:
        """The field as users write it and as JSON keys name it."""
        return self.name if self.arg is None else f"{self.name}[{self.arg}]"


class Value(Expression):
    """A constant; `is_name` when it was written as a bare identifier where a list belongs (a list's name)."""

    def __init__(self, text: str, pos: Position, *, is_name: bool = False) -> None:
        """Keep the constant's text, escapes already resolved."""
        super().__init__(pos)
        self.text: str = text
        self.is_name: bool = is_name


class Items(Expression):
    """A parenthesised list of values inside a transformer's arguments."""

    def __init__(self, items: list[Expression], pos: Position) -> None:
        """Keep the values."""
        super().__init__(pos)
        self.items: list[Expression] = items


class Transformer(Expression):
    """A function of values: `tolower(proc.name)`; `option` is the argument in brackets behind `getopt(…)`."""

    def __init__(self, name: str, args: list[Expression], option: str | None, pos: Position) -> None:
        """Apply `name` to the arguments."""
        super().__init__(pos)
        self.name: str = name
        self.args: list[Expression] = args
        self.option: str | None = option


class ListValue(Node):
    """A list of constants; `members` is the set of them. Lists that are written alike may share both."""

    def __init__(self, values: list[str], pos: Position, members: frozenset[str] | None = None) -> None:
        """Keep the constants' texts."""
        super().__init__(pos)
        self.values: list[str] = values
        self.members: frozenset[str] = frozenset(values) if members is None else members


class Check(Node):
    """A question to one event: the expression on the left and the operator."""

    def __init__(self, left: Expression, operator: str, pos: Position) -> None:
        """Ask `operator` of `left`."""
        super().__init__(pos)
        self.left: Expression = left
        self.operator: str = operator


class UnaryCheck(Check):
    """`left exists`."""


class BinaryCheck(Check):
    """`left operator [modifier] right`."""

    def __init__(self, left: Expression, operator: str, modifier: str, right: Node, pos: Position) -> None:
        """Compare `left` with `right`; `modifier` is empty or one of MODIFIERS."""
        super().__init__(left, operator, pos)
        self.modifier: str = modifier
        self.right: Node = right

    @property
    def operator_text(self) -> str:
        """The operator with its modifier."""
        return f"{self.operator} {self.modifier}" if self.modifier else self.operator


def walk(node: Node) -> Iterator[Node]:
    """Yield the boolean nodes and checks of a tree from left to right, each shared part once, parents first."""
    seen: set[Node] = set()
    stack = [node]
    while stack:
        current = stack.pop()
        if current in seen:
            continue
        seen.add(current)
        yield current
        stack.extend(reversed(current.parts()))


def post_order(node: Node, known: Container[Node] = (), *, named: bool = False) -> list[Node]:
    """Return the boolean nodes and checks of a tree, each shared part once, operands before what uses them.

    Parts that are `known` are left out, and so is what is only in them; with `named` also those that use no macro.
    """
    done: set[Node] = set()
    order: list[Node] = []
    stack: list[Node | None] = [node]  # None stands before a node whose operands have been visited
    while stack:
        current = stack.pop()
        if current is None:
            complete = stack.pop()
            if complete is not None and complete not in done:
                done.add(complete)
                order.append(complete)
            continue
        if current in done or current in known:
            continue
        parts = current.parts()
        if named:
            parts = [part for part in parts if part.has_names]
        if parts:
            stack += (current, None)
            stack += reversed(parts)
        else:
            done.add(current)
            order.append(current)
    return order


def expressions(check: Check) -> list[Expression]:
    """Return the expressions of a check's sides: a right side of constants is left out."""
    if isinstance(check, BinaryCheck) and isinstance(check.right, Transformer):
        return [check.left, check.right]
    return [check.left]


def fields_of(expression: Expression) -> list[Field]:
    """Return the fields inside an expression from left to right."""
    found: list[Field] = []
    stack: list[Expression] = [expression]
    while stack:
        current = stack.pop()
        if isinstance(current, Field):
            found.append(current)
        elif isinstance(current, Transformer):
            stack.extend(reversed(current.args))
        elif isinstance(current, Items):
            stack.extend(reversed(current.items))
    return found


def fields_used(node: Node) -> list[str]:
    """Return the fields of a condition with their arguments, each once, in the order of first use."""
    found: dict[str, None] = {}
    for part in walk(node):
        if isinstance(part, Check):
            for expression in expressions(part):
                for field in fields_of(expression):
                    found[field.text] = None
    return list(found)


def operators_used(node: Node) -> list[str]:
    """Return the operators of a condition, each once, in the order of first use."""
    found: dict[str, None] = {}
    for part in walk(node):
        if isinstance(part, Check):
            found[part.operator] = None
    return list(found)
