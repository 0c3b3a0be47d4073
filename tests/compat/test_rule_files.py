"""The public rule files load as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tercel.fields.registry import Registry
from tercel.rules import load_rules, read_rules_file
from tests.paths import HAS_SHARED, SHARED

pytestmark = pytest.mark.compat

COMPAT = SHARED / "compat"
# In the order in which they are loaded together: the later files of 2022 use macros of the first.
SETS: dict[str, list[str]] = {
    "2022": ["falco_rules.yaml", "application_rules.yaml", "falco_rules.local.yaml"],
    "2025": ["falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml"],
    "2026": ["falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml"],
}
RULES = {"2022": 69, "2025": 85, "2026": 93}
# What Falco says of these files as well: they use what is deprecated, and the application rules define macros in vain.
EXPECTED = {
    "2022": {"LOAD_DEPRECATED_ITEM", "LOAD_UNUSED_MACRO", "LOAD_UNUSED_LIST"},
    "2025": {"LOAD_DEPRECATED_ITEM"},
    "2026": set[str](),
}
PLUGIN_FILES = sorted((COMPAT / "plugins-rules").glob("*.yaml")) if HAS_SHARED else []


@pytest.fixture(scope="module")
def registry() -> Registry:
    """Return the fields of the syscall source."""
    return Registry.syscall()


@pytest.mark.parametrize("year", SETS)
def test_the_rule_files_of_a_year_load_without_an_error(year: str, registry: Registry) -> None:
    """Every rule is compiled, and nothing is complained about that Falco does not complain about."""
    loader = load_rules([read_rules_file(str(COMPAT / f"rules-{year}" / name)) for name in SETS[year]], registry)
    assert [problem.message for result in loader.results for problem in result.errors] == []
    assert {problem.code for result in loader.results for problem in result.warnings} <= EXPECTED[year]
    assert len(loader.rules) == RULES[year]


@pytest.mark.parametrize("name", SETS["2025"])
def test_each_file_of_2025_loads_alone(name: str, registry: Registry) -> None:
    """The three sets of rules do not need each other."""
    loader = load_rules([read_rules_file(str(COMPAT / "rules-2025" / name))], registry)
    assert loader.results[0].errors == []


@pytest.mark.parametrize("path", PLUGIN_FILES, ids=[path.name for path in PLUGIN_FILES])
def test_rules_for_plugins_are_skipped_and_the_plugin_is_asked_for(path: Path, registry: Registry) -> None:
    """The only error is that the plugin is not there; no rule of another source is compiled."""
    result = load_rules([read_rules_file(str(path))], registry).results[0]
    assert result.errors
    assert all("Plugin requirement not satisfied" in problem.message for problem in result.errors)
    assert {problem.code for problem in result.warnings} == {"LOAD_UNKNOWN_SOURCE"}
