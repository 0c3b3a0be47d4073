"""The table matches what plain evaluation matches: every recorded capture with every rules file, in both modes.

On the sources only some captures are gone through, since all of them take minutes there: the compiled form goes
through every one.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import tercel.engine.table
from tercel.api import Capture
from tercel.engine.atoms import Atoms
from tercel.engine.pump import Pump
from tercel.engine.table import Table
from tercel.events.table import EVENT_COUNT
from tercel.fields.registry import Registry
from tercel.filters.evaluate import Predicate
from tercel.filters.filter import Compiler
from tercel.filters.parser import parse
from tercel.rules.loader import RuleLoader, read_rules_file
from tercel.rules.rule import Rule
from tercel.rules.ruleset import ALL, Ruleset
from tercel.state.context import Context
from tests.paths import HAS_SHARED, ROOT, SHARED

pytestmark = [pytest.mark.compat, pytest.mark.slow, pytest.mark.timeout(600)]

CAPTURES = SHARED / "captures"
COMPAT = SHARED / "compat"
IS_COMPILED = not str(tercel.engine.table.__file__).endswith(".py")
# What the sources are tried on, besides all the small captures.
FEW = {"py.scap.gz", "py.classic.scap.gz", "web.classic.scap.gz"}

# The number of an event and the numbers of the rules that match it.
Matches = list[tuple[int, list[int]]]


def captures() -> list[Path]:
    """Return all recorded captures."""
    return [*sorted(CAPTURES.glob("*.scap.gz")), *sorted(COMPAT.rglob("*.scap"))] if HAS_SHARED else []


def rule_sets() -> dict[str, list[Path]]:
    """Return the rules files that belong together."""
    years = {year: sorted((COMPAT / f"rules-{year}").glob("*_rules*.yaml")) for year in ("2022", "2025", "2026")}
    recorded = {path.name: [path] for path in sorted(CAPTURES.glob("*fields.yaml"))}
    return {
        "default": [COMPAT / "rules-2025" / "falco_rules.yaml"],
        **years,
        **recorded,
        "shipped": sorted((ROOT / "rulesets").glob("*.yaml")),
    }


def rules_of(paths: list[Path]) -> list[Rule]:
    """Return the rules of files, the disabled ones as well; none of files with mistakes."""
    loader = RuleLoader({"syscall": Registry.syscall()})
    for path in paths:
        loader.load(read_rules_file(str(path)))
    for rule in loader.rules:
        rule.enabled = True
    return loader.rules


class Rules:
    """Some rules: their conditions, and which of them are about an event type."""

    def __init__(self, name: str, predicates: list[Predicate], by_type: list[list[int]]) -> None:
        """Keep them."""
        self.name = name
        self.predicates = predicates
        self.by_type = by_type
        atoms = Atoms(predicates)
        # Those would have to be compiled for each evaluation anew: they are tried with made captures.
        assert not any(atoms.remembers(predicate) for predicate in predicates)

    def table(self, *, first_only: bool) -> Table:
        """Return a table of the rules."""
        return Table(self.predicates, self.by_type, first_only=first_only)

    def matches(self, ctx: Context) -> list[int]:
        """Return the numbers of all rules that match, each asked as it is written."""
        return [rule for rule in self.by_type[ctx.event.type_id] if self.predicates[rule].evaluate(ctx)]


def from_files(name: str, rules: list[Rule]) -> Rules:
    """Return the rules of files as they are in force."""
    ruleset = Ruleset(rules, ALL)
    numbers = {id(rule): number for number, rule in enumerate(ruleset.rules)}
    by_type = [[numbers[id(rule)] for rule in found] for found in ruleset.by_type]
    return Rules(name, [rule.filter.predicate for rule in ruleset.rules], by_type)


def from_conditions(path: Path) -> Rules:
    """Return the generated conditions of a capture as rules."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["condition"] for line in lines]
    compiler = Compiler(Registry.syscall())
    filters = [compiler.compile(parse(text)) for text in texts]
    by_type: list[list[int]] = [[] for _ in range(EVENT_COUNT)]
    for number, condition in enumerate(filters):
        for type_id in condition.event_types:
            by_type[type_id].append(number)
    return Rules(path.name, [condition.predicate for condition in filters], by_type)


@cache
def file_rules() -> list[Rules]:
    """Return every set of rules files, and the many small files of 2022 as one."""
    found = [from_files(name, rules_of(paths)) for name, paths in rule_sets().items()]
    small = [rule for path in sorted((COMPAT / "falco-2022").rglob("*.yaml")) for rule in rules_of([path])]
    found.append(from_files("small files", small))
    return found


@cache
def condition_rules() -> list[Rules]:
    """Return the sets of generated conditions."""
    return [from_conditions(path) for path in sorted(CAPTURES.glob("*.conditions.jsonl.gz"))]


def rules_for(capture: Path) -> list[Rules]:
    """Return what a capture is tried with: generated conditions only on theirs and on small captures."""
    own = capture.name.split(".")[0] + "."
    is_small = capture.suffix != ".gz"
    return [*file_rules(), *(rules for rules in condition_rules() if is_small or rules.name.startswith(own))]


def contexts(path: Path) -> Iterator[Context]:
    """Yield the contexts of a capture's events, each fully processed."""
    with Capture(str(path)) as capture:
        capture.machine.keeps_entries = True
        yield from capture.contexts()


def pumped(path: Path, rules: Rules, *, first_only: bool) -> Matches:
    """Return what a pump calls back for, events skimmed wherever that is enough."""
    found: Matches = []

    def matched(number: int, ctx: Context) -> None:
        if not found or found[-1][0] != ctx.event.num:
            found.append((ctx.event.num, []))
        found[-1][1].append(number)

    with Capture(str(path)) as capture:
        capture.machine.keeps_entries = True
        pump = Pump(capture.machine, rules.table(first_only=first_only), matched)
        while capture.fill():
            while pump.run(capture.reader):
                pass
    return found


@pytest.mark.parametrize("path", captures(), ids=[path.name for path in captures()])
def test_the_same_rules_match_the_same_events(path: Path) -> None:
    """Side by side at every event; then with events skimmed, where what they leave behind shows in later ones."""
    if not IS_COMPILED and path.suffix == ".gz" and path.name not in FEW:
        pytest.skip("tried on the compiled form only: takes too long on the sources")
    sets = rules_for(path)
    tables = [(rules.table(first_only=True), rules.table(first_only=False)) for rules in sets]
    plain: list[Matches] = [[] for _ in sets]
    different: list[str] = []
    for ctx in contexts(path):
        for rules, (first, every), matches in zip(sets, tables, plain, strict=True):
            expected = rules.matches(ctx)
            if expected:
                matches.append((ctx.event.num, expected))
            if every.match(ctx) != expected or first.match(ctx) != expected[:1]:
                different.append(f"{rules.name}: event {ctx.event.num} {ctx.event.info.enum}")
    assert different[:20] == []
    for rules, expected_matches in zip(sets, plain, strict=True):
        assert pumped(path, rules, first_only=False) == expected_matches, rules.name
        assert pumped(path, rules, first_only=True) == [(num, found[:1]) for num, found in expected_matches], rules.name


def test_there_is_something_to_agree_on() -> None:
    """The captures are there, the rules load, and most of the conditions of either kind match something."""
    sets = {rules.name: len(rules.predicates) for rules in (*file_rules(), *condition_rules())}
    assert len(captures()) >= 30
    assert sets["2022"] > 60
    assert sets["2025"] > 80
    assert sets["2026"] > 90
    assert sets["small files"] > 50
    assert sets["py.conditions.jsonl.gz"] == 400
