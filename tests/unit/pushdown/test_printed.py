"""Which fields alerts show: those of outputs however they are written, and those that the configuration adds."""

from __future__ import annotations

import pytest

from tercel.alerts.policy import AppendEntry, OutputPolicy
from tercel.filters.format import OutputFormat
from tercel.pushdown.printed import PrintedFields
from tercel.rules.rule import Rule
from tests.unit.rules.files import loaded, registry, rule

OUTPUTS = (
    "nothing",
    "%fd.name",
    "file=%fd.name num=%evt.num, (%proc.aname[2])",
    "%10proc.name|",
    "%proc.name%fd.name",
    "%proc.namex %proc.name.",
    "%evt.arg.flags %evt.arg[1] %evt.rawarg.res",
    "%tolower(fd.name) %concat(fd.name, '-', proc.stdin.name)",
    "*%evt.deltatime",
    "%fd.types[1] %fdlist.names",
    "%proc.env[HOME] %container.info",
)


def only_rule(output: str) -> Rule:
    """Return a rule with an output."""
    quoted = output.replace("'", "''")
    return loaded(rule(output=f"'{quoted}'")).rules[0]


@pytest.mark.parametrize("output", OUTPUTS)
def test_the_fields_are_those_that_the_output_compiles_to(output: str) -> None:
    """The short way for plain outputs finds what the output's own compiler finds."""
    made = only_rule(output)
    names = {field.text for field in PrintedFields(registry(), OutputPolicy()).of(made)}
    assert set(OutputFormat(f"*{made.output_compiled}", registry()).names()) <= names


def test_fields_within_transformers_are_shown_too() -> None:
    """JSON has them by themselves."""
    made = only_rule("%tolower(fd.name) %join(',', (proc.stdin.name, fd.num))")
    names = {field.text for field in PrintedFields(registry(), OutputPolicy()).of(made)}
    assert {"fd.name", "proc.stdin.name", "fd.num"} <= names


def test_a_rule_without_fields_shows_none() -> None:
    """Then only its condition counts."""
    made = only_rule("nothing at all")
    assert PrintedFields(registry(), OutputPolicy()).of(made) == []


def test_fields_that_the_configuration_adds_are_shown() -> None:
    """By their name, or by a text of their own."""
    made = only_rule("%fd.name")
    entry = AppendEntry(fields=(("evt.num", None), ("all", "n=%proc.fdopencount %fd.num")))
    printed = PrintedFields(registry(), OutputPolicy([entry]))
    names = [field.text for field in printed.of(made)]
    assert {"fd.name", "evt.num", "proc.fdopencount", "fd.num"} <= set(names)
