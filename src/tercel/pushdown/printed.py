"""The fields that the alerts of a rule show."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tercel.filters.format import OutputFormat

if TYPE_CHECKING:
    from tercel.alerts.policy import OutputPolicy
    from tercel.fields.base import Extractor
    from tercel.fields.registry import Registry
    from tercel.rules.rule import Rule

# A field by itself; whatever else an output has is left to the output's own compiler.
_PLAIN: Final = re.compile(r"%([a-z][a-z0-9_]*+(?:\.[a-z0-9_]++)*+(?:\[[0-9]++\])?+)(?![\w.\[(])")


class PrintedFields:
    """Tells of many rules which fields their alerts show."""

    def __init__(self, registry: Registry, policy: OutputPolicy) -> None:
        """Take the registry that outputs are compiled with, and what the configuration adds to outputs."""
        self._registry = registry
        self._policy = policy
        self._fields: dict[str, list[Extractor]] = {}

    def of(self, rule: Rule) -> list[Extractor]:
        """Return the fields; a rule without any shows none."""
        found = self._in(rule.output_compiled)
        for name, text in self._policy.extra_fields(rule).items():
            found = found + self._in(f"%{name}" if text is None else text)
        return found

    def _in(self, text: str) -> list[Extractor]:
        names = _PLAIN.findall(text)
        if len(names) != text.count("%"):
            return self._compiled(text)
        return [field for name in names for field in self._plain(name)]

    def _plain(self, name: str) -> list[Extractor]:
        found = self._fields.get(name)
        if found is None:
            found = self._fields[name] = self._compiled(f"%{name}")
        return found

    def _compiled(self, text: str) -> list[Extractor]:
        return [
            field
            for token in OutputFormat(f"*{text.removeprefix('*')}", self._registry).tokens
            for field in (token.extractor, *token.fields)
        ]
