"""Compares two builds of Tercel in one run: the default rules on the mixes that tell most."""

from __future__ import annotations

from typing import Final

from bench.captures import Captures
from bench.duel import in_turn
from bench.places import default_rules
from bench.sections import Run, cells, versus
from bench.tables import Table

MIXES: Final = ("web", "redis", "mix", "lifecycle")
HEAD: Final = ("", "events", "few, CPU s", "all, CPU s", "spread", "MiB", "M events/s", "x old")


def compare(run: Run, other: str) -> None:
    """Print how many times faster than another build, given by its folder, this one is."""
    for mix in MIXES:
        captures = Captures(run.folder, mix, run.events)
        contenders = [run.own(default_rules(), "old", env={"PYTHONPATH": other}), run.own(default_rules(), "new")]
        samples = run.measured(mix, in_turn(contenders, captures, run.effort))
        captures.remove()
        table = Table(mix, HEAD)
        for name, sample in samples.items():
            table.rows.append((name, *cells(sample), f"{versus(samples, name, 'old'):.2f}"))
        print(table.text(), flush=True)
