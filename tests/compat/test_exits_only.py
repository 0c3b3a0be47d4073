"""Rules of all years where no entries of calls are seen: the same alerts as with them, each once."""

from __future__ import annotations

import io
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tercel.alerts.builder import AlertBuilder, AlertOptions
from tercel.api import Capture
from tercel.fields.registry import Registry
from tercel.rules.exits import ExitRules
from tercel.rules.loader import RuleLoader, read_rules_file
from tercel.rules.ruleset import ALL, Ruleset
from tests.compat.exits import exits_only
from tests.paths import HAS_SHARED, SHARED

pytestmark = [pytest.mark.compat, pytest.mark.timeout(120)]

CAPTURES = SHARED / "captures"
COMPAT = SHARED / "compat"
# Captures in which rules ask something of entries, and others in which little happens.
NAMES: Final = ("admin", "attack", "attack-container", "attack-host", "py", "shop")
YEARS: Final = ("2022", "2025", "2026")

# What a rule of 2022 asks of the state before the call, which the exit has changed: the descriptor that `dup` copies
# is the copy by then, the user who calls `setuid` the one that it made.
BEFORE: Final = frozenset({"Redirect STDOUT/STDIN to Network Connection in Container", "Non sudo setuid"})

# Rule, time of the event, thread, text of the alert.
Found = tuple[str, int, int, str]

# The exit of `unlinkat` names a descriptor, that of the directory, and its entry in old captures none.
_UNLINKED: Final = re.compile(r"file=\S* (?=.*evt_type=unlinkat)")


@cache
def loader_of(year: str) -> tuple[RuleLoader, Registry]:
    """Return the rules of a year, those that are switched off as well."""
    registry = Registry.syscall()
    loader = RuleLoader({"syscall": registry})
    for path in sorted((COMPAT / f"rules-{year}").glob("falco*_rules.yaml")):
        loader.load(read_rules_file(str(path)))
    for rule in loader.rules:
        rule.enabled = True
    return loader, registry


@cache
def converted(name: str) -> bytes:
    """Return a capture without entries."""
    return exits_only(CAPTURES / f"{name}.scap.gz")


def found_in(source: str | bytes, ruleset: Ruleset, registry: Registry) -> list[Found]:
    """Return the alerts of a capture."""
    builder = AlertBuilder(registry, AlertOptions(structured=False))
    found: list[Found] = []
    with Capture(io.BytesIO(source) if isinstance(source, bytes) else source) as capture:
        capture.machine.keeps_entries = ruleset.asks_exits()
        for ctx in capture.contexts():
            event = ctx.event
            for rule in ruleset.match(ctx):
                text = _UNLINKED.sub("", builder.build(rule, ctx).output)
                found.append((rule.name, event.ts, event.tid, text))
    return found


def asking_entries(loader: RuleLoader) -> set[str]:
    """Return the rules whose conditions ask something of entries."""
    registry = loader.registry("syscall")
    return {rule.name for rule in ExitRules(loader.rules, loader._cache, registry).stand_ins}


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("name", NAMES)
def test_the_same_alerts_without_entries(name: str, year: str) -> None:
    """An alert on an entry becomes one on the exit, whose time is later; all others stay as they are."""
    loader, registry = loader_of(year)
    asking = asking_entries(loader)
    before = found_in(str(CAPTURES / f"{name}.scap.gz"), loader.ruleset(ALL), registry)
    after = found_in(converted(name), loader.ruleset(ALL, exits_only=True), registry)
    moved = Counter((rule, tid) for rule, _, tid, _ in before if rule in asking - BEFORE)
    assert Counter((rule, tid) for rule, _, tid, _ in after if rule in asking - BEFORE) == moved
    kept = [alert for alert in before if alert[0] not in asking]
    got = [alert for alert in after if alert[0] not in asking]
    assert [alert[:3] for alert in got] == [alert[:3] for alert in kept]
    if year == "2025":
        # The outputs of 2022 print all parameters of a call: exits then have more of them.
        assert got == kept


@pytest.mark.parametrize("name", ["attack-container", "attack-host"])
def test_the_table_and_plain_evaluation_agree_without_entries(name: str) -> None:
    """What stands in for conditions goes through the same table."""
    loader, registry = loader_of("2022")
    rulesets = [loader.ruleset(ALL, exits_only=True, plain=plain) for plain in (False, True)]
    first, second = (found_in(converted(name), ruleset, registry) for ruleset in rulesets)
    assert first
    assert first == second


def rules_files() -> list[Path]:
    """Return every rules file."""
    return sorted(COMPAT.rglob("*.yaml")) if HAS_SHARED else []


def test_every_rule_file_can_do_without_entries() -> None:
    """Whatever a file asks, it is compiled, about no entry of a call, and its conditions stay as they are written."""
    registry = Registry.syscall()
    asking = 0
    for path in rules_files():
        loader = RuleLoader({"syscall": registry})
        if not loader.load(read_rules_file(str(path))).successful:
            continue
        texts = {rule.name: rule.condition for rule in loader.rules}
        ruleset = loader.ruleset(ALL, exits_only=True)
        plain = loader.ruleset(ALL)
        asking += sum(ruleset.filter_of(rule) is not rule.filter for rule in loader.rules)
        assert {rule.name: rule.condition for rule in loader.rules} == texts
        assert ruleset.event_ids() <= plain.event_ids()
    assert asking > 8
