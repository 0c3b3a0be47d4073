"""Measure Tercel beside sysdig: `python -m bench [--short] [--events N] [--against FOLDER]`.

Rates are events per second of CPU time (user and system), which other work on the machine disturbs least, medians of
several runs, the time for a few events taken off. docs/performance.md says how it is done, and a full run writes the
figures there. Memory is the most a program had resident; the kernel counts at least what the benchmark itself has,
about 20 MiB.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from bench.against import compare
from bench.duel import Effort
from bench.machine import facts
from bench.page import write_page
from bench.sections import Run, beside_sysdig, hostile, rule_counts, starting, waiting
from bench.tables import Table, goals_table

COUNTS: Final = (0, 30, 100, 300, 1_000, 3_000, 10_000)
SHORT_COUNTS: Final = (30, 300, 1_000)
RULES_MIX: Final = "mix"


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument(
        "--short", action="store_true", help="a few hundred thousand events, as CI does; writes no page"
    )
    parser.add_argument(
        "--events",
        type=int,
        default=0,
        help="length of the captures (default 20,000,000; with --against a tenth of that)",
    )
    parser.add_argument("--rounds", type=int, default=0, help="runs of each program (default 5)")
    parser.add_argument("--limit", type=float, default=0, help="CPU seconds that one run may take (default 60)")
    parser.add_argument("--lib", help="folder with the tercel package to measure, instead of the one installed")
    parser.add_argument("--against", metavar="FOLDER", help="compare with the tercel package in another folder")
    parser.add_argument("--folder", help="where the captures are written, up to 7 GB (default: the temporary folder)")
    return parser.parse_args()


def sections(
    run: Run, counts: tuple[int, ...], rates: dict[int, float], *, short: bool
) -> Iterator[Callable[[], Table]]:
    """Yield what is to be measured, in order."""

    def counted() -> Table:
        table, found = rule_counts(run, RULES_MIX, counts, 30, 1_000 if short else 3_000)
        rates.update(found)
        return table

    yield partial(beside_sysdig, run, "web", 1.2, uncompiled=True)
    yield partial(beside_sysdig, run, "lifecycle", 2.0)
    if not short:
        yield partial(beside_sysdig, run, "redis", 1.2)
        yield partial(beside_sysdig, run, "mix", 1.2)
        yield partial(waiting, run)
    yield partial(beside_sysdig, run, "web", 1.5, packed=True)
    yield counted
    yield partial(starting, run, counts[-1])
    yield partial(hostile, run)


def measure_all(run: Run, *, short: bool) -> None:
    """Measure everything, print it as it comes, and write the page after a full run."""
    counts = SHORT_COUNTS if short else COUNTS
    rates: dict[int, float] = {}
    tables: list[Table] = []
    effort = f"{run.effort.rounds} runs of each program, none of more than about {run.effort.limit:g} CPU seconds"
    about = {**facts(run.env), "Effort": effort}
    print("\n".join(f"{name}: {fact}" for name, fact in about.items()), end="\n\n")
    for section in sections(run, counts, rates, short=short):
        tables.append(section())
        print(tables[-1].text(), flush=True)
    goals = goals_table(run.goals)
    print(goals.text(), flush=True)
    if not short and not run.failures:
        write_page(about, [goals, *tables], rates, RULES_MIX)


def main() -> int:
    """Run the benchmark."""
    chosen = arguments()
    short = bool(chosen.short)
    events = chosen.events or (500_000 if short else 2_000_000 if chosen.against else 20_000_000)
    effort = Effort(chosen.rounds or (1 if short else 5), chosen.limit or (1.5 if short else 60.0))
    env = {"PYTHONPATH": str(Path(chosen.lib).resolve())} if chosen.lib else {}
    with tempfile.TemporaryDirectory(prefix="tercel-bench-", dir=chosen.folder) as folder:
        run = Run(Path(folder), events, effort, env)
        if chosen.against:
            compare(run, str(Path(chosen.against).resolve()))
        else:
            measure_all(run, short=short)
    for failure in run.failures:
        print(f"failed: {failure}")
    return 1 if run.failures else 0


if __name__ == "__main__":
    sys.exit(main())
