"""A compiled rule."""

from __future__ import annotations

from tests.unit.rules.files import loaded, rule


def test_a_rule_has_what_alerts_need() -> None:
    """Name, source, severity, tags in order, output."""
    (found,) = loaded(rule(name="A B", more="tags: [z, a, z]")).rules
    assert (found.name, found.source, found.priority_name, found.tags) == (
        "A B",
        "syscall",
        "Informational",
        ["a", "z"],
    )
    assert repr(found) == "<Rule A B>"
    assert found.matches == 0
