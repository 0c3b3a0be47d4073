from __future__ import annotations

import pytest

from tercel.filters.ast import START
from tercel.filters.hints import ConstantHints
from tests.unit.fields.scene import REGISTRY

SIMPLER = "may be optimized with simpler operators such as '=', 'contains', 'startswith', 'endswith'"


@pytest.mark.parametrize(
    ("operator", "value", "messages"),
    [
        ("regex", "/etc/.*", [f"regex check with '/etc/.*' {SIMPLER}"]),
        ("regex", "^.*passwd$", []),
        ("regex", ".*passwd$", [f"regex check with '.*passwd$' {SIMPLER}"]),
        ("regex", "a[bc]", []),
        ("regex", "a.*b", []),
        ("=", "proc.pname", ["'proc.pname' may be a valid field misused as a const string value"]),
        ("=", "proc. pname", ["'proc. pname' may be a valid field misused as a const string value"]),
        ("=", "proc.aname[2]", ["'proc.aname[2]' may be a valid field misused as a const string value"]),
        ("=", "/etc/ld.so.conf", []),
        ("=", "no.such", []),
        (
            "=",
            "tolower(proc.pname)",
            ["'tolower(proc.pname)' may be a valid field transformer misused as a const string value"],
        ),
        ("=", "(x)", []),
    ],
)
def test_suspicious_constants_are_named(operator: str, value: str, messages: list[str]) -> None:
    """They work, so these are no errors."""
    assert [hint.message for hint in ConstantHints(REGISTRY).of(operator, value, START)] == messages
