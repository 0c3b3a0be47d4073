"""Which events match each of the generated conditions in Falco 0.40: the same ones here."""

from __future__ import annotations

import gzip
import hashlib
import json
from typing import Any

import pytest

from tercel.fields.registry import Registry
from tercel.filters.filter import Compiler
from tercel.filters.parser import parse
from tests.compat.recorded import play
from tests.paths import SHARED

pytestmark = [pytest.mark.compat, pytest.mark.slow, pytest.mark.timeout(300)]

CAPTURES = ("py", "attack-container")


def recorded_conditions(name: str) -> list[dict[str, Any]]:
    """Return the recorded conditions of a capture."""
    with gzip.open(SHARED / "captures" / f"{name}.conditions.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def matches(name: str, conditions: list[str]) -> list[list[int]]:
    """Return for each condition the numbers of the events of a capture that match."""
    registry = Registry.syscall()
    compiler = Compiler(registry)
    filters = [compiler.compile(parse(condition)) for condition in conditions]
    found: list[list[int]] = [[] for _ in conditions]
    by_type: dict[int, list[int]] = {}
    for index, condition in enumerate(filters):
        for kind in condition.event_types:
            by_type.setdefault(kind, []).append(index)
    for ctx in play(name, registry):
        for index in by_type.get(ctx.event.type, ()):
            if filters[index].matches(ctx):
                found[index].append(ctx.event.num)
    return found


def digest(numbers: list[int]) -> str:
    """Return the hash under which event numbers were recorded."""
    return hashlib.sha1(" ".join(map(str, numbers)).encode(), usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("name", CAPTURES)
def test_the_same_events_match_every_generated_condition(name: str) -> None:
    """Count, first ten and hash of all numbers are the recorded ones."""
    recorded = recorded_conditions(name)
    found = matches(name, [row["condition"] for row in recorded])
    different = [
        f"{row['condition']}\n  recorded {row['matches']} {row['first']}\n  found {len(numbers)} {numbers[:10]}"
        for row, numbers in zip(recorded, found, strict=True)
        if len(numbers) != row["matches"] or numbers[:10] != row["first"] or digest(numbers) != row["sha1"]
    ]
    assert not different, "\n".join(different)
