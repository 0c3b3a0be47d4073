"""Putting macros in the place of their names, without copying their trees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tercel.filters.ast import And, Identifier, Node, Not, Or, post_order
from tercel.filters.errors import MACRO_LOOP, SEMANTIC, UNKNOWN_MACRO, FilterError

MAX_NODES: Final = 1_000_000  # of a condition with all macros written out
MAX_HEIGHT: Final = 10_000


def macros_used(node: Node) -> list[str]:
    """Return the macro names of a tree, each once, in the order of first use."""
    return [use.name for use in uses_of(node)]


def replace_macros(node: Node, macros: Mapping[str, Node]) -> Node:
    """Return the tree with the macros' trees in the place of their names, recursively.

    Trees are shared, not copied. Raises FilterError for an unknown macro, for one that uses itself, and for a condition
    that would have more than MAX_NODES nodes or MAX_HEIGHT levels if it were written out.
    """
    resolved: dict[str, Node] = {}
    for name in _in_order_of_use(node, macros):
        resolved[name] = substitute(macros[name], resolved)
    return substitute(node, resolved)


def _in_order_of_use(node: Node, macros: Mapping[str, Node]) -> list[str]:
    """Return the macros that a tree needs, each behind those that it uses itself."""
    order: list[str] = []
    done: set[str] = set()
    open_names: set[str] = set()
    stack: list[tuple[Identifier, bool]] = [(use, False) for use in reversed(uses_of(node))]
    while stack:
        use, expanded = stack.pop()
        if expanded:
            open_names.discard(use.name)
            done.add(use.name)
            order.append(use.name)
            continue
        if use.name in done:
            continue
        if use.name in open_names:
            raise _error(f"reference loop in macro '{use.name}'", use, MACRO_LOOP)
        if use.name not in macros:
            raise _error(f"Undefined macro '{use.name}' used in filter.", use, UNKNOWN_MACRO)
        open_names.add(use.name)
        stack.append((use, True))
        stack.extend((inner, False) for inner in reversed(uses_of(macros[use.name])))
    return order


def uses_of(node: Node) -> list[Identifier]:
    """Return the first use of each macro of a tree, from left to right."""
    if not node.has_names:
        return []
    found: dict[str, Identifier] = {}
    for part in post_order(node, named=True):
        if isinstance(part, Identifier):
            found.setdefault(part.name, part)
    return list(found.values())


def _error(message: str, node: Node, kind: str, name: str = "") -> FilterError:
    used = node.name if isinstance(node, Identifier) else name
    return FilterError(message, node.pos.index, node.pos.line, node.pos.column, kind, used)


def substitute(node: Node, resolved: Mapping[str, Node]) -> Node:
    """Return the tree with resolved macros in place; parts without macros are the same objects as before."""
    if not node.has_names:
        return node
    replaced: dict[Node, Node] = {}
    for part in post_order(node, named=True):
        changed = _rebuilt(part, replaced, resolved)
        if changed is part:
            continue
        if changed.size > MAX_NODES:
            raise _error(f"condition expands to more than {MAX_NODES} nodes", part, SEMANTIC)
        if changed.height > MAX_HEIGHT:
            raise _error(f"exceeded max depth limit of {MAX_HEIGHT}", part, SEMANTIC)
        replaced[part] = changed
    return replaced.get(node, node)


def _rebuilt(part: Node, replaced: Mapping[Node, Node], resolved: Mapping[str, Node]) -> Node:
    if isinstance(part, Identifier):
        return resolved[part.name]
    parts = part.parts()
    if not any(child in replaced for child in parts):
        return part
    children = [replaced.get(child, child) for child in parts]
    if isinstance(part, And):
        return And(children, part.pos)
    if isinstance(part, Or):
        return Or(children, part.pos)
    return Not(children[0], part.pos)
