from __future__ import annotations

import pytest

from tercel.filters.ast import Field, Transformer
from tercel.filters.canonical import expression_text
from tercel.filters.errors import FilterError
from tercel.filters.operands import MAX_TRANSFORMER_DEPTH, ExpressionReader


def read(text: str) -> str:
    """Return the text of the expression that a text begins with."""
    return expression_text(ExpressionReader(text).expression())


@pytest.mark.parametrize(
    "text",
    [
        "proc.name",
        "proc.aname[2]",
        "evt.arg.flags",
        "container.mount[/var/*]",
        "tolower(proc.name)",
        "len(tolower(proc.name))",
        'join(",", proc.args)',
        'join("-", (proc.name, fd.name, "x"))',
        'concat(proc.name, "/", toupper(fd.name))',
        'getopt(proc.args, "ab:")[b]',
        'join(",", ())',
    ],
)
def test_expressions_are_read_whole(text: str) -> None:
    """What was read prints as it was written."""
    assert read(text) == text


def test_an_argument_may_be_quoted() -> None:
    """Quotes let it contain brackets."""
    field = ExpressionReader("proc.env['A[1]']").expression()
    assert isinstance(field, Field)
    assert field.arg == "A[1]"


def test_blanks_inside_a_transformer_do_not_count() -> None:
    """Between the name and the parenthesis none may stand."""
    assert read("tolower(  proc.name )") == "tolower(proc.name)"
    assert ExpressionReader("tolower (proc.name)").try_expression() is None


def test_the_right_side_has_val_besides() -> None:
    """On the left `val(` is no transformer."""
    found = ExpressionReader("val( proc.pname )").try_right_expression()
    assert isinstance(found, Transformer)
    assert found.name == "val"
    assert ExpressionReader("val(proc.pname)").try_expression() is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("proc.aname[", "expected a valid field argument: a quoted string or a bare string"),
        ("proc.aname[2", "expected a ']' token"),
        ("tolower(proc.name", "expected a ')' token closing the transformer"),
        ("tolower(proc.name, x", "expected a ')' token closing the transformer"),
        (
            "join(",
            "expected field transformer argument: field, transformer, quoted string, number, or transformer list",
        ),
        ("join(',', (x))", "expected transformer list argument: field, transformer, quoted string, or number"),
        ("join(',', (proc.name", "expected ')'"),
        (
            "name",
            "expected a field or a nested valid transformer: 'val', 'tolower', 'toupper', 'b64', 'basename', 'len'",
        ),
    ],
)
def test_what_is_missing_is_named(text: str, message: str) -> None:
    """Each place has its message."""
    with pytest.raises(FilterError) as error:
        ExpressionReader(text).expression()
    assert error.value.message == message


def test_transformers_nest_only_so_deep() -> None:
    """Reading them recurses, so the depth is bounded."""
    with pytest.raises(FilterError, match="exceeded max depth limit of 100"):
        ExpressionReader("len(" * 5000).expression()
    assert read("len(" * MAX_TRANSFORMER_DEPTH + "proc.name" + ")" * MAX_TRANSFORMER_DEPTH).count("len") == 100
