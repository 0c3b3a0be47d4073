"""What the probe drops under the policy of some rules is missed by none of them: the same alerts without it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tercel.capture.ebpf.guards import GuardEffect, KernelPolicy
from tercel.rules.ruleset import ALL
from tests.compat.pushdown import (
    SMALL_CAPTURES,
    Outcome,
    differences,
    greedy_policy,
    policy_for,
    random_rulesets,
    ruleset_of,
    stream_of,
    unaccounted,
)
from tests.compat.test_exits_only import YEARS, loader_of
from tests.compat.test_table import FEW, IS_COMPILED, captures

pytestmark = [pytest.mark.compat, pytest.mark.slow, pytest.mark.timeout(600)]

SEED: Final = 1
RULESETS: Final = 30

# Rules that ask for nothing of descriptors and paths.
PROGRAMS: Final = """
- rule: Program
  desc: A program was started or ended.
  condition: evt.type in (execve, execveat, clone, fork, vfork, procexit)
  output: program %proc.name of %proc.pname (%evt.type %proc.cmdline %evt.args)
  priority: INFO
"""


@cache
def rules_of(number: int) -> str:
    """Return some rules made at random."""
    return random_rulesets(SEED, RULESETS)[number]


@cache
def outcome_of(number: int) -> Outcome:
    """Return what comes of rules made at random on one of the smaller captures."""
    ruleset = ruleset_of(rules_of(number))
    return differences(SMALL_CAPTURES[number % len(SMALL_CAPTURES)], ruleset, policy_for(ruleset))


def skip_large(path: Path) -> None:
    """Leave out what takes minutes on the sources."""
    if not IS_COMPILED and path.suffix == ".gz" and path.name not in FEW:
        pytest.skip("tried on the compiled form only: takes too long on the sources")


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("path", captures(), ids=[path.name for path in captures()])
def test_rules_of_all_years_miss_nothing(path: Path, year: str) -> None:
    """Rule, time, thread, text and fields of each alert are the same."""
    skip_large(path)
    ruleset = loader_of(year)[0].ruleset(ALL, exits_only=True)
    assert differences(path, ruleset, policy_for(ruleset)).differences == []


@pytest.mark.parametrize("number", range(RULESETS))
def test_random_rules_miss_nothing(number: int) -> None:
    """Whatever a rule asks and prints, what is dropped makes no difference to it."""
    assert outcome_of(number).differences == [], rules_of(number)


def test_there_is_something_to_miss() -> None:
    """Most policies drop many of the events, and most rules find something in what is left."""
    outcomes = [outcome_of(number) for number in range(RULESETS)]
    assert sum(outcome.events > 1000 for outcome in outcomes) > RULESETS / 2
    assert sum(outcome.alerts > 0 for outcome in outcomes) > RULESETS / 2


def test_the_same_seed_makes_the_same_rules() -> None:
    """A failure can be looked at again, and a longer run begins with the rules of a shorter one."""
    assert random_rulesets(SEED, 4)[:2] == random_rulesets(SEED, 2)
    assert random_rulesets(SEED, 2) != random_rulesets(SEED + 2, 2)


@pytest.mark.parametrize("path", captures(), ids=[path.name for path in captures()])
def test_what_the_probe_takes_for_unknown_has_no_entry(path: Path) -> None:
    """A descriptor whose bit is clear is in no table, also under a policy that drops all that can be dropped."""
    skip_large(path)
    stream = stream_of(path)
    assert unaccounted(stream, greedy_policy())[:5] == []
    outcome = differences(stream, ruleset_of(PROGRAMS), greedy_policy())
    assert outcome.differences == []


def test_a_policy_that_drops_too_much_is_found_out() -> None:
    """Rules about files and connections lose alerts under a policy made for rules about programs."""
    ruleset = loader_of("2025")[0].ruleset(ALL, exits_only=True)
    path = next(path for path in captures() if path.name == "admin.classic.scap.gz")
    found = differences(path, ruleset, greedy_policy())
    assert found.events > 5000
    assert found.differences


def test_a_call_whose_effect_is_forgotten_is_found_out() -> None:
    """Where calls that make descriptors leave their bits clear, entries are there that the probe does not know of."""
    guards = {name: replace(guard, effect=GuardEffect.NONE) for name, guard in greedy_policy().guards.items()}
    assert unaccounted(stream_of(SMALL_CAPTURES[0]), KernelPolicy(guards))
