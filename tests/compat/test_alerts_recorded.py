"""The alerts that Falco 0.40 gave for the recorded captures."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tercel.cli.main import main
from tests.paths import HAS_SHARED, SHARED

CAPTURES = SHARED / "captures"
CONFIG = SHARED / "compat" / "config" / "falco-2025.yaml"
RULES = SHARED / "compat" / "rules-2025"
COMPARED = ("time", "rule", "priority", "source", "output", "output_fields")

# What Falco 0.40 took from memory that it had not set, or had set for something else: there is nothing to be equal to.
# In the recorded formats the argument of these fields is missing, and Falco's memory chose one.
BARE = re.compile(r"proc\.a(?:name|exe|exepath|pid)=\S.*?(?=proc\.a(?:name|exe|exepath|pid)(?: \||$))")
# Behind a pointer's digits Falco went on into an older value of the same buffer.
STALE = re.compile(r"evt\.buffer=(?:NULL|[0-9A-F]+)(?=[. |]|$)[^|]*?(?= \||$)")
# A rule whose output begins with a field that lacks its argument.
BARE_RULE = "F21 intersects and exists"

pytestmark = [pytest.mark.compat, pytest.mark.slow]


def recorded() -> list[tuple[str, str]]:
    """Return (capture, set) for every recorded set of alerts."""
    if not HAS_SHARED:
        return []
    found = [path.name.split(".")[:2] for path in sorted(CAPTURES.glob("*.jsonl.gz"))]
    return [(name, kind) for name, kind in found if kind != "conditions"]


def rules_of(name: str, kind: str) -> list[Path]:
    """Return the rules files that a set was recorded with."""
    if kind == "default":
        return [RULES / "falco_rules.yaml"]
    if kind == "all":
        return [RULES / f"falco{part}_rules.yaml" for part in ("", "-incubating", "-sandbox")]
    return [CAPTURES / ("fields.yaml" if kind == "fields" else f"{name}.allfields.yaml")]


def comparable(alert: dict[str, Any]) -> dict[str, Any]:
    """Return what of an alert is compared."""
    kept = {key: alert[key] for key in COMPARED if key in alert}
    if kept["rule"] == BARE_RULE:
        return {key: kept[key] for key in ("time", "rule", "priority")}
    kept["output"] = STALE.sub("evt.buffer=", BARE.sub("", kept["output"]))
    return kept


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("name", "kind"), recorded())
def test_the_alerts_of_a_capture_are_those_of_falco(name: str, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Time, rule, priority, output and fields of every alert, in order; none missing, none extra."""
    words = ["run", "-c", str(CONFIG), "-e", str(CAPTURES / f"{name}.scap.gz"), "-o", "json_output=true"]
    words += ["-o", "priority=debug", "-o", "log_stderr=false"]
    words += ["-o", f"rule_matching={'first' if kind == 'default' else 'all'}"]
    for path in rules_of(name, kind):
        words += ["-r", str(path)]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    got = [comparable(json.loads(line)) for line in lines if line.startswith("{")]
    with gzip.open(CAPTURES / f"{name}.{kind}.jsonl.gz", "rt") as file:
        wanted = [comparable(json.loads(line)) for line in file]
    for number, (mine, theirs) in enumerate(zip(got, wanted, strict=False)):
        assert {key: mine.get(key) for key in theirs} == theirs, f"alert {number}"
    assert len(got) == len(wanted)
