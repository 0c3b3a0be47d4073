from __future__ import annotations

import pytest

from tercel.filters.ast import And, Node
from tercel.filters.canonical import canonical
from tercel.filters.errors import MACRO_LOOP, UNKNOWN_MACRO, FilterError
from tercel.filters.macros import MAX_HEIGHT, macros_used, replace_macros
from tercel.filters.parser import parse


def trees(**macros: str) -> dict[str, Node]:
    """Return the trees of macros."""
    return {name: parse(text) for name, text in macros.items()}


def test_macros_stand_as_if_in_parentheses() -> None:
    """The tree is put in place, not the text."""
    node = replace_macros(parse("a and not b"), trees(a="c or proc.pid = 1", b="proc.name = x", c="fd.num = 2"))
    assert canonical(node) == "((fd.num = 2 or proc.pid = 1) and not proc.name = x)"


def test_a_tree_without_macros_stays_the_same_object() -> None:
    """What was compiled for it stays valid."""
    node = parse("proc.name = a and fd.num = 1")
    assert replace_macros(node, {}) is node


def test_macros_are_shared_not_copied() -> None:
    """Two uses of a macro are the same tree."""
    node = replace_macros(parse("a and (b or a)"), trees(a="proc.name = x and fd.num = 1", b="proc.pid = 2"))
    assert isinstance(node, And)
    assert node.children[0] is node.children[1].parts()[1]


def test_macro_names_are_listed_in_order() -> None:
    """Each once, with those behind `not` and in parentheses."""
    assert macros_used(parse("b and not (a or b) and proc.name = c")) == ["b", "a"]


def test_an_unknown_macro_is_named_where_it_is_used() -> None:
    """So that the nearest known name can be looked up."""
    with pytest.raises(FilterError) as error:
        replace_macros(parse("proc.pid = 1 and nosuch"), {})
    assert error.value.message == "Undefined macro 'nosuch' used in filter."
    assert (error.value.kind, error.value.name, error.value.index) == (UNKNOWN_MACRO, "nosuch", 17)


@pytest.mark.parametrize("macros", [{"a": "a"}, {"a": "not b", "b": "c or x", "c": "a", "x": "proc.pid = 1"}])
def test_a_macro_that_uses_itself_is_refused(macros: dict[str, str]) -> None:
    """Directly or through others."""
    with pytest.raises(FilterError, match="reference loop in macro 'a'") as error:
        replace_macros(parse("a"), trees(**macros))
    assert error.value.kind == MACRO_LOOP


def test_macros_that_would_fill_the_memory_are_refused() -> None:
    """Each of thirty macros uses the one before twice: a billion nodes if it were written out."""
    macros = trees(m0="proc.pid = 1", **{f"m{k + 1}": f"m{k} or m{k}" for k in range(30)})
    with pytest.raises(FilterError, match="expands to more than 1000000 nodes"):
        replace_macros(parse("m30"), macros)


def test_a_long_chain_of_macros_is_resolved_up_to_a_limit() -> None:
    """Nothing recurses, and beyond the limit there is an error."""
    macros = trees(m0="proc.pid = 1", **{f"m{k + 1}": f"not m{k}" for k in range(MAX_HEIGHT + 5)})
    assert replace_macros(parse("m5000"), macros).height == 5001
    with pytest.raises(FilterError, match="exceeded max depth limit of 10000"):
        replace_macros(parse(f"m{MAX_HEIGHT + 1}"), macros)
