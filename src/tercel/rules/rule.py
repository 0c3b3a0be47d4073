"""A compiled rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tercel.rules.priorities import PRIORITY_NAMES

if TYPE_CHECKING:
    from tercel.filters.ast import Node
    from tercel.filters.filter import Filter
    from tercel.rules.definitions import RuleDef


class Rule:
    """A rule that can be asked whether it matches.

    `output` is as written, `output_compiled` with everything that is appended to it. `enabled` is what the files and
    the selection say, `exit_only` that enter events are not meant by its condition; `matches` counts detections.
    """

    filter: Filter
    condition: Node

    def __init__(self, definition: RuleDef) -> None:
        """Take the definition's values; `finish` adds what compiling the condition gave."""
        self.name: str = definition.name
        self.source: str = definition.source
        self.desc: str = definition.desc
        self.output: str = definition.output
        self.output_compiled: str = definition.output
        self.priority: int = definition.priority
        self.tags: list[str] = definition.tags
        self.enabled: bool = definition.enabled
        self.capture: bool = definition.capture
        self.capture_duration: int = definition.capture_duration
        self.exit_only: bool = definition.exit_only
        self.event_ids: frozenset[int] = frozenset()
        self.matches: int = 0

    def finish(self, condition: Node, compiled: Filter, event_ids: frozenset[int]) -> None:
        """Make the rule able to match."""
        self.condition = condition
        self.filter = compiled
        self.event_ids = event_ids

    @property
    def priority_name(self) -> str:
        """The priority in its long form."""
        return PRIORITY_NAMES[self.priority]

    def __repr__(self) -> str:
        """Return the rule's name, for test reports."""
        return f"<Rule {self.name}>"
