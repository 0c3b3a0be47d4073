"""Results for people."""

from __future__ import annotations

import json

from tercel.rules.report import friendly, validation_json, validation_text
from tests.unit.rules.files import loaded, rule

FIRST_LINE = (
    "0.yaml:3:34: error: filter_check called with nonexistent field proc.nme (in rule 'My rule') "
    "[LOAD_ERR_COMPILE_CONDITION]"
)


def test_a_problem_is_shown_at_its_place_with_a_hint() -> None:
    """The line itself, a caret, and the items that it is in."""
    text = friendly(loaded(rule("evt.type = open and proc.nme = x", "My rule")).results)
    assert text.splitlines() == [
        FIRST_LINE,
        "      condition: evt.type = open and proc.nme = x",
        "                                     ^",
        "    hint: did you mean 'proc.name'?",
        "1 file: 1 error, 0 warnings",
    ]


def test_the_place_is_not_said_twice() -> None:
    """Messages of the parser hold it, too."""
    first = friendly(loaded("a: b: c").results).splitlines()[0]
    assert first == "0.yaml:1:5: error: illegal map value [LOAD_ERR_YAML_PARSE]"


def test_problems_come_in_the_order_of_the_file() -> None:
    """Whatever stage found them."""
    text = friendly(loaded(rule("evt.type = opne", "A") + "- foo\n" + rule(output="'%x'", name="B")).results)
    lines = [line.split(":")[1] for line in text.splitlines() if line.startswith("0.yaml:")]
    assert lines == sorted(lines, key=int)


def test_warnings_that_say_the_same_are_summed_up() -> None:
    """The first few are shown."""
    text = friendly(loaded("".join(rule("evt.type = open and evt.dir = <", f"R{n}") for n in range(10))).results)
    assert "7 more of this kind" in text
    assert text.endswith("1 file: 0 errors, 10 warnings")


def test_a_long_line_is_cut_around_the_place() -> None:
    """And nothing in it moves the terminal's cursor."""
    text = friendly(loaded(rule("'evt.type = open" + " and proc.name = y" * 200 + " and proc.nme = x\t'")).results)
    line, caret = text.splitlines()[1:3]
    assert len(line) < 200
    assert line[caret.index("^") :].startswith("proc.nme")
    assert friendly(loaded('- "\\e[31m": x\n').results).isascii()


def test_a_file_with_too_many_problems_tells_how_many_are_left_out() -> None:
    """The count is complete."""
    assert "0.yaml: 100 more problems" in friendly(loaded("- x\n" * 600).results)


def test_validation_prints_one_verdict_after_the_other() -> None:
    """In short, in full, and as JSON."""
    results = loaded(rule(), "- foo\n").results
    assert validation_text(results).startswith("0.yaml: Ok\n1.yaml: Invalid\n 1 errors: [LOAD_ERR_YAML_VALIDATE (")
    assert "In rules content: (1.yaml:0:0)" in validation_text(results, verbose=True)
    found = json.loads(validation_json(results, {"rules": []}))
    assert [result["successful"] for result in found["falco_load_results"]] == [True, False]
    assert found["falco_describe_results"] == {"rules": []}
    assert "falco_describe_results" not in json.loads(validation_json(results))
