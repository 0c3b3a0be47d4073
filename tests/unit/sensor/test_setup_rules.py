from __future__ import annotations

from tercel.rules.selection import Selection
from tercel.sensor.config_load import config_of_options
from tercel.sensor.setup_rules import add_configured


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
