"""Modules and functions keep to the sizes that CONTRIBUTING.md promises."""

from __future__ import annotations

import ast
import statistics
from pathlib import Path

from tests.paths import ROOT

HARD_LIMIT = 800
MEDIAN_LIMIT = 170
FUNCTION_LIMIT = 40

MODULES = sorted((ROOT / "src").rglob("*.py"))


def length(path: Path) -> int:
    """Return the number of lines of a file."""
    return len(path.read_text().splitlines())


def body_length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the number of lines of a function below its docstring."""
    first = function.body[1] if ast.get_docstring(function) and len(function.body) > 1 else function.body[0]
    return (function.end_lineno or 0) - first.lineno + 1


def test_no_module_is_longer_than_the_hard_limit() -> None:
    """A module that outgrows the limit is more than one room."""
    assert {str(path): length(path) for path in MODULES if length(path) > HARD_LIMIT} == {}


def test_most_modules_are_small() -> None:
    """Half of the modules with content fit on a few screens."""
    assert statistics.median(length(path) for path in MODULES if path.name != "__init__.py") <= MEDIAN_LIMIT


def test_functions_fit_on_one_screen() -> None:
    """A function that needs scrolling is more than one thing."""
    long = {}
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name == "__init__":
                continue  # the attributes of a value are a list, however long
            if body_length(node) > FUNCTION_LIMIT:
                long[f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"] = body_length(node)
    assert long == {}


def test_every_package_says_what_it_is() -> None:
    """The docstring of a package is the sign on its door."""
    silent = [
        path for path in MODULES if path.name == "__init__.py" and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []
