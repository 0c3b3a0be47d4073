"""The filter parser under arbitrary bytes: `one_input(data)`, for any fuzzer and for `python -m tests.fuzz filter`.

Bytes are parsed as a condition, printed, parsed again, compiled, asked for the event types that it can match, and
evaluated for one event. Nothing but FilterError may be raised on the way, and the printed text must mean the same.
"""

from __future__ import annotations

from tercel.fields.registry import Registry
from tercel.filters.canonical import canonical
from tercel.filters.errors import FilterError
from tercel.filters.expressions import compile_expression
from tercel.filters.filter import compile_filter
from tercel.filters.macros import macros_used, replace_macros
from tercel.filters.parser import parse
from tests.unit.filters.world import CTX

REGISTRY = Registry.syscall()
MACRO = parse("proc.name = cat or evt.dir = <")


def one_input(data: bytes) -> None:
    """Try one input."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        compile_expression(text, REGISTRY).extract(CTX)
    except FilterError:
        pass
    try:
        node = parse(text)
    except FilterError:
        return
    printed = canonical(node, parsable=True)
    assert canonical(parse(printed), parsable=True) == printed
    canonical(node)
    try:
        whole = replace_macros(node, dict.fromkeys(macros_used(node), MACRO))
        condition = compile_filter(whole, REGISTRY)
        kinds = condition.event_types
    except FilterError:
        return
    if condition.matches(CTX):
        assert CTX.event.type in kinds
