"""Helpers for the tests of rules: loading a text, and texts of rules."""

from __future__ import annotations

from functools import cache

from tercel.fields.registry import Registry
from tercel.rules import FileResult, RuleLoader, RulesFile, load_rules


@cache
def registry() -> Registry:
    """Return the fields of the syscall source."""
    return Registry.syscall()


def loaded(*texts: str) -> RuleLoader:
    """Load texts as files named by their number, `0.yaml` first."""
    files = [RulesFile(f"{number}.yaml", text) for number, text in enumerate(texts)]
    return load_rules(files, registry())


def result(text: str) -> FileResult:
    """Return what came of loading one text."""
    return loaded(text).results[0]


def errors(*texts: str) -> list[tuple[str, str]]:
    """Return code and message of the errors of all texts."""
    return [(problem.code, problem.message) for found in loaded(*texts).results for problem in found.errors]


def warnings(*texts: str) -> list[tuple[str, str]]:
    """Return code and message of the warnings of all texts."""
    return [(problem.code, problem.message) for found in loaded(*texts).results for problem in found.warnings]


def rule(condition: str = "evt.type = open", name: str = "R", output: str = "x", more: str = "") -> str:
    """Return a rule as a rules file has it; `more` are further lines of the element, without indentation."""
    lines = [f"- rule: {name}", "desc: d", f"condition: {condition}", f"output: {output}", "priority: INFO"]
    return "\n  ".join(lines + more.splitlines()) + "\n"
