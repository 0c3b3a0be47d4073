from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.events.table import EVENT_BY_ENUM
from tercel.filters.ast import And, Identifier, Node, Not, Or
from tercel.filters.evaluate import MAX_RECURSION
from tercel.filters.filter import Compiler, compile_filter
from tercel.filters.macros import replace_macros
from tercel.filters.parser import parse
from tests.unit.fields.scene import REGISTRY
from tests.unit.filters.world import CTX, FALSE, MISSING, TRUE, holds

LEAVES = {**dict.fromkeys(TRUE, True), **dict.fromkeys(FALSE + MISSING, False)}


@pytest.mark.parametrize(("condition", "expected"), LEAVES.items())
def test_single_checks_hold_or_not(condition: str, expected: bool) -> None:
    """A missing value makes a check false; only `not` turns that round."""
    assert holds(condition) is expected
    assert holds(f"not {condition}") is not expected


def oracle(node: Node) -> bool:
    """Return what a tree of names says, the names being indexes into the leaves."""
    if isinstance(node, And):
        return all(oracle(child) for child in node.children)
    if isinstance(node, Or):
        return any(oracle(child) for child in node.children)
    if isinstance(node, Not):
        return not oracle(node.child)
    assert isinstance(node, Identifier)
    return list(LEAVES.values())[int(node.name[1:])]


MACROS = {f"m{index}": parse(condition) for index, condition in enumerate(LEAVES)}
TEXT = st.recursive(
    st.sampled_from(list(MACROS)),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: f"({' and '.join(parts)})"),
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: f"({' or '.join(parts)})"),
        inner.map(lambda part: f"not ({part})"),
    ),
    max_leaves=30,
)


@given(TEXT)
def test_any_tree_holds_when_a_plain_evaluation_says_so(text: str) -> None:
    """The judge evaluates the tree of names by the definition of and, or and not."""
    node = parse(text)
    assert compile_filter(replace_macros(node, MACROS), REGISTRY).matches(CTX) is oracle(node)


# Ways to wrap a condition: what stands before and behind it, and whether it is turned round.
WRAPPERS = (
    ("not (", ")", True),
    ("m0 and (", ")", False),
    ("m5 or (", ")", False),
    ("not (m1 and (", "))", True),
    ("(m9 or not (", "))", True),
    ("((", ") and (m2 or m6))", False),
)


@given(st.lists(st.sampled_from(WRAPPERS), min_size=70, max_size=300))
def test_a_deep_tree_holds_when_its_wrappers_say_so(wrappers: list[tuple[str, str, bool]]) -> None:
    """Beyond the depth to which evaluation recurses, the tree is a program."""
    text = "m0"
    expected = True
    for before, behind, turns in wrappers:
        text = f"{before}{text}{behind}"
        expected = expected is not turns
    assert compile_filter(replace_macros(parse(text), MACROS), REGISTRY).matches(CTX) is expected


def test_the_deepest_tree_that_can_be_written_is_compiled_and_evaluated() -> None:
    """A thousand levels with three nodes each, and as many macros one inside the other."""
    deep = "(proc.name = ls or not (proc.name = cat and " * 500 + "proc.pid = 10" + "))" * 500
    assert compile_filter(deep, REGISTRY).matches(CTX) is True
    macros = {"m0": parse("proc.pid = 10"), **{f"m{k + 1}": parse(f"not m{k}") for k in range(9000)}}
    resolved = replace_macros(parse("m9000"), macros)
    assert resolved.height > MAX_RECURSION
    assert compile_filter(resolved, REGISTRY).matches(CTX) is True
    assert compile_filter(Not(resolved, resolved.pos), REGISTRY).matches(CTX) is False


def test_ten_thousand_terms_are_compiled_and_evaluated() -> None:
    """In any shape."""
    terms = [f"proc.name = p{k}" for k in range(10_000)]
    assert not holds(" or ".join(terms))
    assert holds(" and ".join(f"not {term}" for term in terms))
    assert holds("proc.name in (" + ", ".join(f"p{k}" for k in range(10_000)) + ", cat)")


def test_terms_are_asked_from_left_to_right() -> None:
    """Flattening keeps the order."""
    node = parse("proc.name = cat and (proc.pid = 10 and (evt.type = close and proc.name = ls)) and proc.pid = 10")
    assert not compile_filter(node, REGISTRY).matches(CTX)


def test_shared_trees_are_compiled_once() -> None:
    """Thousands of rules that use the same macros cost little."""
    compiler = Compiler(REGISTRY)
    shared = parse("proc.name = cat and proc.pid = 10 or proc.args contains x")
    first = compiler.compile(Not(shared, shared.pos))
    second = compiler.compile(Or([shared, parse("proc.pid = 5")], shared.pos))
    assert not first.matches(CTX)
    assert second.matches(CTX)
    assert compiler.compile(shared).predicate is compiler.compile(shared).predicate


def test_equal_parts_of_conditions_become_one_predicate() -> None:
    """Whether they were written once or in two places."""
    compiler = Compiler(REGISTRY)
    text = "proc.name = cat and (proc.pid = 10 or not proc.args contains x)"
    first, second = compiler.compile(parse(text)), compiler.compile(parse(text))
    assert first.node is not second.node
    assert first.predicate is second.predicate
    assert compiler.compile(parse(f"not ({text})")).predicate is compiler.compile(parse(f"not ({text})")).predicate
    assert compiler.compile(parse("proc.name = cat or proc.pid = 10")).predicate is not first.predicate
    exits = Compiler(REGISTRY.exit_only(), plain=compiler)
    assert exits.compile(parse(text)).predicate is first.predicate


def test_a_filter_tells_what_it_uses() -> None:
    """Fields and operators in the order of the text, event types as numbers, warnings with their places."""
    condition = compile_filter("evt.type = close and proc.aname[2] in (proc.name, x) and not proc.pid > 5", REGISTRY)
    assert condition.fields == ["evt.type", "proc.aname[2]", "proc.pid"]
    assert condition.operators == ["=", "in", ">"]
    assert condition.event_types == {EVENT_BY_ENUM["SYSCALL_CLOSE_E"], EVENT_BY_ENUM["SYSCALL_CLOSE_X"]}
    assert len(condition.syscalls) == 1
    (warning,) = condition.warnings
    assert warning.message == "'proc.name' may be a valid field misused as a const string value"
    assert warning.index == 38


def test_the_warnings_of_a_shared_tree_belong_to_every_filter_that_has_it() -> None:
    """Also to those that were compiled later."""
    compiler = Compiler(REGISTRY)
    shared = parse("proc.name = proc.pname")
    assert len(compiler.compile(shared).warnings) == 1
    assert len(compiler.compile(Not(shared, shared.pos)).warnings) == 1


def test_an_expression_is_bound_beside_the_conditions() -> None:
    """Output formats and exceptions share the compiler's extractors."""
    compiler = Compiler(REGISTRY)
    check = parse("proc.name = x")
    assert compiler.extractor(check.left).extract(CTX) == "cat"  # type: ignore[attr-defined]
