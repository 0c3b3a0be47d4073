"""Measure what watching a machine live costs: `python -m bench.live [--short] [--soak SECONDS] [--only PART ...]`.

Needs root. docs/performance-live.md says how it is done, and a full run writes the figures there.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench.live.cost import costs
from bench.live.delay import first_detection, under_load
from bench.live.load import idle, loads
from bench.live.others import BUSY, Others, attached, session_nice
from bench.live.page import write_page
from bench.live.plan import GLANCE, Effort, Plan, is_gross
from bench.live.sensor import SensorError
from bench.live.soak import soak
from bench.machine import facts
from bench.tables import Table, goals_table
from tercel.capture.source import CaptureError

PARTS: Final[dict[str, Callable[[Plan], Iterable[Table]]]] = {
    "cost": costs,
    "idle": lambda plan: [idle(plan)],
    "load": loads,
    "start": lambda plan: [first_detection(plan)],
    "delay": lambda plan: [under_load(plan)],
}


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="bench.live", description=__doc__)
    parser.add_argument(
        "--short", action="store_true", help="less than a minute; writes no page and fails on gross figures only"
    )
    parser.add_argument("--soak", type=int, metavar="SECONDS", default=0, help="short-lived processes for so long")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part; writes no page")
    parser.add_argument("--rounds", type=int, default=0, help="runs of each loop (default 5)")
    parser.add_argument("--lib", help="folder with the tercel package to measure, instead of the one installed")
    return parser.parse_args()


def about(plan: Plan) -> dict[str, str]:
    """Return what was measured, on what, when and how."""
    known = {name: fact for name, fact in facts(plan.env).items() if name != "sysdig"}
    known["Date"] = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d")
    known["Command"] = f"`{' '.join(['python -m bench.live', *sys.argv[1:]])}`"
    known["Effort"] = f"{plan.effort.rounds} rounds of the loops, 1 to 3 of the other jobs"
    if session_nice():
        known["Priority"] = f"the session with the jobs and the sensor had nice {session_nice()} against other sessions"
    return known


def measure(plan: Plan, parts: Iterable[Callable[[Plan], Iterable[Table]]]) -> list[Table]:
    """Measure the parts and print each table as it comes."""
    tables = []
    for part in parts:
        for table in part(plan):
            tables.append(table)
            print(table.text(), flush=True)
    goals = goals_table(plan.goals)
    print(goals.text(), flush=True)
    return [goals, *tables]


def outcome(plan: Plan, others: float, *, short: bool) -> int:
    """Say what failed and return the exit status: a glance only fails for what is far off, and not for others' work."""
    judged = [goal for goal in plan.goals if not short or goal.name not in plan.unsteady]
    bad = [goal for goal in judged if (is_gross(goal) if short else not goal.met)]
    for line in (*plan.failures, *(f"{goal.name}: {goal.value:.3g} {goal.unit}" for goal in bad)):
        print(f"failed: {line}")
    if short and others > BUSY:
        print(f"the machine was busy with other work ({others:.0%} of it): nothing of this counts")
        return 0
    return 1 if bad or plan.failures else 0


def run(chosen: argparse.Namespace, plan: Plan) -> int:
    """Measure what was asked for."""
    known = about(plan)
    print("\n".join(f"{name}: {fact}" for name, fact in known.items()), end="\n\n", flush=True)
    for other in attached():
        print(f"also in the kernel, and part of every figure: {other}")
    others = Others()
    if chosen.soak:
        measure(plan, [lambda plan: [soak(plan, chosen.soak)]])
    else:
        tables = measure(plan, [PARTS[name] for name in chosen.only or PARTS])
        known["Other work meanwhile"] = f"{others.part():.0%} of the machine"
        if not chosen.short and not chosen.only and not plan.failures:
            write_page(known, tables)
    return outcome(plan, others.part(), short=chosen.short)


def main() -> int:
    """Run the benchmark."""
    chosen = arguments()
    if os.geteuid() != 0:
        print("skipped: watching the machine needs root")
        return 0
    effort = GLANCE if chosen.short else Effort()
    if chosen.rounds:
        effort = replace(effort, rounds=chosen.rounds)
    env = {"PYTHONPATH": str(Path(chosen.lib).resolve())} if chosen.lib else {}
    with tempfile.TemporaryDirectory(prefix="tercel-bench-") as folder:
        try:
            return run(chosen, Plan(Path(folder), effort, env))
        except (CaptureError, SensorError) as error:
            print(f"failed: {error}")
            return 1


if __name__ == "__main__":
    sys.exit(main())
