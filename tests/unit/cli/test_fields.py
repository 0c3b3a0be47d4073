"""`tercel fields`."""

from __future__ import annotations

import json

import pytest

from tercel.cli.main import main


@pytest.mark.parametrize("options", [[], ["-v"], ["--markdown"], ["--format", "markdown", "-v"]])
def test_fields_are_listed(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """As text or Markdown."""
    assert main(["fields", *options]) == 0
    assert "proc.cmdline" in capsys.readouterr().out


def test_names_come_one_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """For scripts."""
    assert main(["fields", "-N"]) == 0
    assert "proc.cmdline" in capsys.readouterr().out.splitlines()


def test_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    """With classes, or with names alone."""
    assert main(["fields", "--json"]) == 0
    assert "fieldclasses" in json.loads(capsys.readouterr().out)
    assert main(["fields", "--json", "-N"]) == 0
    assert "proc.cmdline" in json.loads(capsys.readouterr().out)["fieldnames"]
