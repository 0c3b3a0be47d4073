"""Rules where exits of calls are all that is seen, as with the probe: what rules ask of entries, exits answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tercel.filters.direction import ExitConditions, positions_of
from tercel.filters.filter import Compiler
from tercel.rules.definitions import SYSCALL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tercel.fields.registry import Registry
    from tercel.rules.caches import Examined, TreeCache
    from tercel.rules.rule import Rule

_NOTHING: Final[frozenset[int]] = frozenset()


class ExitRules:
    """Conditions that stand in for those of rules.

    `stand_ins` has the rules whose conditions ask something of entries, each with what is to be asked instead; all
    other rules stay as they are. `notes` are remarks on rules that cannot see all that they ask for.
    """

    def __init__(self, rules: Iterable[Rule], cache: TreeCache, registry: Registry) -> None:
        """Rewrite and compile; rules of other sources than system calls know no directions."""
        self.stand_ins: dict[Rule, Examined] = {}
        self.notes: list[tuple[Rule, str]] = []
        conditions = ExitConditions(Compiler(registry))
        for rule in rules:
            if rule.source == SYSCALL:
                self._add(rule, conditions, cache)

    def _add(self, rule: Rule, conditions: ExitConditions, cache: TreeCache) -> None:
        # Where a rule knows exits only, positions of parameters are those of the exit.
        node = conditions.rewritten(rule.condition, _NOTHING if rule.exit_only else rule.event_ids)
        if node is not rule.condition:
            self.stand_ins[rule] = cache.examine(node, rule.source, exit_only=rule.exit_only)
        elif not rule.exit_only:
            self._note_positions(rule)

    def _note_positions(self, rule: Rule) -> None:
        fields = positions_of(rule.condition)
        if fields:
            text = ", ".join(fields)
            note = f"rule '{rule.name}': {text} is a parameter of the exit where entries are not seen"
            self.notes.append((rule, note))
