"""Defining, appending and replacing, file after file."""

from __future__ import annotations

import pytest

from tercel.filters.canonical import canonical
from tercel.rules.rule import Rule
from tests.unit.rules.files import errors, loaded, rule, warnings

LIST = "- list: cats\n  items: [cat]\n"
MACRO = "- macro: is_cat\n  condition: proc.name = cat\n"
EXCEPTION = "exceptions:\n  - {name: e, fields: [proc.name], values: [[a]]}"


def only_rule(*texts: str) -> Rule:
    """Return the only rule of some texts."""
    loader = loaded(*texts)
    assert [problem.message for result in loader.results for problem in result.errors] == []
    (found,) = loader.rules
    return found


def condition(*texts: str) -> str:
    """Return the compiled condition of the only rule."""
    return canonical(only_rule(*texts).condition)


def test_a_later_definition_takes_the_place_of_an_earlier_one() -> None:
    """Of lists, macros and rules; the order of rules stays."""
    loader = loaded(rule(name="A") + rule(name="B"), rule("evt.type = close", "A", more="enabled: false"))
    assert [(found.name, found.enabled) for found in loader.rules] == [("A", False), ("B", True)]
    assert canonical(loader.rules[0].condition) == "evt.type = close"
    using = rule("evt.type = open and is_cat and proc.name in (cats)")
    texts = (LIST + MACRO + using, "- list: cats\n  items: [dog]\n- macro: is_cat\n  condition: fd.name = x\n")
    assert condition(*texts) == "(evt.type = open and fd.name = x and proc.name in (dog))"


@pytest.mark.parametrize("way", ["append: true", "override: {items: append}"])
def test_a_list_grows(way: str) -> None:
    """In both spellings."""
    text = LIST + rule("evt.type = open and proc.name in (cats)") + f"- list: cats\n  items: [lion]\n  {way}\n"
    assert condition(text) == "(evt.type = open and proc.name in (cat, lion))"


@pytest.mark.parametrize("way", ["append: true", "override: {condition: append}"])
def test_a_macro_grows(way: str) -> None:
    """Its text does; a reference stands for the whole."""
    text = MACRO + rule("evt.type = open and is_cat") + f"- macro: is_cat\n  condition: or proc.name = lion\n  {way}\n"
    assert condition(text) == "(evt.type = open and (proc.name = cat or proc.name = lion))"


@pytest.mark.parametrize("way", ["append: true", "override: {condition: append}"])
def test_a_rules_condition_grows(way: str) -> None:
    """No parentheses are added."""
    text = rule("evt.type = open") + f"- rule: R\n  condition: and fd.num > 0\n  {way}\n"
    assert condition(text) == "(evt.type = open and fd.num > 0)"


def test_override_appends_texts_tags_and_exceptions() -> None:
    """Texts after a blank, tags as a set, exceptions by name."""
    text = rule(output="one", more="tags: [b, a]\n" + EXCEPTION) + (
        "- rule: R\n  output: two\n  desc: e\n  tags: [c, a]\n"
        "  exceptions:\n  - {name: e, values: [[b]]}\n  - {name: f, fields: fd.name, values: [x]}\n"
        "  override: {output: append, desc: append, tags: append, exceptions: append}\n"
    )
    found = only_rule(text)
    assert (found.output, found.desc, found.tags) == ("one two", "d e", ["a", "b", "c"])
    assert canonical(found.condition).endswith("not (proc.name = a or proc.name = b) and not fd.name in (x))")


def test_override_replaces_anything_but_the_name() -> None:
    """All keys at once."""
    text = rule() + (
        "- rule: R\n  condition: evt.type = close\n  output: y\n  desc: e\n  priority: error\n  enabled: false\n"
        "  tags: [t]\n  warn_evttypes: false\n  skip-if-unknown-filter: true\n  capture: true\n  capture_duration: 5\n"
        "  exceptions: [{name: e, fields: proc.name, values: [x]}]\n"
        "  override: {condition: replace, output: replace, desc: replace, priority: replace, enabled: replace,\n"
        "    tags: replace, warn_evttypes: replace, skip-if-unknown-filter: replace, capture: replace,\n"
        "    capture_duration: replace, exceptions: replace}\n"
    )
    found = only_rule(text)
    assert (found.output, found.desc, found.priority_name, found.enabled) == ("y", "e", "Error", False)
    assert (found.tags, found.capture, found.capture_duration) == (["t"], True, 5)
    assert canonical(found.condition) == "(evt.type = close and not proc.name in (x))"


def test_a_severity_is_changed_as_the_book_shows() -> None:
    """`append: true` with nothing but a priority."""
    assert only_rule(rule(), "- rule: R\n  append: true\n  priority: EMERGENCY\n").priority == 0


