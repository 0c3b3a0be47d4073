from __future__ import annotations

import json

import pytest

import tercel
from tercel.cli.main import main


def test_versions_are_printed_as_text_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON has Falco's names."""
    assert main(["version"]) == 0
    assert f"Tercel version: {tercel.__version__}" in capsys.readouterr().out
    assert main(["version", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["falco_version"] == tercel.__version__
    assert value["engine_version_semver"].endswith(f".{value['engine_version']}.0")
