from __future__ import annotations

from tercel.sensor.config_listing import keys_json, keys_markdown, keys_text
from tercel.sensor.config_table import KEYS


def test_every_key_is_in_every_listing() -> None:
    """Text, Markdown and JSON are made from the same table."""
    assert [key["name"] for key in keys_json()] == list(KEYS)
    for name in KEYS:
        assert f"| `{name}` |" in keys_markdown()
        assert f"  {name} (" in keys_text()


def test_what_is_not_built_says_so() -> None:
    """In the words of the listing."""
    line = next(line for line in keys_markdown().splitlines() if line.startswith("| `grpc.enabled` |"))
    assert line.endswith("*(not built yet; gone from Falco 0.44)* |")
