from __future__ import annotations

from pathlib import Path

import tercel
from tercel.sensor.statistics import detection_summary
from tests.unit import samples
from tests.unit.sensor.test_sensor import SUMMARY


def test_the_summary_counts_by_severity_and_by_rule(tmp_path: Path) -> None:
    """The most severe first, rules in the order of their definition; what never matched is left out."""
    rules = tercel.load_rules(samples.rules(tmp_path))
    with tercel.open_capture(samples.capture(tmp_path)) as capture:
        assert len(list(rules.alerts(capture))) == 2
    assert detection_summary(rules.ruleset) == SUMMARY


def test_a_run_without_detections_has_a_summary_too(tmp_path: Path) -> None:
    """Scripts look for the first line."""
    rules = tercel.load_rules(samples.rules(tmp_path))
    assert detection_summary(rules.ruleset).startswith("Events detected: 0\n")
