"""Loading files one after the other."""

from __future__ import annotations

from pathlib import Path

import pytest

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
