"""Rules that no longer name a direction raise the alerts that the older rules raised."""

from __future__ import annotations

import gzip
import json
from collections import Counter

import pytest

import tercel
from tests.paths import SHARED

pytestmark = pytest.mark.compat

CAPTURES = SHARED / "captures"
RULES = SHARED / "compat" / "rules-2026" / "falco_rules.yaml"


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", ["attack-container", "attack-host", "shop"])
def test_the_rules_of_2026_see_each_attack_once(name: str) -> None:
    """Entries are hidden from them, and their exits know what the entries said: as many alerts as recorded."""
    rules = tercel.load_rules(str(RULES))
    with tercel.open_capture(str(CAPTURES / f"{name}.scap.gz")) as capture:
        found = Counter(alert.rule for alert in rules.alerts(capture))
    with gzip.open(CAPTURES / f"{name}.default.jsonl.gz", "rt") as file:
        recorded = Counter(json.loads(line)["rule"] for line in file)
    assert found == recorded
