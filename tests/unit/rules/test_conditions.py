"""Conditions: every mistake at its place."""

from __future__ import annotations

from tercel.filters.canonical import canonical
from tercel.rules.problems import Problem
from tests.unit.rules.files import errors, loaded, result, rule, warnings


def places(text: str) -> list[tuple[str, int, int, str]]:
    """Return message, line, column and hint of the errors of a text."""
    return [(found.message, *position(found), found.hint) for found in result(text).errors]


def position(problem: Problem) -> tuple[int, int]:
    """Return line and column of a problem in the file."""
    where = problem.context.where()
    return where.line, where.column


def test_every_check_that_does_not_fit_is_told() -> None:
    """With the nearest name where one is unknown."""
    text = rule("proc.nme = x and evt.type = opne and proc.pid = abc and shels")
    assert places(text) == [
        ("Undefined macro 'shels' used in filter.", 3, 70, ""),
        ("filter_check called with nonexistent field proc.nme", 3, 14, "did you mean 'proc.name'?"),
        ("unknown event type opne", 3, 42, "did you mean 'open'?"),
        ("abc is not a valid number", 3, 62, ""),
    ]


def test_a_place_behind_a_list_is_the_one_in_the_file() -> None:
    """However long the items are."""
    text = "- list: cats\n  items: [a long name, another one]\n" + rule("proc.name in (cats) and proc.nme = x")
    ((_, line, column, _),) = places(text)
    assert (line, column) == (5, 38)


def test_a_place_in_an_appended_condition_is_in_the_appending_file() -> None:
    """The chain of locations stays that of the rule."""
    loader = loaded(rule(), "\n- rule: R\n  condition: and proc.nme = x\n  append: true\n")
    (problem,) = loader.results[1].errors
    where = problem.context.where()
    assert (where.name, where.line, where.column) == ("1.yaml", 3, 18)
    assert problem.context.file == "0.yaml"


def test_a_mistake_in_a_macro_is_told_once_at_the_macro() -> None:
    """Although two rules use it."""
    text = "- macro: m\n  condition: proc.nme = x\n" + rule("evt.type = open and m", "A") + rule("m", "B")
    (problem,) = result(text).errors
    assert position(problem) == (2, 14)
    assert problem.item.item_name == "A"


def test_macros_stand_for_trees_and_lists_for_text() -> None:
    """A macro is as good as parenthesised."""
    text = "- list: l\n  items: [a, b]\n- macro: m\n  condition: proc.name in (l) or fd.num = 1\n"
    (found,) = loaded(text + rule("evt.type = open and m")).rules
    assert canonical(found.condition) == "(evt.type = open and (proc.name in (a, b) or fd.num = 1))"


def test_a_macro_sees_what_came_before_it() -> None:
    """The hint tells when the name comes later."""
    text = "- macro: a\n  condition: b\n- macro: b\n  condition: fd.num = 1\n"
    ((message, line, _, hint),) = places(text + rule("a"))
    assert (message, line) == ("Undefined macro 'b' used in filter.", 2)
    assert hint == "'b' is defined further down: a macro sees only those before it"
    assert errors(text + "- macro: a\n  condition: b\n" + rule("a and b and evt.type = open")) == []


def test_macros_that_use_themselves_are_refused() -> None:
    """Directly and in a circle."""
    text = "- macro: a\n  condition: fd.num = 1\n- macro: a\n  condition: or a\n  append: true\n"
    assert errors(text + rule("a"))[0] == ("LOAD_ERR_VALIDATE", "reference loop in macro 'a'")
    text = "- macro: a\n  condition: fd.num = 1\n- macro: b\n  condition: a\n- macro: a\n  condition: b\n"
    assert [message for _, message in errors(text + rule("a"))] == ["reference loop in macro 'b'"]


def test_macros_that_double_sixty_times_are_refused() -> None:
    """The size is counted before anything is built."""
    text = "- macro: m0\n  condition: fd.num = 1\n"
    text += "".join(f"- macro: m{n}\n  condition: m{n - 1} or m{n - 1}\n" for n in range(1, 60))
    assert [code for code, _ in errors(text + rule("m59"))] == ["LOAD_ERR_VALIDATE"]


def test_lists_that_double_sixty_times_are_refused() -> None:
    """So are those that are used too often."""
    text = "- list: l0\n  items: [a, b]\n"
    text += "".join(f"- list: l{n}\n  items: [l{n - 1}, l{n - 1}]\n" for n in range(1, 60))
    assert [message for _, message in errors(text + rule("proc.name in (l59)"))] == [
        "the lists together have too many items once they are expanded"
    ]
    text = f"- list: l\n  items: [{', '.join(['aaaaaaaa'] * 10_000)}]\n"
    (found,) = errors(text + rule(f"proc.name in ({', '.join(['l'] * 10_000)})"))
    assert found[1] == "the condition is too long with the items of list 'l' in it"


def test_a_condition_of_ten_thousand_terms_is_compiled() -> None:
    """Nothing recurses over it."""
    text = rule("evt.type = open and (" + " or ".join(f"proc.name = x{n}" for n in range(10_000)) + ")")
    assert len(loaded(text).rules) == 1


def test_a_condition_of_a_hundred_thousand_levels_is_refused() -> None:
    """At the limit."""
    text = rule("(" * 100_000 + "evt.type = open" + ")" * 100_000)
    assert errors(text) == [("LOAD_ERR_COMPILE_CONDITION", "exceeded max depth limit of 1000")]


def test_binary_in_strings_does_no_harm() -> None:
    """Escapes of YAML and of the condition."""
    assert (
        errors(
            '- rule: "a\\0b"\n  desc: d\n  condition: "proc.name = \'\\x01\\x7f\'"\n  output: "\\e"\n  priority: INFO\n'
        )
        == []
    )
    assert errors(rule("'proc.name = \"\\x00\"'"))[0][1].startswith("filter error: filter value cannot contain a NUL")


def test_suspicious_constants_are_told_once() -> None:
    """At the macro that holds them."""
    text = "- macro: m\n  condition: proc.name = fd.name\n"
    found = result(text + rule("evt.type = open and m", "A") + rule("evt.type = open and m", "B")).warnings
    assert [(problem.code, position(problem)[0]) for problem in found] == [("LOAD_COMPILE_CONDITION", 2)]


def test_event_types_have_to_be_found_out() -> None:
    """A transformer of the type hides them."""
    message = "event code search does not support evt.type checks with transformers"
    assert message in errors(rule("tolower(evt.type) = open"))[0][1]


def test_an_unknown_field_may_ask_to_be_skipped() -> None:
    """Fields and event types; nothing else."""
    more = "skip-if-unknown-filter: true"
    assert [code for code, _ in warnings(rule("proc.nme = x", more=more))] == ["LOAD_UNKNOWN_FILTER"]
    assert [code for code, _ in warnings(rule("evt.type = opne", more=more))] == ["LOAD_UNKNOWN_FILTER"]
    assert [code for code, _ in errors(rule("proc.pid = abc", more=more))] == ["LOAD_ERR_COMPILE_CONDITION"]
    assert loaded(rule("proc.nme = x", more=more)).rules == []
