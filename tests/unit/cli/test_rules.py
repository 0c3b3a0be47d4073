"""The command that looks at rules: checking files, and the options of the other actions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tercel.cli.main import main
from tests.unit.rules.files import rule


def check(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Run the command; return its status and what it printed."""
    status = main(["rules", "check", *words])
    return status, capsys.readouterr().out


def test_a_good_file_ends_with_status_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A closing line says what was looked at."""
    (tmp_path / "r.yaml").write_text(rule())
    assert check(capsys, str(tmp_path / "r.yaml")) == (0, "1 file: 0 errors, 0 warnings\n")


def test_a_mistake_is_shown_and_ends_with_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """File, line and column, the line, and the nearest name."""
    path = tmp_path / "r.yaml"
    path.write_text(rule("evt.type = open and proc.nme = x"))
    status, text = check(capsys, str(path))
    assert status == 1
    assert text.startswith(f"{path}:3:34: error: ")
    assert "did you mean 'proc.name'?" in text


def test_a_directory_is_loaded_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Later files may use what earlier ones define."""
    (tmp_path / "a.yaml").write_text("- macro: m\n  condition: fd.num = 1\n")
    (tmp_path / "b.yaml").write_text(rule("evt.type = open and m"))
    assert check(capsys, str(tmp_path))[1].endswith("2 files: 0 errors, 1 warning\n")


def test_results_may_be_had_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As `run -V` prints them."""
    (tmp_path / "r.yaml").write_text("- foo\n")
    status, text = check(capsys, "--json", str(tmp_path / "r.yaml"))
    assert status == 1
    assert json.loads(text)["falco_load_results"][0]["successful"] is False


def test_warnings_may_count_as_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For checks that shall keep a repository clean."""
    (tmp_path / "r.yaml").write_text("- list: l\n  items: [a]\n")
    assert check(capsys, str(tmp_path / "r.yaml"))[0] == 0
    assert check(capsys, "--warnings-as-errors", str(tmp_path / "r.yaml"))[0] == 1


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is reported with the others."""
    status, text = check(capsys, str(tmp_path / "none.yaml"))
    assert status == 1
    assert "No such file or directory" in text


def test_files_may_be_given_as_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As the other commands take them; these come first."""
    (tmp_path / "a.yaml").write_text(rule("evt.type = open"))
    (tmp_path / "b.yaml").write_text("- rule: R\n  enabled: true\n  override: {enabled: replace}\n")
    assert check(capsys, str(tmp_path / "b.yaml"), "-r", str(tmp_path / "a.yaml")) == (
        0,
        "2 files: 0 errors, 0 warnings\n",
    )


def test_without_a_file_there_is_nothing_to_check(capsys: pytest.CaptureFixture[str]) -> None:
    """The message says what is missing and where help is to be had."""
    assert main(["rules", "check"]) == 1
    assert capsys.readouterr().err == "Error: name a rules file to check\nTry 'tercel rules check --help'.\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "the following arguments are required: ACTION"),
        (("explain",), "the following arguments are required: CAPTURE"),
        (("explain", "c", "--event", "x"), "argument --event: 'x' is not a number"),
        (("explain", "c", "--event", "-1"), "argument --event: '-1' is not a number"),
        (("explain", "c", "--event", "\u0663"), "is not a number"),
        (("profile", "c", "--top", "9" * 5000), "is not a number"),
        (("profile", "c", "--sort", "size"), "argument --sort: invalid choice"),
    ],
)
def test_a_wrong_option_ends_with_status_1(
    words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line, and a second one about help."""
    with pytest.raises(SystemExit) as end:
        main(["rules", *words])
    assert end.value.code == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("Error: ")
    assert message in lines[0]
    assert lines[1].startswith("Try 'tercel rules")


@pytest.mark.parametrize("action", ["explain", "profile"])
def test_mistakes_are_told_in_one_place(action: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever keeps the command from its work: status 1 and a message."""
    assert main(["rules", action, "-r", str(tmp_path / "none.yaml"), "c"]) == 1
    assert capsys.readouterr().err == f"Error: rules file or directory '{tmp_path}/none.yaml' does not exist\n"
