"""Exceptions of rules."""

from __future__ import annotations

import pytest

from tercel.filters.canonical import canonical
from tests.unit.rules.files import errors, loaded, rule, warnings

BASE = "evt.type = open"


def condition(exceptions: str, lists: str = "") -> str:
    """Return the compiled condition of a rule with exceptions."""
    loader = loaded(lists + rule(BASE, more=f"exceptions:\n{exceptions}"))
    assert loader.results[0].errors == []
    return canonical(loader.rules[0].condition)


@pytest.mark.parametrize(
    ("exception", "expected"),
    [
        ("{name: e, fields: [proc.name, fd.name], values: [[a, b]]}", "not (proc.name = a and fd.name = b)"),
        (
            "{name: e, fields: [proc.name, fd.name], values: [[a, b], [c, d]]}",
            "not ((proc.name = a and fd.name = b) or (proc.name = c and fd.name = d))",
        ),
        ("{name: e, fields: [proc.name], comps: [in], values: [[a]]}", "not proc.name in (a)"),
        ("{name: e, fields: [proc.name], comps: [in], values: [[[a, b c]]]}", 'not proc.name in (a, "b c")'),
        ("{name: e, fields: [proc.name], comps: [in], values: [['(a, b)']]}", "not proc.name in (a, b)"),
        ("{name: e, fields: [proc.name], comps: [startswith], values: [[b c]]}", 'not proc.name startswith "b c"'),
        ("{name: e, fields: [fd.name], comps: [' endswith   anyof '], values: [[[a, b]]]}", "endswith anyof (a, b)"),
        ("{name: e, fields: ['tolower(proc.name)'], values: [[a]]}", "not tolower(proc.name) = a"),
        ("{name: e, fields: proc.name, values: [a, b c]}", 'not proc.name in (a, "b c")'),
        ("{name: e, fields: fd.name, comps: pmatch, values: [/a]}", "not fd.name pmatch (/a)"),
        ("{name: e, fields: fd.name, comps: startswith oneof, values: [/a, /b]}", "startswith oneof (/a, /b)"),
        ("{name: e, fields: proc.name, values: [cats]}", "not proc.name in (cat, lion)"),
        ("{name: e, fields: [proc.name], comps: [in], values: [[cats]]}", "not proc.name in (cat, lion)"),
    ],
)
def test_an_exception_excludes_its_values(exception: str, expected: str) -> None:
    """In the list form and in the single form, with lists by name."""
    lists = "- list: cats\n  items: [cat, lion]\n"
    assert condition(f"  - {exception}", lists) == f"(evt.type = open and {expected})" or expected in condition(
        f"  - {exception}", lists
    )


def test_the_condition_is_taken_as_a_whole() -> None:
    """An `or` in it does not let the exception pass by."""
    exception = "exceptions: [{name: e, fields: proc.name, values: [x]}]"
    loader = loaded(rule("evt.type = open or evt.type = close", more=exception))
    assert canonical(loader.rules[0].condition) == "((evt.type = open or evt.type = close) and not proc.name in (x))"


def test_exceptions_come_in_order() -> None:
    """Each one adds to the condition."""
    two = "  - {name: a, fields: proc.name, values: [x]}\n  - {name: b, fields: fd.name, values: [y]}"
    assert condition(two) == "(evt.type = open and not proc.name in (x) and not fd.name in (y))"


@pytest.mark.parametrize("exception", ["{name: e, fields: [proc.name]}", "{name: e, fields: proc.name, values: []}"])
def test_an_exception_without_values_adds_nothing(exception: str) -> None:
    """It is a place for others to add values."""
    assert condition(f"  - {exception}") == BASE


@pytest.mark.parametrize(
    ("exceptions", "message"),
    [
        ("  x", "Rule exceptions must be a sequence"),
        ("  - x", "Rule exception must be a mapping"),
        ("  - {fields: proc.name}", "Item has no mapping for key 'name'"),
        ("  - {name: e}", "Item has no mapping for key 'fields'"),
        ("  - {name: e, fields: []}", "Rule exception item must have fields property with a list of fields"),
        ("  - {name: e, fields: {}}", "Value is neither a text nor a list of texts"),
        ("  - {name: e, fields: [[[[[[[x]]]]]]]}", "Value is neither a text nor a list of texts"),
        ("  - {name: e, fields: ['']}", "Value must be non-empty"),
        ("  - {name: e, fields: proc.name, values: x}", "Rule exception values must be a sequence"),
        ("  - {name: e, fields: proc.name, values: [[x]]}", "Expected values array to contain a list of strings"),
        ("  - {name: e, fields: [proc.name], values: [[[[x]]]]}", "Expected values array to contain a list of strings"),
        ("  - {name: e, fields: [proc.name], comps: ['=', '=']}", "Fields and comps lists must have equal length"),
        ("  - {name: e, fields: [proc.name], comps: [is]}", "'is' is not a supported comparison operator"),
        ("  - {name: e, fields: [proc.name], values: [[a, b]]}", "Fields and values lists must have equal length"),
        ("  - {name: e, fields: proc.name, comps: [in]}", "Fields and comps must both be strings"),
        ("  - {name: e, fields: proc.nme}", "'proc.nme' is not a supported filter field"),
        ("  - {name: e, fields: [[proc.name]]}", "'' is not a supported filter field"),
    ],
)
def test_a_wrong_exception_is_refused(exceptions: str, message: str) -> None:
    """Each mistake has its own sentence."""
    assert message in [found for _, found in errors(rule(BASE, more=f"exceptions:\n{exceptions}"))]


def test_a_single_field_takes_list_operators_only() -> None:
    """Others would compare with a list."""
    exception = "exceptions: [{name: e, fields: proc.name, comps: startswith, values: [x]}]"
    assert errors(rule(BASE, more=exception))[0][1].startswith("When fields is a single value, comps must be one of")


def test_two_exceptions_of_one_name_are_told() -> None:
    """Both count nevertheless."""
    twice = "exceptions:\n  - {name: e, fields: proc.name}\n  - {name: e, fields: fd.name}"
    assert [code for code, _ in warnings(rule(BASE, more=twice))] == ["LOAD_EXCEPTION_NAME_NOT_UNIQUE"]


def test_an_unknown_key_is_told() -> None:
    """It is probably misspelt."""
    exception = "exceptions: [{name: e, fields: proc.name, value: [x]}]"
    assert [code for code, _ in warnings(rule(BASE, more=exception))] == ["LOAD_UNKNOWN_KEY"]


def test_one_wrong_exception_does_not_hide_another() -> None:
    """All are reported."""
    wrong = "exceptions:\n  - {name: a, fields: x.y}\n  - {name: b}\n  - {name: c, fields: proc.name, values: [[a]]}"
    assert len(errors(rule(BASE, more=wrong))) == 3
