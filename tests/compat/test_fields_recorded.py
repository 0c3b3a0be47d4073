"""Every field has the value that Falco 0.40 printed, on sampled events and in the fields of its alerts."""

from __future__ import annotations

import pytest

from tercel.fields.registry import Registry
from tests.compat.recorded import CAPTURES, compare_json, compare_samples, summary

KINDS = ("default", "all", "fields")

pytestmark = [pytest.mark.compat, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def registry() -> Registry:
    """All fields of the syscall source."""
    return Registry.syscall()


def captures(pattern: str) -> list[str]:
    """Return the captures that have a recorded file of a kind; none where there is no recorded data."""
    return sorted(path.name.split(".")[0] for path in CAPTURES.glob(pattern))


@pytest.mark.parametrize("name", captures("*.allfields.yaml"))
def test_sampled_events_have_the_recorded_values(name: str, registry: Registry) -> None:
    """All printable fields of Falco 0.40, as text, on events of every kind that occurs."""
    differences = compare_samples(name, registry)
    assert not differences, summary(differences)


@pytest.mark.parametrize("name", captures("*.fields.jsonl.gz"))
def test_alerts_carry_the_recorded_values(name: str, registry: Registry) -> None:
    """The fields of alerts, with the types that JSON gives them."""
    differences = compare_json(name, KINDS, registry)
    assert not differences, summary(differences)
