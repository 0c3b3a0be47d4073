"""The condition language: text → tokens → tree → checks → filter.

    tokens, cursor, operands, parser
                     the text becomes a tree (`ast`); `canonical` turns it back into text
    macros           macro names are replaced by their trees
    check            fields are bound, types and operators checked, constants converted (`operators`, `constants`)
    filter           checks are joined into a filter (`evaluate`, `scalars`, `compare`, `transformers`)
    expressions      the same for a field or transformer alone
    format           output formats, which hold such expressions
    event_types      for which event types a condition can hold
    hints            constants that are probably a mistake

Other rooms use the names below.
"""

from __future__ import annotations

from tercel.filters.canonical import canonical
from tercel.filters.errors import FilterError, FilterWarning
from tercel.filters.event_types import event_types, syscalls_used
from tercel.filters.expressions import compile_expression
from tercel.filters.filter import Compiler, Filter, compile_filter
from tercel.filters.macros import macros_used, replace_macros
from tercel.filters.parser import parse, parse_expression

__all__ = [
    "Compiler",
    "Filter",
    "FilterError",
    "FilterWarning",
    "canonical",
    "compile_expression",
    "compile_filter",
    "event_types",
    "macros_used",
    "parse",
    "parse_expression",
    "replace_macros",
    "syscalls_used",
]
