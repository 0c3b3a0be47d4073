"""The parts of conditions and what they were written as."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tercel.rules.loader import RuleLoader
from tercel.rules.parts import MAX_DEPTH, MOST_NODES, Part, Parts, conjuncts
from tests.unit.rules.files import loaded, rule
from tests.unit.rules.told import EVERYTHING


def parts(*texts: str) -> Part:
    """Return the parts of the only rule."""
    loader: RuleLoader = loaded(*texts)
    assert loader.successful
    return Parts(loader).of(loader.rules[0])


def line(part: Part) -> int:
    """Return the line on which a part stands."""
    place = part.place
    assert place is not None
    return place.line


def test_parts_know_the_macros_they_come_from() -> None:
    """A macro that is nothing but another macro's name is named first."""
    found = [(item.part.written, item.macros) for item in conjuncts(parts(EVERYTHING))]
    assert found[:3] == [
        ("evt.type = close", ("closed", "closes")),
        ("(proc.name in (readers, more) or proc.name in (nobody))", ("reads",)),
        ("not fd.sport = 22", ()),
    ]


def test_checks_know_the_lists_they_name() -> None:
    """Their items stand in the compiled text, their names in the file."""
    checks = {part.written: part for part in parts(EVERYTHING).walk()}
    readers = checks["proc.name in (readers, more)"]
    assert readers.lists == ("readers",)
    assert readers.text == "proc.name in (cat, less, more)"
    assert checks["proc.name in (nobody)"].lists == ("nobody",)
    assert checks["proc.pid > 10"].lists == ()


def test_exceptions_are_named() -> None:
    """Those without values make no part."""
    names = [(item.part.exception, item.part.kind) for item in conjuncts(parts(EVERYTHING)) if item.part.exception]
    assert names == [("parent", "not"), ("single", "not")]


def test_parts_stand_where_the_file_has_them() -> None:
    """A macro's part stands in the macro, an appended one where it was appended."""
    root = parts(EVERYTHING)
    lines = {part.written: line(part) for part in root.walk()}
    assert lines["evt.type = close"] == 7
    assert lines["proc.name in (readers, more)"] == 11
    assert lines["not fd.sport = 22"] == 16
    assert lines["proc.pid < 5"] == 18
    more = "\n- rule: R\n  condition: and proc.pid = 1\n  override: {condition: append}\n"
    assert [line(part) for part in parts(rule() + more).walk()][1:] == [3, 8]


def test_a_condition_without_parts_is_its_own_conjunct() -> None:
    """So is a disjunction."""
    assert [item.part.text for item in conjuncts(parts(rule("evt.type = open")))] == ["evt.type = open"]
    (whole,) = conjuncts(parts(rule("(evt.type = open or evt.type = close)")))
    assert whole.part.kind == "or"


def test_lists_that_make_the_text_another_condition_cost_the_names_only() -> None:
    """A list may hold what changes the shape of a condition: the compiled tree is shown as it is."""
    text = '- list: odd\n  items: ["a)\\tor\\tproc.name\\tin\\t(b"]\n' + rule(
        "evt.type = open and (proc.name in (odd))"
    )
    root = parts(text)
    assert root.text == "(evt.type = open and (proc.name in (a) or proc.name in (b)))"
    either = root.children[1]
    assert (either.kind, either.place, either.written) == ("or", None, either.text)


def test_a_part_that_is_shared_is_opened_once() -> None:
    """Macros that use macros twice each would else be shown a million times."""
    text = "- macro: m0\n  condition: (evt.type = open or evt.type = close)\n"
    for number in range(1, 15):
        text += f"- macro: m{number}\n  condition: (m{number - 1} and m{number - 1})\n"
    root = parts(text + rule("m14"))
    assert len(list(root.walk())) < 100
    assert root.text == f"({root.node.size} checks and operators)"
    assert root.node.size > MOST_NODES
    assert root.written == "(m13 and m13)"


def test_parts_that_lie_deep_are_folded() -> None:
    """Explanations are made and printed by recursion."""
    text = "evt.type = close"
    for _ in range(2 * MAX_DEPTH):
        text = f"(proc.pid = 1 or (proc.pid = 2 and {text}))"
    found = list(parts(rule(text)).walk())
    assert sum(part.folded for part in found) == 1
    assert len(found) == 2 * MAX_DEPTH + 1


@given(st.recursive(st.sampled_from(["proc.pid = 1", "proc.name exists", "m"]), lambda inner: st.one_of(
    st.builds(lambda a, b: f"({a} and {b})", inner, inner),
    st.builds(lambda a, b: f"({a} or {b})", inner, inner),
    st.builds(lambda a: f"not ({a})", inner),
), max_leaves=8))  # fmt: skip
def test_every_part_of_any_condition_has_its_place(condition: str) -> None:
    """The text and the compiled tree have the same shape, so that no name is missing."""
    text = "- macro: m\n  condition: (fd.num = 1 or fd.num = 2)\n" + rule(f"evt.type = open and {condition}")
    root = parts(text)
    found = list(root.walk())
    assert all(part.place is not None for part in found)
    assert {part.written for part in found if part.text.startswith("fd.num")} <= {"fd.num = 1", "fd.num = 2"}
    assert ("m" in condition.replace("proc.name", "")) == any(part.macros for part in found)
