"""Outputs before they are compiled."""

from __future__ import annotations

from tercel.rules.outputs import completed


def test_the_shorthand_is_replaced_wherever_it_stands() -> None:
    """Other text stays."""
    assert completed("a") == "a"
    assert completed("%container.info|%container.info") == "|".join(
        ["container_id=%container.id container_name=%container.name"] * 2
    )
