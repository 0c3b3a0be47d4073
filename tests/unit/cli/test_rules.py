"""The command that checks rules files."""

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