def test_append_leaves_other_keys_alone() -> None:
    """As Falco does, without a word."""
    text = rule() + "- rule: R\n  append: true\n  condition: and fd.num > 0\n  priority: ERROR\n  enabled: false\n"
    found = only_rule(text)
    assert (found.priority_name, found.enabled) == ("Informational", True)


def test_a_rule_is_switched_by_an_element_of_its_own() -> None:
    """Deprecated, and still understood."""
    assert not only_rule(rule(), "- rule: R\n  enabled: false\n").enabled
    assert [code for code, _ in warnings(rule(), "- rule: R\n  enabled: false\n")] == ["LOAD_DEPRECATED_ITEM"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- list: x\n  items: [a]\n  append: true\n", "List uses 'append' or 'override.items: append' but no list"),
        ("- macro: x\n  condition: a\n  append: true\n", "Macro uses 'append' or 'override.condition: append' but no"),
        ("- rule: x\n  condition: a\n  append: true\n", "Rule uses 'append' or 'override.<key>: append' but no rule"),
        ("- rule: x\n  enabled: true\n", "Rule has 'enabled' key but no rule by that name already exists"),
        (
            "- rule: x\n  desc: a\n  override: {desc: replace}\n",
            "An 'override.<key>: replace' to a rule was requested but no rule by that name already exists",
        ),
        (rule() + "- rule: R\n  append: true\n  desc: a\n", "Appended rule must have exceptions or condition property"),
        (rule() + rule(more="source: other"), "Rule has been re-defined with a different source"),
        (
            rule() + "- rule: R\n  append: true\n  condition: and a\n  source: other\n",
            "Rule has been re-defined with a different source",
        ),
        (
            rule(more=EXCEPTION) + "- rule: R\n  append: true\n  exceptions: [{name: e, fields: [fd.name]}]\n",
            "Can not append exception fields to existing exception, only values",
        ),
        (
            rule(more=EXCEPTION) + "- rule: R\n  append: true\n  exceptions: [{name: e, comps: [in]}]\n",
            "Can not append exception comps to existing exception, only values",
        ),
        (
            rule() + "- rule: R\n  append: true\n  exceptions: [{name: f, values: [a]}]\n",
            "Rule exception must have fields property with a list of fields",
        ),
        (
            rule() + "- rule: R\n  append: true\n  exceptions: [{name: f, fields: [fd.name]}]\n",
            "Rule exception must have values property with a list of values",
        ),
        (
            rule() + "- rule: R\n  exceptions: [{name: f, values: [a]}]\n  override: {exceptions: replace}\n",
            "Rule exception must have fields property with a list of fields",
        ),
        ("- required_engine_version: 64\n", "Rules require engine version 0.64.0, but engine version is 0.63.0"),
        (
            "- required_plugin_versions: [{name: a, version: x}]\n",
            "Invalid required version 'x' for plugin 'a'",
        ),
        (
            "- required_plugin_versions: [{name: a, version: 1.0.0, alternatives: [{name: a, version: 1.0.0}]}]\n",
            "Defined multiple alternative version requirements for plugin 'a'",
        ),
    ],
)
def test_what_does_not_fit_what_is_there_is_refused(text: str, message: str) -> None:
    """Each mistake has its own sentence."""
    found = errors(text)
    assert message in found[0][1]
    assert found[0][0] == "LOAD_ERR_VALIDATE"


def test_what_refers_to_a_failed_definition_is_no_mistake_of_its_own() -> None:
    """One error each, not one for every use."""
    text = (
        "- list: l\n- list: l\n  items: [a]\n  append: true\n"
        "- macro: m\n- macro: m\n  condition: or a\n  append: true\n"
        "- rule: x\n  desc: d\n  output: o\n  priority: INFO\n"
        "- rule: x\n  condition: and a\n  append: true\n"
        "- rule: x\n  enabled: false\n"
    ) + rule("evt.type = open and m")
    assert [message for _, message in errors(text)] == [
        "Item has no mapping for key 'items'",
        "Item has no mapping for key 'condition'",
        "Item has no mapping for key 'condition'",
    ]


def test_a_rule_of_an_unknown_source_is_skipped() -> None:
    """It may be appended to; neither condition nor exceptions are looked at."""
    text = rule("nonsense ==", more="source: clouds\nexceptions: [{name: e, fields: [a.b]}]")
    loader = loaded(text + "- rule: R\n  condition: more nonsense\n  append: true\n")
    assert loader.rules == []
    assert loader.results[0].errors == []
    assert warnings(text)[0] == ("LOAD_UNKNOWN_SOURCE", "Unknown source clouds, skipping")


def test_the_highest_required_engine_version_is_kept() -> None:
    """Of all files."""
    loader = loaded("- required_engine_version: 0.31.0\n", "- required_engine_version: 9\n")
    assert str(loader.collection.engine_version) == "0.31.0"
