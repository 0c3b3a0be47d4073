"""Loading files one after the other."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.filters.canonical import canonical
from tercel.filters.evaluate import All, Negation
from tercel.filters.scalars import MemberOf
from tercel.rules import RuleLoader, RulesFile, load_rules, read_rules_file, rules_files_in
from tercel.rules.versions import Version
from tests.unit.rules.files import loaded, registry, rule


def test_a_file_that_cannot_be_read_has_an_error(tmp_path: Path) -> None:
    """Missing, a directory, or a name that no file can have."""
    for path in (str(tmp_path / "none"), str(tmp_path), "a\0b"):
        result = load_rules([read_rules_file(path)], registry()).results[0]
        assert [problem.code for problem in result.errors] == ["LOAD_ERR_FILE_READ"]
        assert result.verbose()


def test_a_file_is_read_as_bytes(tmp_path: Path) -> None:
    """Decoding is part of loading."""
    (tmp_path / "r.yaml").write_bytes(b"- list: \xff\n")
    result = load_rules([read_rules_file(str(tmp_path / "r.yaml"))], registry()).results[0]
    assert [problem.code for problem in result.errors] == ["LOAD_ERR_YAML_PARSE"]


def test_fifty_megabytes_of_rules_are_refused(tmp_path: Path) -> None:
    """No more of the file is read than the limit."""
    path = tmp_path / "big.yaml"
    path.write_bytes(rule().encode() * (50_000_000 // len(rule())))
    file = read_rules_file(str(path))
    assert len(file.content) < 17 << 20
    assert "longer than 16 MiB" in load_rules([file], registry()).results[0].errors[0].message


def test_a_directory_stands_for_its_rules_files(tmp_path: Path) -> None:
    """In the order of their names; other files are left out."""
    for name in ("b.yaml", "a.yml", "c.txt"):
        (tmp_path / name).write_text("")
    (tmp_path / "d.yaml").mkdir()
    assert rules_files_in(str(tmp_path)) == [str(tmp_path / "a.yml"), str(tmp_path / "b.yaml")]
    assert rules_files_in("x") == ["x"]


def test_a_failing_file_leaves_the_former_rules_in_force() -> None:
    """Its definitions stay known, so that the next file can be checked."""
    loader = loaded(rule(name="A"), rule("nonsense ==", "B"), "- rule: B\n  append: true\n  condition: and x\n")
    assert [result.successful for result in loader.results] == [True, False, True]
    assert [found.name for found in loader.rules] == ["A"]
    assert not loader.successful


def test_a_later_file_may_break_an_earlier_rule() -> None:
    """The error is the later file's, its context the earlier one's."""
    loader = loaded(
        "- macro: m\n  condition: fd.num = 1\n" + rule("m and evt.type = open"), "- macro: m\n  condition: n\n"
    )
    assert loader.results[0].successful
    assert loader.results[1].errors[0].message == "Undefined macro 'n' used in filter."
    loader = loaded(rule(), "- rule: R\n  append: true\n  condition: or\n")
    assert loader.results[1].errors[0].context.file == "0.yaml"


def test_a_problem_is_reported_with_one_file_only() -> None:
    """Although all rules are compiled for every file."""
    loader = loaded(rule("proc.name = x"), rule("evt.type = open", "B"))
    assert [len(result.warnings) for result in loader.results] == [1, 0]


def test_required_plugins_have_to_be_there() -> None:
    """What their fields would have meant is no mistake of its own."""
    needed = "- required_plugin_versions: [{name: clouds, version: 1.0.0}]\n" + rule(
        "cloud.name = x", output="'%cloud.name'"
    )
    result = loaded(needed).results[0]
    assert [problem.code for problem in result.errors] == ["LOAD_ERR_VALIDATE"]
    assert "must load one of: clouds (>= 1.0.0)" in result.errors[0].message
    assert loaded("- required_plugin_versions: [{name: container, version: 0.4.0}]\n").successful


def test_the_caller_says_which_plugins_there_are() -> None:
    """By name and version."""
    loader = RuleLoader({"syscall": registry()}, plugins={"clouds": Version(1, 2, 0)})
    assert loader.load(RulesFile("f", "- required_plugin_versions: [{name: clouds, version: 1.0.0}]\n")).successful


@pytest.mark.parametrize("field", ["proc.name", "proc.aname[2]", "len(proc.name)", "evt.arg.flags"])
def test_exceptions_take_any_field_expression(field: str) -> None:
    """With arguments and transformers."""
    value = "1" if field.startswith("len") else "x"
    exception = f'exceptions: [{{name: e, fields: ["{field}"], values: [["{value}"]]}}]'
    assert loaded(rule(more=exception)).successful


def test_five_hundred_rules_load_at_once() -> None:
    """Each of them with a condition of its own."""
    text = "".join(rule(f"evt.type = open and proc.name = x{n}", f"R{n}", "%proc.name") for n in range(500))
    assert len(loaded(text.replace("output: %", "output: x %")).rules) == 500


def test_thousands_of_rules_with_mistakes_all_have_their_places() -> None:
    """As many problems are kept as the limit says, the others are counted."""
    good = "- macro: m\n  condition: fd.num > 0\n- list: l\n  items: [a, b]\n"
    bad = rule("m and proc.nme = x and evt.type = opne", "bad")
    text = good
    lines: list[int] = []
    for number in range(1500):
        if number % 3 == 0:
            lines.append(text.count("\n") + 3)
            text += bad.replace("bad", f"B{number}")
        else:
            text += rule("m and evt.type = open and proc.name in (l)", f"G{number}", output="of %proc.name")
    result = loaded(text).results[0]
    assert len(result.errors) == 500
    assert result.omitted == 500
    places = [(problem.context.where().line, problem.context.where().column) for problem in result.errors]
    assert places == [(line, column) for line in lines[:250] for column in (20, 48)]
    assert {problem.message for problem in result.errors} == {
        "filter_check called with nonexistent field proc.nme",
        "unknown event type opne",
    }


def test_equal_checks_of_thousands_of_rules_are_one_object() -> None:
    """Across rules, macros and exceptions, and whichever events a rule sees."""
    exits = "- required_engine_version: 0.60.0\n"
    more = "exceptions:\n  - name: e\n    fields: proc.pname\n    comps: in\n    values: [b, a]"
    plain = "".join(rule(f"evt.type = open and proc.pname in (a, b) and fd.num = {n}", f"P{n}") for n in range(1000))
    excepted = "".join(rule(f"evt.type = close and fd.num > {n}", f"E{n}", more=more) for n in range(1000))
    loader = loaded(plain, exits + excepted)
    checks = {
        id(term)
        for found in loader.rules
        if isinstance(found.filter.predicate, All)
        for outer in found.filter.predicate.terms
        for term in (outer.term if isinstance(outer, Negation) else outer,)
        if isinstance(term, MemberOf)
    }
    assert len(loader.rules) == 2000
    assert len(checks) == 1


def test_the_collector_runs_again_after_loading() -> None:
    """Whatever came of it."""
    assert gc.isenabled()
    loaded(rule(), "- rule: [", "x")
    assert gc.isenabled()


def test_a_macro_tower_of_thousands_of_levels_is_loaded() -> None:
    """Nothing on the way recurses; the rules that stand on every level share what is below."""
    floors = ["- macro: m0\n  condition: evt.type = open\n"]
    floors += [f"- macro: m{n}\n  condition: not m{n - 1} and fd.num != {n}\n" for n in range(1, 3000)]
    rules = [rule(f"evt.type = open and m{n}", f"R{n}") for n in range(0, 3000, 500)]
    loader = loaded("".join(floors + rules))
    assert [found.name for found in loader.rules] == [f"R{n}" for n in range(0, 3000, 500)]


ITEMS = st.sampled_from(
    (
        *("- list: a\n  items: [x, y]\n", "- list: b\n  items: [a, z]\n", "- list: x\n  items: [v, w]\n"),
        *("- list: a\n  items: [q]\n  override: {items: append}\n", "- list: c d\n  items: [e]\n"),
        *("- macro: m\n  condition: proc.name in (a)\n", "- macro: n\n  condition: m or proc.name = x\n"),
        *("- macro: m\n  condition: evt.dir = <\n", "- macro: o\n  condition: proc.nme = x\n"),
        *(rule("evt.type = open and proc.name = x", "P"), rule("evt.type = open and m", "Q"), rule("n and not m", "R")),
        *(rule("evt.type = open and proc.pname in (b, y)", "S"), rule("proc.name = c d", "T"), rule("o", "U")),
        *("- rule: Q\n  enabled: false\n", "- rule: P\n  condition: and m\n  append: true\n"),
        "- rule: Q\n  exceptions:\n    - {name: e, fields: proc.name, values: [x]}\n  override: {exceptions: append}\n",
        "- required_engine_version: 0.60.0\n",
    )
)


def state(loader: RuleLoader) -> tuple[object, ...]:
    """Return everything that shows of what a loader has loaded."""
    rules = [
        (found.name, found.enabled, canonical(found.condition), found.event_ids) for found in loader.compiled.rules
    ]
    return [found.as_json() for found in loader.results], rules, loader.compiled.lists.used, loader.compiled.macros.used


@given(st.lists(st.lists(ITEMS, max_size=4).map("".join), min_size=2, max_size=5))
def test_files_that_only_add_give_the_same_as_compiling_everything_anew(texts: list[str]) -> None:
    """Whoever asks for the rules between two files has everything compiled anew with the next one."""
    step_by_step = RuleLoader({"syscall": registry()})
    anew = RuleLoader({"syscall": registry()})
    for number, text in enumerate(texts):
        step_by_step.load(RulesFile(f"{number}.yaml", text))
        assert len(anew.rules) == len(anew.compiled.rules)
        anew.load(RulesFile(f"{number}.yaml", text))
        assert state(step_by_step)[:2] == state(anew)[:2]
    if step_by_step.results[-1].successful:
        assert state(step_by_step) == state(anew)


def test_a_list_that_is_named_like_an_earlier_word_changes_what_that_means() -> None:
    """Lists are put in place of their names wherever these stand."""
    files = (rule("evt.type = open and proc.name in (cat)"), "- list: cat\n  items: [lion, tiger]\n", rule(name="S"))
    loader = loaded(*files)
    assert "(lion, tiger)" in canonical(loader.rules[0].condition)


def test_rules_that_were_handed_out_are_not_those_of_the_next_state() -> None:
    """What switches them off does so for its own set of rules."""
    loader = loaded(rule(name="A"))
    (first,) = loader.rules
    first.enabled = False
    loader.load(RulesFile("more.yaml", rule(name="B")))
    assert [(found.name, found.enabled) for found in loader.rules] == [("A", True), ("B", True)]
