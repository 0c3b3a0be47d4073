"""One alert, complete: what the outputs receive."""

from __future__ import annotations

from tercel.rules.priorities import PRIORITY_NAMES


class Alert:
    """One match of a rule, formatted.

    `line` is what line-oriented outputs write (text or JSON, without the newline); the other attributes serve
    outputs that carry structure. `fields` holds the output's values by the text of the field, ready for JSON.
    """

    __slots__ = ("fields", "hostname", "line", "message", "output", "priority", "rule", "source", "tags", "time_ns")

    def __init__(
        self,
        *,
        time_ns: int,
        rule: str,
        priority: int,
        source: str,
        tags: tuple[str, ...],
        hostname: str,
        output: str,
        message: str,
        fields: dict[str, object],
        line: str,
    ) -> None:
        """Keep the values."""
        self.time_ns = time_ns
        self.rule = rule
        self.priority = priority
        self.source = source
        self.tags = tags
        self.hostname = hostname
        self.output = output
        self.message = message
        self.fields = fields
        self.line = line

    @property
    def priority_name(self) -> str:
        """The priority in its long form, as in alerts: `Informational`."""
        return PRIORITY_NAMES[self.priority]

    def __repr__(self) -> str:
        """Show the alert's line."""
        return f"<Alert {self.line}>"
