from __future__ import annotations

import pytest

from tercel.engine.atoms import Atoms
from tercel.filters.evaluate import All, Check, Negation, Predicate, Program
from tercel.filters.filter import Compiler
from tercel.filters.parser import parse
from tests.unit.fields.scene import REGISTRY


def predicates(*conditions: str) -> list[Predicate]:
    """Return the predicates of conditions that share what they have in common."""
    compiler = Compiler(REGISTRY)
    return [compiler.compile(parse(text)).predicate for text in conditions]


def checks_of(predicate: Predicate) -> list[Check]:
    """Return the terms of a conjunction of checks."""
    assert isinstance(predicate, All)
    return [term for term in predicate.terms if isinstance(term, Check)]


def test_checks_are_numbered_once() -> None:
    """Wherever they stand, in however many rules."""
    first, second = predicates("proc.name = a and fd.num > 3", "not proc.name = a or (proc.name = b and fd.num > 3)")
    atoms = Atoms([first, second])
    name, number = checks_of(first)
    assert {atoms.number(name), atoms.number(number)} == {0, 1}
    assert len(atoms.matchers) == 2
    assert atoms.matcher(name.field).ask("a").truths == {atoms.number(name)}
    assert atoms.matcher(name.field).ask("b").truths == {2}
    assert atoms.matcher(number.field).ask(4).truths == {atoms.number(number)}


def test_a_field_has_one_matcher() -> None:
    """Made when it is asked for, if no check is about the field."""
    (predicate,) = predicates("proc.name = a and proc.name = b")
    field = checks_of(predicate)[0].field
    atoms = Atoms([predicate])
    assert atoms.matcher(field) is atoms.matcher(field)
    other = REGISTRY.bind("proc.pid")
    assert atoms.matcher(other).ask(3) is atoms.matcher(other).missing


DEEP = "proc.name = a"
for _level in range(70):
    DEEP = f"proc.pid = {_level} {'and' if _level % 2 else 'or'} ({DEEP})"


@pytest.mark.parametrize(
    ("condition", "remembers"),
    [
        ("evt.deltatime > 3", True),
        ("not evt.deltatime exists", True),
        ("proc.name = a and (proc.pid = 1 or not evt.deltatime.s = 0)", True),
        ("evt.latency = val(evt.deltatime)", True),
        ("evt.deltatime = val(evt.latency)", True),
        ("len(evt.latency.human) = 3", True),
        (DEEP, False),
        (f"evt.deltatime = 1 or ({DEEP})", True),
        ("evt.latency > 3 and proc.name = val(proc.pname)", False),
        ("evt.rawarg.fd = 3", False),
    ],
)
def test_it_is_known_what_depends_on_earlier_events(condition: str, remembers: bool) -> None:
    """Some field of the condition, however deep it stands."""
    (predicate,) = predicates(condition)
    atoms = Atoms([predicate])
    assert atoms.remembers(predicate) is remembers
    assert atoms.remembers(predicate) is remembers
    assert atoms.remembers(Negation(predicate)) is remembers


def test_deep_trees_are_asked_as_they_are() -> None:
    """What they are made of has no checks of its own."""
    (predicate,) = predicates(DEEP)
    assert isinstance(predicate, Program)
    assert Atoms([predicate]).matchers == {}
