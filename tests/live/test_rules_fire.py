"""Every rule on system calls fires when somebody really does what it looks for, on this machine, now."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.live.attacks.action import Action
from tests.live.attacks.catalogue import ACTIONS, BOOK_RULES, OUT_OF_REACH, rule_names, rules_files
from tests.live.attacks.perform import Record, perform
from tests.live.attacks.stage import cgroup_roots
from tests.live.sensor import CONFIG, needs_live
from tests.paths import needs_shared

# All actions are done before the first test asks for its alert.
pytestmark = pytest.mark.timeout(180)

# No alert waits for the next turn of anything: bench/live measures how soon they come when nothing else runs.
MILLISECONDS = 500.0
ENOUGH = 100

_FIELD = re.compile(r"%([a-z0-9_.]+(?:\[[^]]*\])?)")


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    """Everything done once, and all alerts."""
    yield perform(tmp_path_factory.mktemp("live"))
    left = [str(root) for root in cgroup_roots() if (root / "docker").exists()]
    assert left == [], "cgroups were left behind"


def rows() -> list[object]:
    """Return one parameter for each action; what the sensor cannot see yet is expected to fail."""
    return [
        pytest.param(
            action,
            id=action.slug,
            marks=[pytest.mark.xfail(reason=action.awaits, raises=AssertionError)] if action.awaits else [],
        )
        for action in ACTIONS
    ]


@needs_live
@needs_shared
@pytest.mark.parametrize("action", rows())
def test_the_rule_fires(action: Action, record: Record) -> None:
    """An alert of the rule came from the action, and its fields say what was done and by whom."""
    if action.missing():
        pytest.skip(f"needs {', '.join(action.missing())}")
    assert record.verdict(action) == ""


@needs_live
def test_alerts_come_at_once(record: Record) -> None:
    """From the call to the line that a program reads nothing sleeps that would have to be woken by something else."""
    assert len(record.alerts) >= ENOUGH
    assert record.delay(0.99) < MILLISECONDS, f"half of them within {record.delay(0.5):.2f} ms"


@needs_live
def test_the_sensor_ends_well(record: Record) -> None:
    """An interrupt is how a sensor is stopped: it is no error."""
    assert record.status == 0, record.log


@needs_shared
def test_every_rule_has_an_action_or_a_reason() -> None:
    """No rule is forgotten, and none is both within reach and out of it."""
    names, acted, out = set(rule_names()), {row.rule for row in ACTIONS}, {row.rule for row in OUT_OF_REACH}
    assert names == acted | out
    assert acted & out == set()


def test_actions_are_told_apart() -> None:
    """Alerts are told apart by the working directory: no two actions share one."""
    slugs = [action.slug for action in ACTIONS]
    assert len(slugs) == len(set(slugs))


@needs_shared
def test_what_is_expected_is_printed() -> None:
    """A field that no output shows could never be as expected."""
    outputs = {
        item["rule"]: item["output"]
        for path in rules_files()
        for item in yaml.safe_load(path.read_text())
        if "rule" in item
    }
    added = set(_FIELD.findall(CONFIG["append_output"][0]["extra_output"]))
    unseen = {a.slug: set(a.expects) - added - set(_FIELD.findall(outputs[a.rule])) for a in ACTIONS}
    assert {slug: fields for slug, fields in unseen.items() if fields} == {}


def test_the_book_s_rules_name_no_others() -> None:
    """A rule of the same name in another file would take the place of the book's."""
    own = [item["rule"] for item in yaml.safe_load(BOOK_RULES.read_text()) if "rule" in item]
    others = {
        item.get("rule")
        for path in rules_files()
        if path != BOOK_RULES
        for item in yaml.safe_load(Path(path).read_text())
    }
    assert set(own) & others == set()
    assert len(own) == len(set(own))
