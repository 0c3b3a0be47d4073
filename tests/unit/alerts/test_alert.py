from __future__ import annotations

from tests.unit.outputs.helpers import alert


def test_a_priority_has_a_name_and_an_alert_shows_its_line() -> None:
    """The name is the long one."""
    made = alert("a line")
    assert made.priority_name == "Warning"
    assert repr(made) == "<Alert a line>"
