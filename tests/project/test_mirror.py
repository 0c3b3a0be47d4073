"""The unit tests mirror the sources: src/tercel/ROOM/MODULE.py is tested by tests/unit/ROOM/test_MODULE.py."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.paths import ROOT

SOURCE = ROOT / "src" / "tercel"
UNIT = ROOT / "tests" / "unit"

# Tests of several modules together, each for a reason that its docstring gives.
TOGETHER: set[str] = {"fields/test_hand_worked.py"}


def mirror_of(module: Path) -> Path:
    """Return where a module's tests are."""
    return UNIT / module.parent.relative_to(SOURCE) / f"test_{module.stem.strip('_')}.py"


def has_code(module: Path) -> bool:
    """Return whether a module has a function, and so something that can be wrong."""
    return any(isinstance(node, ast.FunctionDef) for node in ast.walk(ast.parse(module.read_text())))


MODULES = [path for path in sorted(SOURCE.rglob("*.py")) if path.name not in {"__init__.py", "__main__.py"}]


def test_every_module_has_its_tests() -> None:
    """Whoever opens a module knows where its tests are."""
    missing = [str(path.relative_to(ROOT)) for path in MODULES if has_code(path) and not mirror_of(path).is_file()]
    assert missing == []


def test_every_unit_test_belongs_to_a_module() -> None:
    """A test file whose module has gone or was renamed is found."""
    known = {mirror_of(path) for path in MODULES} | {UNIT / name for name in TOGETHER}
    strays = [str(path.relative_to(ROOT)) for path in sorted(UNIT.rglob("test_*.py")) if path not in known]
    assert strays == []
