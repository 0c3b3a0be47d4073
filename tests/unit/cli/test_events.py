"""`tercel events`."""

from __future__ import annotations

import json

import pytest

from tercel.cli.main import main


@pytest.mark.parametrize("options", [[], ["--markdown"]])
def test_events_are_listed(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """As text or Markdown."""
    assert main(["events", *options]) == 0
    assert "openat" in capsys.readouterr().out


def test_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    """With the version of the event table."""
    assert main(["events", "--format", "json"]) == 0
    assert "schema_version" in json.loads(capsys.readouterr().out)
