"""What the configuration says about which rules are in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tercel.rules.selection import Selection

if TYPE_CHECKING:
    from tercel.sensor.config import Config


def add_configured(selection: Selection, config: Config) -> None:
    """Add the steps of the key `rules`: each entry enables or disables by wildcard or by tag, in order."""
    for item in config.items("rules"):
        if not isinstance(item, dict):
            continue
        for verb, chosen in item.items():
            if verb in {"enable", "disable"} and isinstance(chosen, dict):
                rule, tag = chosen.get("rule"), chosen.get("tag")
                selection.add(
                    verb == "enable",
                    rule if isinstance(rule, str) else "",
                    tag if isinstance(tag, str) else "",
                )
