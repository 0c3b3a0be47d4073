from __future__ import annotations

import pytest

from tercel.filters.errors import FilterError
from tercel.filters.expressions import compile_expression
from tercel.filters.parser import parse_expression
from tests.unit.fields.scene import REGISTRY
from tests.unit.filters.world import CTX


@pytest.mark.parametrize(
    ("text", "value", "shown"),
    [
        ("proc.name", "cat", "cat"),
        ("toupper(proc.name)", "CAT", "CAT"),
        ("len(proc.name)", 3, "3"),
        ("concat(proc.name, '-', proc.name)", "cat-cat", "cat-cat"),
        ("join('+', (proc.name, proc.name))", "cat+cat", "cat+cat"),
        ("getopt((proc.name, '-a'), 'a')", [], None),
    ],
)
def test_fields_and_transformers_stand_alone(text: str, value: object, shown: str | None) -> None:
    """What they give can be compared and printed."""
    found = compile_expression(text, REGISTRY)
    assert found.extract(CTX) == value
    if shown is not None:
        assert found.shown(CTX) == shown


def test_the_text_of_a_transformer_is_its_name_in_json() -> None:
    """As written, blanks apart."""
    assert compile_expression("tolower( proc.name )", REGISTRY).text == "tolower(proc.name)"


def test_a_tree_is_bound_as_well() -> None:
    """Whoever has parsed it already need not print it first."""
    tree, _ = parse_expression("proc.name")
    assert compile_expression(tree, REGISTRY).extract(CTX) == "cat"


@pytest.mark.parametrize("text", ["", "name", "proc.name x", "proc.nosuch", "tolower(proc.pid)"])
def test_anything_else_is_refused(text: str) -> None:
    """With an error of this room."""
    with pytest.raises(FilterError):
        compile_expression(text, REGISTRY)
