"""What the configuration says about which rules are in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tercel.filters.errors import FilterError
from tercel.filters.filter import Compiler, Filter, compile_filter
from tercel.rules.selection import Selection
from tercel.sensor.config import ConfigError

if TYPE_CHECKING:
    from tercel.fields.registry import Registry
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


def ignored_events(config: Config, registry: Registry) -> list[Filter]:
    """Return the conditions of the key `ignore`; raises ConfigError for one that cannot be compiled."""
    compiler = Compiler(registry)
    found: list[Filter] = []
    for number, text in enumerate(config.texts("ignore"), 1):
        try:
            found.append(compile_filter(text, registry, compiler))
        except FilterError as error:
            place = f"condition {number}, line {error.line}, column {error.column}"
            raise ConfigError(config.message(f"ignore: {place}: {error}")) from None
    return found
