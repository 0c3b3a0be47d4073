from __future__ import annotations

from pathlib import Path

from tercel.cli.support import support_report
from tercel.sensor.config_load import config_of_options
from tests.unit import samples


def test_the_report_holds_configuration_and_rules(tmp_path: Path) -> None:
    """A file that cannot be read says why."""
    report = support_report(config_of_options(["priority=error"]), [samples.rules(tmp_path), "/nowhere.yaml"])
    assert report["config"] == {"priority": "error"}
    files = report["rules_files"]
    assert isinstance(files, list)
    assert files[0]["variants"] == [{"content": samples.RULES}]
    assert files[1]["variants"] == [{"content": "<No such file or directory>"}]
