"""Profiles of the real captures: they count the alerts that were recorded."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from tests.e2e.command import run_main
from tests.e2e.test_rules_explain import CAPTURES, SAMPLE, alerts, names, rules_of


@pytest.mark.compat
@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", names("all"))
def test_matches_are_the_alerts_that_were_recorded(name: str) -> None:
    """With every rule asked about every event of its types, as the recording was made."""
    words = [word for path in rules_of("all") for word in ("-r", path)]
    done = run_main("rules", "profile", *words, str(CAPTURES / f"{name}.scap.gz"), "--json")
    assert (done.status, done.err) == (0, "")
    rules = json.loads(done.out)["rules"]
    wanted: Counter[str] = Counter()
    for (_, rule), count in alerts(name, "all").items():
        wanted[rule] += count
    assert Counter({rule["rule"]: rule["matched"] for rule in rules if rule["matched"]}) == wanted
    for rule in rules:
        assert rule["evaluated"] - rule["matched"] == sum(part["ruled_out"] for part in rule["parts"]), rule["rule"]


def test_what_is_not_shadowed_is_what_a_run_reports() -> None:
    """A run stops at the first rule that matches an event."""
    value = json.loads(run_main("rules", "profile", SAMPLE, "--json").out)
    first = {rule["rule"]: rule["matched"] - rule["shadowed"] for rule in value["rules"]}
    summary = run_main("run", "-e", SAMPLE).lines
    counts = summary[summary.index("Triggered rules by rule name:") + 1 :]
    reported = {line.strip().rsplit(": ", 1)[0]: int(line.rsplit(": ", 1)[1]) for line in counts}
    assert reported == {name: count for name, count in first.items() if count}
