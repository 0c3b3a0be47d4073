from __future__ import annotations

import pytest

from tercel.fields.registry import Registry
from tercel.rules.selection import Selection
from tercel.sensor.config import ConfigError
from tercel.sensor.config_load import config_of_options
from tercel.sensor.setup_rules import add_configured, ignored_events
from tests.unit.filters.world import CTX


def test_entries_become_steps_in_their_order() -> None:
    """Both keys of an entry count; what is no entry is left out."""
    config = config_of_options(
        [
            "rules[].disable.rule=*",
            "rules[].enable={tag: network, rule: Run*}",
            "rules[].nonsense.rule=x",
            "rules[]=text",
        ]
    )
    selection = Selection()
    add_configured(selection, config)
    assert [(step.enable, step.kind, step.pattern) for step in selection.steps] == [
        (False, "wildcard", "*"),
        (True, "wildcard", "Run*"),
        (True, "tag", "network"),
    ]


def test_conditions_of_events_to_ignore_are_compiled() -> None:
    """In their order."""
    config = config_of_options([f"ignore[]=evt.type = {CTX.event.info.name}", "ignore[]=proc.name = nobody"])
    assert [one.matches(CTX) for one in ignored_events(config, Registry.syscall())] == [True, False]


def test_a_condition_that_is_none_is_told_with_its_place() -> None:
    """It would ignore nothing, or everything."""
    config = config_of_options(["ignore[]=evt.type = open", "ignore[]=evt.type = open and fd.nam = x"])
    with pytest.raises(ConfigError, match=r"ignore: condition 2, line 1, column 21: .*fd\.nam"):
        ignored_events(config, Registry.syscall())
