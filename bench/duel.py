"""Measures programs in turn: one run of each, again and again, so that a noisy minute meets all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.captures import FEW, STEP, Captures
from bench.measure import Cost, Sample, measure

CAPTURE = "{capture}"


@dataclass(frozen=True)
class Contender:
    """A command that reads a capture, which CAPTURE stands for."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)

    def run(self, capture: Path) -> Cost:
        """Let the command read a capture."""
        return measure([str(capture) if word == CAPTURE else word for word in self.command], self.env)


@dataclass(frozen=True)
class Effort:
    """How long to measure: so many rounds, and no run that is expected to take longer than `limit` CPU seconds."""

    rounds: int
    limit: float


def affordable(contender: Contender, captures: Captures, limit: float) -> int:
    """Return the largest size that the contender gets through in time, trying smaller ones first."""
    idle = contender.run(captures.few()).cpu
    sizes = captures.sizes()
    for size in sizes[:-1]:
        cost = contender.run(captures.path(size))
        if cost.status != 0 or (cost.cpu - idle) * STEP > limit:
            return size
    return sizes[-1]


def in_turn(contenders: Sequence[Contender], captures: Captures, effort: Effort) -> dict[str, Sample]:
    """Measure the contenders, each on a few events and on as many as it gets through."""
    samples = {contender.name: Sample(affordable(contender, captures, effort.limit), FEW) for contender in contenders}
    for _ in range(effort.rounds):
        for contender in contenders:
            sample = samples[contender.name]
            sample.few.append(contender.run(captures.few()))
            sample.many.append(contender.run(captures.path(sample.events)))
    return samples
