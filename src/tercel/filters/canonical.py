"""The one text that stands for a tree: every parenthesis shown, constants quoted only where they must be."""

from __future__ import annotations

from tercel.filters.ast import (
    And,
    BinaryCheck,
    Check,
    Expression,
    Field,
    Identifier,
    Items,
    ListValue,
    Node,
    Not,
    Or,
    Transformer,
    Value,
)
from tercel.filters.tokens import argument_text, constant_text, quoted


def canonical(node: Node, *, parsable: bool = False) -> str:
    """Return the text of a condition.

    As Falco writes it, constants with parentheses or commas stand without quotes; with `parsable` they get them, and
    parsing the text gives the same tree again.
    """
    pieces: list[str] = []
    pending: list[Node | str] = [node]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            pieces.append(item)
        elif isinstance(item, And | Or):
            pending.extend(reversed(_joined(item.children, " and " if isinstance(item, And) else " or ")))
        elif isinstance(item, Not):
            # Without parentheses a second `not` would cancel the first one while it is read.
            inner: list[Node | str] = ["(", item.child, ")"] if isinstance(item.child, Not) else [item.child]
            pending.extend(reversed(inner))
            pending.append("not ")
        else:
            pieces.append(check_text(item, parsable=parsable))
    return "".join(pieces)


def _joined(children: list[Node], word: str) -> list[Node | str]:
    items: list[Node | str] = ["("]
    for child in children:
        if len(items) > 1:
            items.append(word)
        items.append(child)
    items.append(")")
    return items


def check_text(node: Node, *, parsable: bool = False) -> str:
    """Return the text of a check or of a macro's name."""
    if isinstance(node, BinaryCheck):
        return f"{expression_text(node.left)} {node.operator_text} {right_text(node.right, parsable=parsable)}"
    if isinstance(node, Check):
        return f"{expression_text(node.left)} {node.operator}"
    return node.name if isinstance(node, Identifier) else ""


def right_text(node: Node, *, parsable: bool = False) -> str:
    """Return the text of a check's right side."""
    if isinstance(node, ListValue):
        return "(" + ", ".join([constant_text(value, parsable=parsable) for value in node.values]) + ")"
    if isinstance(node, Value):
        return node.text if node.is_name else constant_text(node.text, parsable=parsable)
    return expression_text(node) if isinstance(node, Expression) else ""


def expression_text(expression: Expression) -> str:
    """Return the text of a field, a transformer or a constant inside a transformer."""
    if isinstance(expression, Field):
        return expression.name if expression.arg is None else f"{expression.name}[{argument_text(expression.arg)}]"
    if isinstance(expression, Transformer):
        args = ", ".join([expression_text(arg) for arg in expression.args])
        option = "" if expression.option is None else f"[{argument_text(expression.option)}]"
        return f"{expression.name}({args}){option}"
    if isinstance(expression, Items):
        return "(" + ", ".join([expression_text(item) for item in expression.items]) + ")"
    return quoted(expression.text) if isinstance(expression, Value) else ""
