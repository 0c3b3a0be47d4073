from __future__ import annotations

import json

from tercel.sensor.doctor.check import Finding
from tercel.sensor.doctor.report import report_json, report_text, verdict

FINE = Finding("kernel", "Kernel", "ok", "6.1", "")
DEAR = Finding("clock", "Clock that is slow", "warn", "hpet\nforged", "It costs " + "very " * 30 + "much.")
LOST = Finding("btf", "Types", "fail", "not there", "Nothing runs.")


def test_the_table_shows_status_finding_and_price() -> None:
    """Long prices are wrapped below what they belong to; no value forges a line."""
    lines = report_text([FINE, DEAR, LOST]).splitlines()
    assert lines[0] == "ok    Kernel              6.1"
    assert lines[1] == r"warn  Clock that is slow  hpet\nforged"
    assert lines[2].startswith(" " * 26 + "It costs very")
    assert "fail  Types               not there" in lines
    assert " " * 26 + "Nothing runs." in lines
    assert lines[-1] == "Live capture cannot run here: Types."
    assert max(map(len, lines)) <= 100


def test_the_verdict_names_what_is_missing() -> None:
    """Warnings do not count."""
    assert verdict([FINE, DEAR]) == "Live capture can run here."
    assert report_text([]).endswith("Live capture can run here.")


def test_the_json_has_every_finding() -> None:
    """For scripts."""
    value = json.loads(json.dumps(report_json([FINE, LOST])))
    assert value["live_capture"] is False
    assert value["checks"][1] == {
        "name": "btf",
        "title": "Types",
        "status": "fail",
        "found": "not there",
        "costs": "Nothing runs.",
    }
