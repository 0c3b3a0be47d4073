"""Values as explanations show them."""

from __future__ import annotations

import pytest

from tercel.rules.values import FieldValue, field_value, quoted, visible
from tests.unit.fields.scene import REGISTRY, Scene
from tests.unit.filters.world import cat_closes


def value(field: str) -> FieldValue:
    """Return a field's value of the event in which cat closes a file."""
    return field_value(REGISTRY.bind(field), cat_closes())


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ("proc.name", 'proc.name is "cat"'),
        ("proc.pid", "proc.pid is 10 (INT64)"),
        ("fd.sport", "fd.sport is <NA>"),
        ("evt.rawarg.res", "evt.rawarg.res is 0 (ERRNO)"),
    ],
)
def test_a_value_is_shown_as_it_is_compared(field: str, sentence: str) -> None:
    """Texts in quotes, numbers with their type, missing values as such."""
    assert value(field).sentence(with_type=True) == sentence


def test_the_type_is_named_where_it_is_asked_for() -> None:
    """Where a check holds it explains nothing."""
    assert value("proc.pid").sentence(with_type=False) == "proc.pid is 10"


def test_values_have_a_form_for_programs() -> None:
    """A missing value is null."""
    assert value("proc.pid").as_json() == {"field": "proc.pid", "type": "INT64", "value": 10}
    assert value("fd.sport").as_json() == {"field": "fd.sport", "type": "PORT", "value": None}


def test_a_value_that_remembers_says_so() -> None:
    """Asked out of turn it would be another one."""
    assert value("evt.deltatime").note == "depends on the events asked about before"


def test_candidates_are_shown_as_such() -> None:
    """A comparison holds when it holds for one of them; what is printed is something else."""
    scene = Scene()
    scene.thread(1, comm="init")
    child = scene.thread(10, comm="cat", ptid=1)
    scene.show("SYSCALL_CLOSE_X", 0, thread=child)
    assert field_value(REGISTRY.bind("proc.aname"), scene.ctx).text == 'any of ("init")'


def test_what_cannot_be_decoded_is_missing_with_a_reason() -> None:
    """The event is broken, not the rule."""
    scene = Scene()
    thread = scene.thread(10)
    ctx = scene.show("SYSCALL_CLOSE_X", bytes(9), thread=thread)
    found = field_value(REGISTRY.bind("evt.rawarg.res"), ctx)
    assert found.is_missing
    assert found.note.startswith("cannot be decoded: ")
    assert ctx.malformed is None


def test_texts_are_shown_so_that_nothing_hides_in_them() -> None:
    """Blanks at the end, quotes, control characters, bytes that are no text."""
    assert quoted('a "b"\n\x1b[0m ') == '"a \\"b\\"\\n\\x1b[0m "'
    assert quoted("\udcff\u202e\U000e0001") == '"\\xff\\u202e\\U000e0001"'
    assert quoted("x" * 200) == f'"{"x" * 120}" and 80 characters more'
    assert visible("a\x1bb\tc") == "a\\x1bb\\tc"
    assert visible('plain "text"') == 'plain "text"'
