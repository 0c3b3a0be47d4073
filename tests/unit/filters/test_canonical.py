from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.filters.ast import START, And, BinaryCheck, Field, Identifier, ListValue, Node, Not, Or, UnaryCheck, Value
from tercel.filters.canonical import canonical, check_text, expression_text, right_text
from tercel.filters.parser import parse

NAME = st.sampled_from(["proc.name", "fd.name"]).map(lambda name: Field(name, None, START))
LEAF = st.one_of(
    st.sampled_from("abc").map(lambda name: Identifier(name, START)),
    st.builds(lambda left: UnaryCheck(left, "exists", START), NAME),
    st.builds(
        lambda left, operator, value: BinaryCheck(left, operator, "", Value(value, START), START),
        NAME,
        st.sampled_from(["=", "!=", "contains", "glob"]),
        st.text(max_size=8),
    ),
    st.builds(
        lambda left, operator, values: BinaryCheck(left, operator, "", ListValue(values, START), START),
        NAME,
        st.sampled_from(["in", "pmatch", "intersects"]),
        st.lists(st.text(max_size=5), max_size=4),
    ),
    st.builds(
        lambda left, values: BinaryCheck(left, "startswith", "allof", ListValue(values, START), START),
        NAME,
        st.lists(st.text(max_size=5), min_size=1, max_size=4),
    ),
)
TREE: st.SearchStrategy[Node] = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.builds(lambda parts: And(parts, START), st.lists(inner, min_size=2, max_size=4)),
        st.builds(lambda parts: Or(parts, START), st.lists(inner, min_size=2, max_size=4)),
        st.builds(lambda part: Not(part, START), inner),
    ),
    max_leaves=20,
)


@given(TREE)
def test_the_parsable_text_of_any_tree_is_read_back_as_that_tree(tree: Node) -> None:
    """Whatever the constants hold."""
    text = canonical(tree, parsable=True)
    again = parse(text)
    assert canonical(again, parsable=True) == text
    assert again.size == tree.size


def test_every_parenthesis_is_shown() -> None:
    """Precedence needs no thought when the text is read."""
    assert canonical(parse("a or b and not (c or d)")) == "(a or (b and not (c or d)))"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('fd.name in ("/a b", (x))', None),
        ("proc.aname[2] = 'x'", "proc.aname[2] = x"),
        ("proc.env['a b'] != \"=\"", 'proc.env["a b"] != "="'),
        ('evt.arg.data bcontains "00ff"', "evt.arg.data bcontains 00ff"),
    ],
)
def test_checks_are_shown_with_as_few_quotes_as_possible(text: str, shown: str | None) -> None:
    """None marks a text that is none."""
    if shown is not None:
        assert check_text(parse(text)) == shown


def test_the_sides_of_a_check_are_shown_alone() -> None:
    """Messages name one of them."""
    check = parse("len(proc.name) >= 5")
    assert isinstance(check, BinaryCheck)
    assert expression_text(check.left) == "len(proc.name)"
    assert right_text(check.right) == "5"


def test_a_deep_tree_is_shown_without_recursion() -> None:
    """As deep as the parser lets it be."""
    assert canonical(parse("not (a and " * 1000 + "b" + ")" * 1000)).count("not") == 1000
