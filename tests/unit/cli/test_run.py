from __future__ import annotations

from pathlib import Path

import pytest

from tercel.cli.main import main
from tests.unit import samples


def test_rules_applied_to_a_capture_give_alerts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The shortest way: rules and a capture."""
    assert main(["run", "-r", samples.rules(tmp_path), "-e", samples.capture(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines()[:2] == [samples.OPENED, samples.FAILED]
