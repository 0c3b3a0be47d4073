from __future__ import annotations

from pathlib import Path

import pytest

from tercel.sensor.doctor.check import Check, can_run, examine_all
from tercel.sensor.doctor.checks import CHECKS
from tercel.sensor.doctor.context import Context
from tests.unit.sensor.doctor.trees import machine


def test_names_are_used_once() -> None:
    """Scripts find a check by its name."""
    assert len({check.name for check in CHECKS}) == len(CHECKS)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_every_price_is_a_sentence(check: Check) -> None:
    """A check that can fail says what that costs, itself or in its answer."""
    assert check.costs == "" or check.costs.endswith(".")
    assert not check.fatal or check.costs


def test_a_machine_without_types_cannot_run_and_says_why(tmp_path: Path) -> None:
    """Everything else is still told."""
    findings = examine_all(CHECKS, machine(tmp_path, {"/sys/kernel/btf/vmlinux": None}))
    assert len(findings) == len(CHECKS)
    assert not can_run(findings)
    assert {"btf", "tracepoints"} <= {finding.name for finding in findings if finding.status == "fail"}


def test_an_empty_tree_is_examined_to_the_end(tmp_path: Path) -> None:
    """Nothing that is missing stops the doctor."""
    findings = examine_all(CHECKS, Context(str(tmp_path), ""))
    assert len(findings) == len(CHECKS)
    assert all(finding.found for finding in findings)


def test_this_machine_is_examined() -> None:
    """The real trees and calls."""
    assert len(examine_all(CHECKS, Context())) == len(CHECKS)
