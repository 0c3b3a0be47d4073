"""Which macros a macro sees."""

from __future__ import annotations

import pytest

from tercel.filters.parser import parse
from tercel.rules.definitions import MacroDef, SourceText
from tercel.rules.macros import VisibleMacros
from tercel.rules.problems import ProblemContext

CONTEXT = ProblemContext.of_file("f.yaml", "")
TREE = parse("evt.num > 0")


def test_a_macro_sees_those_defined_before_its_latest_definition() -> None:
    """Those that could not be parsed are not there."""
    definitions: dict[str, MacroDef] = {}
    for number, name in enumerate(("a", "b", "c", "d"), start=1):
        definitions[name] = MacroDef(name, SourceText("x", CONTEXT), CONTEXT)
        definitions[name].index = number
    visible = VisibleMacros(dict.fromkeys(("a", "c", "d"), TREE), definitions, 4)
    assert list(visible) == ["a", "c"]
    assert len(visible) == 2
    assert visible["c"] is TREE
    assert "b" not in visible
    with pytest.raises(KeyError):
        visible["d"]
