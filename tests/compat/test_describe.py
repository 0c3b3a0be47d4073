"""The description of the rules of 2025 equals the one that Falco 0.40 gives."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from tercel.fields.registry import Registry
from tercel.rules import load_rules, read_rules_file
from tercel.rules.describe import describe_json
from tests.paths import SHARED

pytestmark = pytest.mark.compat

COMPAT = SHARED / "compat"
KINDS = ("rules", "macros", "lists")
# Arrays whose order means something; all others are sets that Falco prints in any order.
ORDERED = {"items", "items_compiled", "output_fields"}


@pytest.fixture(scope="module")
def ours() -> dict[str, Any]:
    """Describe the file of 2025."""
    file = read_rules_file(str(COMPAT / "rules-2025" / "falco_rules.yaml"))
    return json.loads(json.dumps(describe_json(load_rules([file], Registry.syscall()))))  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def theirs() -> dict[str, Any]:
    """Read what Falco said of it."""
    path = COMPAT / "sensor" / "describe-rules-2025.json.gz"
    return json.loads(gzip.decompress(path.read_bytes()))  # type: ignore[no-any-return]


def comparable(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry with its unordered arrays sorted."""
    return {
        part: {
            key: sorted(value) if isinstance(value, list) and key not in ORDERED else value
            for key, value in values.items()
        }
        for part, values in entry.items()
    }


def test_the_requirements_are_the_same(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """The keys of the whole, and what the file requires."""
    assert ours.keys() == theirs.keys()
    for key in set(theirs) - set(KINDS):
        assert ours[key] == theirs[key]


@pytest.mark.parametrize("kind", KINDS)
def test_the_items_are_the_same_in_the_same_order(ours: dict[str, Any], theirs: dict[str, Any], kind: str) -> None:
    """Rules, macros and lists by name."""
    assert [entry["info"]["name"] for entry in ours[kind]] == [entry["info"]["name"] for entry in theirs[kind]]


@pytest.mark.parametrize("kind", KINDS)
def test_every_item_is_described_alike(ours: dict[str, Any], theirs: dict[str, Any], kind: str) -> None:
    """Compiled conditions and outputs, fields, operators, events, and what refers to what."""
    for mine, other in zip(ours[kind], theirs[kind], strict=True):
        assert comparable(mine) == comparable(other)
