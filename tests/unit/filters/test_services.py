from __future__ import annotations

import pytest

from tercel.filters.services import port_of


@pytest.mark.parametrize(
    ("name", "port"), [("http", 80), ("ssh", 22), ("https", 443), ("domain", 53), ("nosuch", None)]
)
def test_ports_have_names(name: str, port: int | None) -> None:
    """The same names on every machine."""
    assert port_of(name) == port
