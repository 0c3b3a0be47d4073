"""Problems as text and as JSON."""

from __future__ import annotations

import pytest

from tercel.rules.problems import ERRORS, MAX_PROBLEMS, FileResult, Place, Problem, ProblemContext, snippet
from tests.unit.rules.files import result, rule

TEXT = "- rule: R\n  desc: d\n  condition: evt.type = open and proc.nme = x\n  output: x\n  priority: INFO\n"


def problem(code: str = "LOAD_ERR_VALIDATE") -> Problem:
    """Return a problem at the third character of a file."""
    context = ProblemContext.of_file("f.yaml", "abc\n").at("rule", "R", 0, 2, 2)
    return Problem(code, "it is wrong", context, "mend it")


def test_a_line_is_shown_with_a_caret_below_the_place() -> None:
    """The snippet ends with a newline."""
    assert snippet("one\ntwo\nthree", 5) == "two\n ^\n"
    assert snippet("one\n", 99) == "one\n  ^\n"
    assert snippet("", 0) == "<No context available>\n"
    assert snippet("\n\n", 1) == "<No context available>\n"


def test_a_long_line_is_cut_on_both_sides() -> None:
    """The caret stays below its character."""
    line, caret, _ = snippet("a" * 500 + "X" + "b" * 500, 500).split("\n")
    assert line.startswith("...a")
    assert line.endswith("b...")
    assert line[caret.index("^")] == "X"
    assert len(line) <= 164


def test_a_problem_tells_its_way_through_the_file() -> None:
    """The verbose text names every step, counted from 0."""
    assert problem().text() == (
        "In rules content: (f.yaml:0:0)\n"
        "    rule 'R': (f.yaml:0:2)\n"
        "------\nabc\n  ^\n------\n"
        "LOAD_ERR_VALIDATE (Error validating rule/macro/list/exception objects): it is wrong\n"
        "hint: mend it\n"
    )


def test_a_problem_as_json_has_context_place_and_hint() -> None:
    """Errors describe their code in short, warnings at length."""
    found = problem().as_json()
    assert found["codedesc"] == ERRORS["LOAD_ERR_VALIDATE"]
    assert found["context"] == {
        "locations": [
            {
                "item_type": "rules content",
                "item_name": "",
                "position": {"name": "f.yaml", "line": 0, "column": 0, "offset": 0},
            },
            {
                "item_type": "rule",
                "item_name": "R",
                "position": {"name": "f.yaml", "line": 0, "column": 2, "offset": 2},
            },
        ],
        "snippet": "abc\n  ^\n",
    }
    assert found["place"] == {"file": "f.yaml", "line": 1, "column": 3}
    assert found["hint"] == "mend it"
    assert "." in str(problem("LOAD_UNUSED_LIST").as_json()["codedesc"])


def test_a_place_in_a_condition_is_shown_in_the_condition() -> None:
    """The location is named after the condition's beginning; its line and column are added to the parent's."""
    (error,) = result(TEXT).errors
    last = error.context.locations[-1]
    assert last.item_type == "condition expression"
    assert last.name == '"evt.type = open a..."'
    assert (last.line, last.column) == (2 + 1, 13 + 21)
    assert error.context.snippet() == "evt.type = open and proc.nme = x\n                    ^\n"


def test_people_are_told_the_place_in_the_file() -> None:
    """Counted from 1, however far the condition is from its key."""
    where = result(rule(">\n    evt.type = open and\n    proc.nme = x")).errors[0].context.where()
    assert (where.line, where.column, where.line_text.strip()) == (5, 5, "proc.nme = x")


def test_a_place_beyond_the_text_is_its_end() -> None:
    """Nothing is read past it."""
    place = Place("f", "ab\r\ncd", 99)
    assert (place.line, place.column, place.line_text) == (2, 3, "cd")
    assert Place("f", "ab\r\ncd", 0).line_text == "ab"


def test_the_verdict_names_the_codes() -> None:
    """One line for the file, one for each kind of problem."""
    found = FileResult("f.yaml")
    assert (found.summary(), found.successful) == ("f.yaml: Ok", True)
    found.add(problem("LOAD_UNUSED_LIST"))
    assert found.summary() == "f.yaml: Ok, with warnings\n 1 warnings: [LOAD_UNUSED_LIST (Unused list)]"
    found.add(problem())
    assert not found.successful
    assert found.summary().startswith("f.yaml: Invalid\n 1 errors: [LOAD_ERR_VALIDATE (")
    assert "1 Errors:\nIn rules content" in found.verbose()
    assert "1 Warnings:\nIn rules content" in found.verbose()
    assert found.as_json()["successful"] is False


@pytest.mark.parametrize("code", ["LOAD_ERR_VALIDATE", "LOAD_UNUSED_LIST"])
def test_problems_beyond_the_limit_are_only_counted(code: str) -> None:
    """A file of a million mistakes does not fill the memory."""
    found = FileResult("f.yaml")
    for _ in range(MAX_PROBLEMS + 7):
        found.add(problem(code))
    assert len(found.errors) + len(found.warnings) == MAX_PROBLEMS
    assert found.omitted == 7
