"""Which system calls a live sensor captures: those that the rules are about, and those that the state needs.

`base_syscalls` of the configuration changes the second part; its meaning, and the order of the steps, are Falco's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from tercel.events.names import syscall_name, syscall_numbers, syscalls
from tercel.events.syscall_sets import (
    CONSTANT,
    PROCESS_EXIT,
    STATE,
    calls_named,
    calls_of_events,
    ignored_calls,
    native_numbers,
    repaired,
    syscall_set,
)
from tercel.events.table import EVENT_BY_ENUM, EVENT_IDS
from tercel.filters.event_types import syscalls_used
from tercel.rules.compiler import MANY_EVENT_TYPES
from tercel.rules.definitions import SYSCALL
from tercel.sensor.config import ConfigError, suggestion

if TYPE_CHECKING:
    from tercel.rules.rule import Rule
    from tercel.rules.ruleset import Ruleset
    from tercel.sensor.config import Config

_CUSTOM: Final = "base_syscalls.custom_set"
_GENERIC: Final = frozenset({EVENT_BY_ENUM["GENERIC_E"], EVENT_BY_ENUM["GENERIC_X"]})
_NONE: Final[frozenset[str]] = frozenset()
# Rules that a warning names, at most.
_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Selection:
    """The calls to capture, by name, and how they were chosen.

    `by_rules` are those that rules are about, `for_state` those captured besides, `added` and `removed` what
    `base_syscalls.custom_set` names, `ignored` the high-volume calls that were wanted and are left out. `repaired`
    says where `for_state` comes from. `warnings` name rules that will not see all of their calls.
    """

    captured: frozenset[str]
    by_rules: frozenset[str]
    for_state: frozenset[str]
    ignored: frozenset[str]
    added: frozenset[str] = _NONE
    removed: frozenset[str] = _NONE
    repaired: bool = False
    warnings: tuple[str, ...] = ()

    def numbers(self, arch: str) -> frozenset[int]:
        """Return the numbers that the captured calls have on an architecture."""
        return native_numbers(self.captured, arch)

    def log_lines(self) -> list[str]:
        """Return what belongs into the log, from the rules to the final set; empty parts are left out."""
        state = "repaired syscalls" if self.repaired else "syscalls added (Falco's state engine set of syscalls)"
        if self.added and not self.repaired:
            state = "syscalls added (base_syscalls override)"
        parts = (
            ("syscalls in rules", self.by_rules),
            (state, self.for_state),
            ("syscalls removed (base_syscalls override)", self.removed),
            ("ignored syscalls (-> activate via `-A` flag)", self.ignored),
            ("syscalls selected in total (final set)", self.captured),
        )
        return [f"({len(names)}) {text}: {', '.join(sorted(names))}" for text, names in parts if names]


def select(ruleset: Ruleset, config: Config) -> Selection:
    """Return the calls to capture for the enabled rules; raises ConfigError for a name that no call has."""
    wanted = {rule.name: calls_of_rule(rule, ruleset) for rule in ruleset.rules if _counts(rule)}
    by_rules = _NONE.union(*wanted.values())
    added, removed = _custom_set(config)
    repair = config.flag("base_syscalls.repair")
    chosen = repaired(by_rules) if repair and not added else by_rules | (added or syscall_set(STATE))
    chosen -= removed
    ignored = _NONE if config.flag("base_syscalls.all") else chosen & ignored_calls()
    chosen -= ignored
    if repair and (added or removed):
        chosen = repaired(chosen)
    captured = chosen | {PROCESS_EXIT}
    return Selection(
        captured=captured,
        by_rules=by_rules,
        for_state=captured - by_rules,
        ignored=ignored,
        added=added,
        removed=removed,
        repaired=repair,
        warnings=tuple(_warnings(wanted, captured, ignored)),
    )


def calls_of_rule(rule: Rule, ruleset: Ruleset) -> frozenset[str]:
    """Return the calls that a rule is about: those of its event types, and generic ones by their own names."""
    event_ids = ruleset.ids_of(rule)
    calls = _calls_of_types(event_ids)
    if event_ids.isdisjoint(_GENERIC):
        return calls
    table = syscalls()
    used = syscalls_used(ruleset.filter_of(rule).node)
    return calls | {syscall_name(number) for number in used if number and table[number].is_generic}


@lru_cache(maxsize=256)
def _calls_of_types(event_ids: frozenset[int]) -> frozenset[str]:
    """Return the calls of event types; most rules are about the types of others."""
    calls = calls_of_events(event_ids)
    # A rule that names no event does not mean those that never end.
    return calls - CONSTANT if len(event_ids) > MANY_EVENT_TYPES else calls


def _counts(rule: Rule) -> bool:
    return rule.enabled and rule.source == SYSCALL


def _custom_set(config: Config) -> tuple[frozenset[str], frozenset[str]]:
    """Return the calls that `base_syscalls.custom_set` adds, and those that it takes away."""
    added: set[str] = set()
    removed: set[str] = set()
    for item in config.items(_CUSTOM):
        if not isinstance(item, str):
            raise ConfigError(
                config.message(f"{_CUSTOM} takes names of system calls, with '!' before those to leave out")
            )
        name = item.strip()
        is_negative = name.startswith("!")
        name = name.removeprefix("!").strip()
        calls = calls_named(name)
        if not calls:
            near = suggestion(name, [*syscall_numbers(), *EVENT_IDS])
            raise ConfigError(config.message(f"{_CUSTOM}: no system call is called '{name}'.{near}"))
        (removed if is_negative else added).update(calls)
    return frozenset(added), frozenset(removed)


def _warnings(wanted: dict[str, frozenset[str]], captured: frozenset[str], ignored: frozenset[str]) -> list[str]:
    """Return a sentence each for calls left out because they are frequent, and because the configuration says so."""
    missing = _NONE.union(*wanted.values()) - captured
    found: list[str] = []
    for calls, reason in (
        (missing & ignored, "high-volume calls need -A or base_syscalls.all"),
        (missing - ignored, f"{_CUSTOM} leaves them out"),
    ):
        rules = [name for name, about in wanted.items() if about & calls]
        if rules:
            names = ", ".join(sorted(calls))
            found.append(f"{_named(rules)} match system calls that are not captured: {names} ({reason})")
    return found


def _named(rules: list[str]) -> str:
    named = ", ".join(f"'{name}'" for name in rules[:_MOST_NAMED])
    rest = len(rules) - _MOST_NAMED
    return f"Rules {named}" + (f" and {rest} more" if rest > 0 else "")
