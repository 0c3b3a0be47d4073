"""Elements of rules files, and the mistakes in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.rules.files import errors, loaded, result, rule, warnings

FULL = "desc: d\n  condition: evt.type = open\n  output: x\n  priority: INFO\n"


@pytest.mark.parametrize("text", ["", "---\n---\n", "~\n", "# nothing\n", "- \n- ~\n", "[]"])
def test_nothing_is_a_valid_file(text: str) -> None:
    """Null documents and null elements are passed over."""
    found = result(text)
    assert (found.errors, found.warnings) == ([], [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("This is not yaml", "Rules content is not yaml"),
        ("foo: bar", "Rules content is not yaml array of objects"),
        ("- foo", "Unexpected element type. Each element should be a yaml associative array."),
        ("- [a]", "Unexpected element type. Each element should be a yaml associative array."),
        ("- rule:\n  " + FULL, "Mapping for key 'rule' is empty"),
        ("- rule: [a]\n  " + FULL, "Value is not a scalar value"),
        ("- rule: x", "Item has no mapping for key 'enabled'"),
        ("- rule: x\n  enabled: maybe", "Can't decode YAML scalar value"),
        ("- list: x\n  items: a", "Value is not a sequence"),
        ("- list: x\n  items: [[a]]", "sequence value is not scalar"),
        ("- list: x\n  items: [a]\n  append: maybe", "Can't decode YAML scalar value"),
        ("- list: x\n  items: [a]\n  override: {items: add}", "Invalid override operation for key 'items': 'add'."),
        ("- list: x\n  items: [a]\n  override: {name: append}", "Key 'name' cannot be appended to, use 'replace'"),
        ("- list: x\n  items: [a]\n  override: {name: replace}", "Key 'name' cannot be replaced"),
        ("- list: x\n  items: [a]\n  override: [items]", "Value of override must be a mapping"),
        ("- macro: x", "Item has no mapping for key 'condition'"),
        (
            "- macro: x\n  condition: a\n  append: true\n  override: {condition: append}",
            "Keys 'override' and 'append: true' cannot be used together.",
        ),
        (
            rule(more="append: true\noverride: {desc: replace}"),
            "Keys 'override' and 'append: true' cannot be used together.",
        ),
        (rule(more="override: {priority: append}"), "Key 'priority' cannot be appended to, use 'replace' instead"),
        (rule(more="override: {source: replace}"), "Key 'source' cannot be replaced"),
        (
            rule() + "- rule: R\n  desc: x\n  override: {output: append}",
            "An append override for 'output' was specified but 'output' is not defined",
        ),
        (
            rule() + "- rule: R\n  desc: x\n  output: y\n  override: {desc: append}",
            "Unexpected key 'output': no corresponding entry under 'override' is defined.",
        ),
        (
            "- required_engine_version: abc",
            "Unable to parse engine version 'abc' as a semver string. Expected \"x.y.z\" semver format.",
        ),
        ("- required_engine_version: 1.5", "Unable to parse engine version '1.5' as a semver string."),
        ("- required_engine_version:", "Mapping for key 'required_engine_version' is empty"),
        ("- required_plugin_versions: x", "Value of required_plugin_versions must be a sequence"),
        ("- required_plugin_versions: [x]", "Plugin version must be a mapping"),
        ("- required_plugin_versions: [{version: 1.0.0}]", "Item has no mapping for key 'name'"),
        ("- required_plugin_versions: [{name: x}]", "Item has no mapping for key 'version'"),
        (
            "- required_plugin_versions: [{name: x, version: 1.0.0, alternatives: y}]",
            "Value of plugin version alternatives must be a sequence",
        ),
        (
            "- required_plugin_versions: [{name: x, version: 1.0.0, alternatives: [y]}]",
            "Plugin version alternative must be a mapping",
        ),
    ],
)
def test_a_wrong_structure_is_refused(text: str, message: str) -> None:
    """Each mistake has its own sentence."""
    code, found = errors(text)[0]
    assert message in found
    assert code == "LOAD_ERR_YAML_VALIDATE"


@pytest.mark.parametrize("key", ["desc", "condition", "output", "priority"])
def test_a_rule_needs_four_texts(key: str) -> None:
    """The name apart."""
    text = "\n".join(line for line in rule().splitlines() if not line.strip().startswith(key))
    assert errors(text)[0] == ("LOAD_ERR_YAML_VALIDATE", f"Item has no mapping for key '{key}'")


def test_every_mistake_of_a_rule_is_told() -> None:
    """One does not hide the next."""
    text = "- rule: x\n  condition: evt.type = opne\n  output: '%proc.nme'\n"
    text += "  priority: LOUD\n  enabled: maybe\n  tags: a\n"
    assert [message for _, message in errors(text)] == [
        "Item has no mapping for key 'desc'",
        "Invalid priority",
        "Can't decode YAML scalar value",
        "Value is not a sequence",
        "invalid formatting token proc.nme",
        "unknown event type opne",
    ]


def test_every_element_is_looked_at() -> None:
    """Of every document of the file."""
    assert len(errors("- foo\n- rule: x\n---\n- bar\n---\nbaz: 1\n")) == 4


def test_the_first_known_key_decides_what_an_element_is() -> None:
    """The order is fixed; the rest are unknown keys."""
    text = "- rule: a\n  list: b\n  items: [c]\n"
    assert loaded(text).collection.lists.keys() == {"b"}
    assert [message for _, message in warnings(text)] == [
        "Unknown key 'rule'. The key will be ignored.",
        "List not referred to by any other rule/macro",
    ]


def test_an_unknown_element_is_told_with_a_hint() -> None:
    """It does not fail the file."""
    (problem,) = result("- rle: x\n  foo: y\n").warnings
    assert (problem.code, problem.message) == ("LOAD_UNKNOWN_ITEM", "Unknown top level item")
    assert problem.hint == "did you mean 'rule'?"


def test_names_that_no_condition_can_use_are_told() -> None:
    """Of macros and of lists."""
    text = "- list: a b\n  items: [x]\n- macro: a-b\n  condition: evt.num > 0\n"
    assert [code for code, _ in warnings(text)][:2] == ["LOAD_INVALID_LIST_NAME", "LOAD_INVALID_MACRO_NAME"]


def test_a_rule_has_defaults() -> None:
    """What a full definition leaves out."""
    (found,) = loaded(rule(output="'  x  '")).rules
    assert (found.source, found.enabled, found.tags, found.capture, found.output) == ("syscall", True, [], False, "x")


@pytest.mark.parametrize(("version", "exit_only"), [("0.56.9", False), ("0.57.0", True), ("57", True), ("9", False)])
def test_rules_of_later_files_mean_exits_only(version: str, exit_only: bool) -> None:
    """Wherever in the file the version stands; a rule of another file does not change."""
    loader = loaded(rule(name="A"), rule(name="B") + f"- required_engine_version: {version}\n")
    assert [found.exit_only for found in loader.rules] == [False, exit_only]


def test_appending_from_a_later_file_does_not_change_what_a_rule_means() -> None:
    """The latest full definition decides."""
    append = "- required_engine_version: 0.57.0\n- rule: R\n  condition: and fd.num > 0\n  append: true\n"
    assert not loaded(rule(), append).rules[0].exit_only
    assert loaded(rule(), "- required_engine_version: 0.57.0\n" + rule()).rules[0].exit_only


def test_the_use_of_append_is_told() -> None:
    """`append: false` is not."""
    text = rule() + "- rule: R\n  condition: and fd.num > 0\n  append: true\n"
    assert [code for code, _ in warnings(text)] == ["LOAD_DEPRECATED_ITEM"]
    assert warnings(rule(more="append: false")) == []


WORDS = ["rule", "list", "macro", "items", "condition", "append", "override", "exceptions", "name", "fields", "values"]
VALUES = st.recursive(
    st.sampled_from(["x", "true", "append", "replace", "evt.type = open", "", "1", "proc.name"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.sampled_from([*WORDS, "desc", "output", "priority", "tags"]), VALUES), max_size=4))
def test_any_structure_is_loaded_or_refused(items: list[dict[str, object]]) -> None:
    """Nothing is raised, and results can be shown."""
    import json

    found = result(json.dumps(items))
    assert found.verbose()
    assert json.dumps(found.as_json())
