"""The summary that a run ends with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tercel.rules.priorities import PRIORITY_SHORT

if TYPE_CHECKING:
    from tercel.rules.ruleset import Ruleset


def detection_summary(ruleset: Ruleset) -> str:
    """Return how much was detected, by severity and by rule, in the words that scripts look for."""
    lines = [f"Events detected: {ruleset.detections()}", "Rule counts by severity:"]
    lines += [f"   {PRIORITY_SHORT[priority]}: {count}" for priority, count in ruleset.by_priority().items()]
    lines.append("Triggered rules by rule name:")
    lines += [f"   {name}: {count}" for name, count in ruleset.by_rule().items()]
    return "\n".join(lines) + "\n"
