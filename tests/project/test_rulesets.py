"""The rules that ship raise true alerts on the recorded attacks and none on ordinary work."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

from tests.paths import ROOT, SHARED, needs_shared

RULES = ROOT / "rulesets" / "tercel_rules.yaml"
EXAMPLE = ROOT / "examples" / "attack-container.scap.gz"

# How often each rule must speak about the sample: counted by hand from what the recorded workload did.
ATTACKS = {
    "Credential file read by an unexpected program": 25,
    "Shell started by a service": 6,
    "Standard stream tied to a connection in a container": 6,
    "Log file emptied": 3,
    "Program run from shared memory": 2,
    "Symbolic link to a guarded place": 2,
    "Data wiped in bulk": 2,
    "Process attached to another to change it": 2,
    "Program run from anonymous memory": 2,
    "Search for private keys or passwords": 2,
    "Search for AWS credentials": 2,
    "Packet socket in a container": 2,
    "Kernel module loaded from a container": 2,
    "Hard link to a guarded file": 1,
    "Process hides from debuggers": 1,
    "Control group release agent written in a container": 1,
}


def alerts(capture: Path) -> Counter[str]:
    """Replay a capture with the rules that ship and count the alerts by rule."""
    command = [sys.executable, "-m", "tercel", "run", "-e", str(capture), "-o", "json_output=true"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return Counter(json.loads(line)["rule"] for line in done.stdout.splitlines() if line.startswith("{"))


def test_the_rules_load_without_a_warning() -> None:
    """What ships is an example to its readers."""
    done = subprocess.run(
        [sys.executable, "-m", "tercel", "rules", "check", str(RULES)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "1 file: 0 errors, 0 warnings\n"), done.stdout + done.stderr


def test_every_rule_is_complete() -> None:
    """Each rule tells what it means, how grave it is and what it belongs to; all names are the project's own."""
    rules = [item for item in yaml.safe_load(RULES.read_text()) if "rule" in item]
    assert len(rules) == len({rule["rule"] for rule in rules}) == 25
    for rule in rules:
        assert rule.keys() >= {"desc", "condition", "output", "priority", "tags"}, rule["rule"]


@pytest.mark.timeout(60)
def test_the_sample_capture_raises_the_alerts_that_its_attacks_deserve() -> None:
    """What `make run` shows is true: every attack is named, nothing else is."""
    assert alerts(EXAMPLE) == ATTACKS


@needs_shared
@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", ["py", "web", "redis", "admin"])
def test_ordinary_work_raises_no_alert(name: str) -> None:
    """Rules that cry wolf are switched off by their users."""
    assert alerts(SHARED / "captures" / f"{name}.scap.gz") == {}
