"""Falco 0.40's verdicts on mutated conditions: the same verdict, code and message for every one of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tercel.fields.registry import Registry
from tercel.filters.errors import MACRO_LOOP, UNKNOWN_MACRO, FilterError
from tercel.filters.filter import compile_filter
from tercel.filters.macros import replace_macros
from tercel.filters.parser import parse
from tests.paths import SHARED

pytestmark = pytest.mark.compat

REGISTRY = Registry.syscall()
CODES = {UNKNOWN_MACRO: "LOAD_ERR_VALIDATE", MACRO_LOOP: "LOAD_ERR_VALIDATE"}


def verdict(condition: str) -> tuple[bool, str | None, str | None]:
    """Return whether a condition is valid, else the code and message of its error."""
    try:
        compile_filter(replace_macros(parse(condition), {}), REGISTRY)
    except FilterError as error:
        return False, CODES.get(error.kind, "LOAD_ERR_COMPILE_CONDITION"), error.message
    return True, None, None


def cases() -> list[dict[str, Any]]:
    """Return the recorded verdicts."""
    path = SHARED / "compat" / "condition-verdicts.json"
    found: list[dict[str, Any]] = json.loads(path.read_text()) if path.is_file() else []
    return found


def test_every_mutated_condition_gets_the_recorded_verdict() -> None:
    """Valid or not, and if not with the recorded code and message."""
    recorded = cases()
    different = [
        (case["condition"], found)
        for case in recorded
        if (found := verdict(case["condition"])) != (case["valid"], case["code"], case["message"])
    ]
    assert different == []
    assert len(recorded) == 250
