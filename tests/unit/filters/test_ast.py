from __future__ import annotations

from tercel.filters.ast import (
    And,
    Check,
    Identifier,
    Node,
    Not,
    fields_used,
    operators_used,
    post_order,
    walk,
)
from tercel.filters.parser import parse


def test_walk_yields_parents_first_and_from_left_to_right() -> None:
    """Whoever lists the parts of a condition sees them in the order of its text."""
    names = [part.name for part in walk(parse("a and (b or not c) and d")) if isinstance(part, Identifier)]
    assert names == ["a", "b", "c", "d"]


def test_post_order_puts_operands_before_what_uses_them() -> None:
    """Every pass over a tree that builds something can rely on it."""
    order = post_order(parse("a and not (b or c)"))
    places = {id(part): index for index, part in enumerate(order)}
    for part in order:
        assert all(places[id(child)] < places[id(part)] for child in part.parts())


def test_a_shared_part_is_visited_once_but_counted_as_often_as_it_is_used() -> None:
    """Macros that use macros must not make the passes slow, yet their size must be known."""
    node: Node = parse("proc.name = cat")
    for _ in range(100):
        node = And([node, node], node.pos)
    assert len(list(walk(node))) == 101
    assert len(post_order(node)) == 101
    assert node.size == (1 << 101) - 1
    assert node.height == 101


def test_fields_and_operators_are_listed_once_in_the_order_of_first_use() -> None:
    """Both sides of a comparison and the arguments of transformers count."""
    node = parse(
        "proc.name = a and proc.aname[2] exists and proc.name in (b) and tolower(fd.name) != val(fd.directory)"
    )
    assert fields_used(node) == ["proc.name", "proc.aname[2]", "fd.name", "fd.directory"]
    assert operators_used(node) == ["=", "exists", "in", "!="]


def test_nodes_know_their_place() -> None:
    """Messages about a part of a condition point at it."""
    node = parse("a and\n  not proc.name = cat")
    check = next(part for part in walk(node) if isinstance(part, Check))
    negation = next(part for part in walk(node) if isinstance(part, Not))
    assert (check.pos.index, check.pos.line, check.pos.column) == (12, 2, 7)
    assert (negation.pos.line, negation.pos.column) == (2, 3)
