"""Explanations of what was recorded: every alert that Falco gave is explained as a match, on the real captures."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tercel.api import Capture
from tercel.cli.rules_support import load
from tercel.rules.explain import Explainer
from tercel.rules.explain_text import explanation_text
from tests.e2e.command import run_main
from tests.paths import HAS_SHARED, ROOT, SHARED

if TYPE_CHECKING:
    from tercel.rules.rule import Rule

CAPTURES = SHARED / "captures"
RULES = SHARED / "compat" / "rules-2025"
SAMPLE = str(ROOT / "examples" / "attack-container.scap.gz")


def names(kind: str) -> list[str]:
    """Return the captures whose alerts were recorded with a set of rules."""
    return [path.name.split(".")[0] for path in sorted(CAPTURES.glob(f"*.{kind}.jsonl.gz"))] if HAS_SHARED else []


def alerts(name: str, kind: str) -> Counter[tuple[int, str]]:
    """Return how often each rule was recorded at each time."""
    with gzip.open(CAPTURES / f"{name}.{kind}.jsonl.gz", "rt", encoding="utf-8", errors="surrogateescape") as lines:
        found = [json.loads(line) for line in lines]
    return Counter((alert["output_fields"]["evt.time"], alert["rule"]) for alert in found)


def rules_of(kind: str) -> list[str]:
    """Return the rules files of a set."""
    parts = [""] if kind == "default" else ["", "-incubating", "-sandbox"]
    return [str(RULES / f"falco{part}_rules.yaml") for part in parts]


def explained(path: Path, loader_files: list[str], wanted: Counter[tuple[int, str]]) -> Counter[tuple[int, str]]:
    """Return the (time, rule) of a capture whose explanations say that the rule matches and is not shadowed."""
    loader = load(loader_files)
    explainer = Explainer(loader)
    by_name: dict[str, Rule] = {rule.name: rule for rule in loader.rules}
    by_time: dict[int, list[Rule]] = {}
    for time, name in wanted:
        by_time.setdefault(time, []).append(by_name[name])
    found: Counter[tuple[int, str]] = Counter()
    with Capture(str(path)) as capture:
        capture.machine.keeps_entries = any(rule.exit_only for rule in loader.rules)
        for ctx in capture.contexts():
            for rule in by_time.get(ctx.event.ts, ()):
                explanation = explainer.explain(rule, ctx)
                assert explanation.matches == (explanation.root is not None and rule.filter.matches(ctx))
                assert explanation_text(explanation).endswith("matches") == explanation.matches
                if explanation.matches and not explanation.shadowed_by:
                    found[ctx.event.ts, rule.name] += 1
    return found


@pytest.mark.compat
@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", names("default"))
def test_every_recorded_alert_is_explained_as_a_match(name: str) -> None:
    """At its event, with no earlier rule before it; no other event of that time is."""
    wanted = alerts(name, "default")
    assert explained(CAPTURES / f"{name}.scap.gz", rules_of("default"), wanted) == wanted


def test_the_events_of_the_alerts_that_a_run_gives_can_be_looked_up() -> None:
    """From an alert to its explanation by the number that it prints."""
    words = ["run", "-e", SAMPLE, "-o", "json_output=true", "-o", "append_output[0].extra_output=%evt.num"]
    alert = json.loads(run_main(*words).lines[0])
    done = run_main(
        "rules", "explain", SAMPLE, "--event", str(alert["output_fields"]["evt.num"]), "--rule", alert["rule"]
    )
    assert done.status == 0
    assert done.lines[-1].endswith("the rule matches")


def test_summaries_count_what_a_run_detects() -> None:
    """The first match that each rule's line names is one, and the explanation of the rule begins with it."""
    done = run_main("rules", "explain", SAMPLE, "--json")
    rules = {found["rule"]: found for found in json.loads(done.out)["rules"]}
    found = rules["Shell started by a service"]
    assert found["matched"] == 6
    one = json.loads(run_main("rules", "explain", SAMPLE, "--json", "--rule", "Shell started by a service").out)
    assert one["first_match"]["event"]["num"] == found["first_match"]
    assert one["events"] == one["matched"] + sum(part["failed"] for part in one["parts"])
