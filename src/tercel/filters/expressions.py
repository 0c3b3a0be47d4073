"""Fields and transformers outside conditions: in output formats and in the fields of exceptions."""

from __future__ import annotations

from tercel.fields.base import Extractor
from tercel.fields.registry import Registry
from tercel.filters.ast import Expression
from tercel.filters.check import Checker
from tercel.filters.errors import FilterError
from tercel.filters.parser import parse_expression


def compile_expression(expression: str | Expression, registry: Registry) -> Extractor:
    """Return the extractor of a field or transformer, given as its whole text or as a tree, or raise FilterError."""
    if isinstance(expression, Expression):
        return Checker(registry).extractor(expression)
    tree, end = parse_expression(expression)
    if end != len(expression):
        msg = f"unexpected token after '{expression[:end]}'"
        raise FilterError(msg, end, 1, end + 1)
    return Checker(registry).extractor(tree)
