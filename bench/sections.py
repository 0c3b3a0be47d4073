"""What is measured: one function per question, each of which answers with a table and adds to the goals."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Final

from bench.captures import Captures, reads_whole
from bench.duel import CAPTURE, Contender, Effort, in_turn
from bench.latency import interrupted, turns
from bench.measure import Sample, measure
from bench.places import ROOT, default_rules
from bench.rules.generate import generate
from bench.tables import Goal, Table, rate

TERCEL: Final = (sys.executable, "-m", "tercel")
UNCOMPILED: Final = {"PYTHONPATH": str(ROOT / "src")}
SYSDIG: Final = "sysdig"
PEER_HEAD: Final = ("", "events", "few, CPU s", "all, CPU s", "spread", "MiB", "M events/s", "x sysdig")
# How a run is told to evaluate every condition as a tree instead of using the table: options, or the environment.
PLAIN_OPTIONS: Final[tuple[str, ...]] = ("-o", "engine.rule_evaluation=plain")
PLAIN_ENV: Final[Mapping[str, str]] = {}


@dataclass
class Run:
    """What all sections need: where files go, how much to do, which Tercel is measured, and what came of it."""

    folder: Path
    events: int
    effort: Effort
    env: Mapping[str, str]
    goals: list[Goal] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def own(self, rules: Path, name: str = "tercel", *options: str, env: Mapping[str, str] | None = None) -> Contender:
        """Return Tercel with some rules as a contender."""
        return Contender(name, (*TERCEL, "run", "-r", str(rules), *options, "-e", CAPTURE), {**self.env, **(env or {})})

    def rules(self, count: int) -> Path:
        """Return a file with so many synthetic rules."""
        path = self.folder / f"rules-{count}.yaml"
        if not path.exists():
            with path.open("w") as out:
                out.writelines(generate(count))
        return path

    def measured(self, where: str, samples: Mapping[str, Sample]) -> dict[str, Sample]:
        """Return the samples that are good, and note those that are not."""
        failed = {name: sample.failure for name, sample in samples.items() if sample.failure}
        self.failures += [f"{where}, {name}: {failure}" for name, failure in failed.items()]
        return {name: sample for name, sample in samples.items() if name not in failed}


def peer() -> list[Contender]:
    """Return sysdig with one filter that matches nothing, or nothing where it is not installed."""
    program = shutil.which(SYSDIG)
    return [Contender(SYSDIG, (program, "-r", CAPTURE, "proc.name=nosuch"))] if program else []


def cells(sample: Sample) -> tuple[str, ...]:
    """Return the figures that all tables of runs show."""
    return (
        f"{sample.events:,}",
        f"{sample.few_cpu:.2f}",
        f"{sample.many_cpu:.2f}",
        f"{sample.spread:.0%}",
        f"{sample.memory_mib:.0f}",
        rate(sample.rate),
    )


def versus(samples: Mapping[str, Sample], name: str, base: str) -> float:
    """Return how many times faster than the base a contender is, 0 when one of them is missing."""
    return samples[name].rate / samples[base].rate if name in samples and base in samples else 0.0


def beside_sysdig(run: Run, mix: str, at_least: float, *, packed: bool = False, uncompiled: bool = False) -> Table:
    """Replay a mix with the default rules, beside sysdig with one filter."""
    captures = Captures(run.folder, mix, run.events, packed=packed)
    contenders = [*peer(), run.own(default_rules())]
    if uncompiled:
        contenders.append(run.own(default_rules(), "tercel, uncompiled", env=UNCOMPILED))
    title = f"{mix}, gzip" if packed else mix
    samples = run.measured(title, in_turn(contenders, captures, run.effort))
    table = Table(f"{title}: default rules beside sysdig", PEER_HEAD)
    for name, sample in samples.items():
        ratio = versus(samples, name, SYSDIG)
        table.rows.append((name, *cells(sample), f"{ratio:.2f}" if ratio else "-"))
    if ratio := versus(samples, "tercel", SYSDIG):
        run.goals.append(Goal(f"{title}, against sysdig", ratio, at_least))
    if SYSDIG in samples:
        size = samples[SYSDIG].events
        if not reads_whole(captures.path(size), size):
            run.failures.append(f"{title}: sysdig does not read the capture to its end")
    captures.remove()
    return table


def rule_counts(run: Run, mix: str, counts: tuple[int, ...], base: int, far: int) -> tuple[Table, dict[int, float]]:
    """Replay a mix with more and more rules; return the rates by number of rules, too."""
    captures = Captures(run.folder, mix, run.events)
    contenders = [run.own(run.rules(count), f"{count:,}") for count in counts]
    samples = run.measured("number of rules", in_turn(contenders, captures, run.effort))
    captures.remove()
    head = ("rules", *PEER_HEAD[1:-1], f"time, x {base} rules")
    table = Table(f"{mix}: number of rules", head, "Synthetic rules, none of which matches.")
    for name, sample in samples.items():
        ratio = versus(samples, f"{base:,}", name)
        table.rows.append((name, *cells(sample), f"{ratio:.2f}" if ratio else "-"))
    if cost := versus(samples, f"{base:,}", f"{far:,}"):
        run.goals.append(Goal(f"{far:,} rules against {base}, time", cost, 1.3, ceiling=True))
    if "300" in samples:
        run.goals.append(Goal("peak memory, 300 rules", samples["300"].memory_mib, 60, "MiB", ceiling=True))
    rates = {count: samples[f"{count:,}"].rate for count in counts if f"{count:,}" in samples}
    return table, rates


def hostile(run: Run) -> Table:
    """Replay events that bring a new program, path or address every time."""
    captures = Captures(run.folder, "hostile", run.events)
    rules = run.rules(300)
    contenders = [*peer(), run.own(rules)]
    if PLAIN_OPTIONS or PLAIN_ENV:
        contenders.append(run.own(rules, "tercel, plain evaluation", *PLAIN_OPTIONS, env=PLAIN_ENV))
    samples = run.measured("hostile", in_turn(contenders, captures, run.effort))
    captures.remove()
    note = "Every event brings a new program, path or address; 300 synthetic rules."
    table = Table("Hostile stream", PEER_HEAD, note)
    for name, sample in samples.items():
        ratio = versus(samples, name, SYSDIG)
        table.rows.append((name, *cells(sample), f"{ratio:.2f}" if ratio else "-"))
    if len(samples) == len(contenders) and (PLAIN_OPTIONS or PLAIN_ENV):
        slowdown = versus(samples, contenders[-1].name, "tercel")
        run.goals.append(Goal("hostile stream against plain evaluation, time", slowdown, 3, ceiling=True))
    return table


def waiting(run: Run) -> Table:
    """Replay at full speed, and see how long a signal and another thread of the sensor wait."""
    captures = Captures(run.folder, "web", run.events)
    command = ("run", "-r", str(default_rules()), "-o", "log_level=info", "-e", str(captures.path(run.events)))
    asked = turns(command, run.env)
    heard = median(interrupted(command, run.env) for _ in range(max(run.effort.rounds, 3)))
    captures.remove()
    note = "What else waits while the events are worked through: a signal, and a thread that asks for its turn."
    table = Table("Waiting", ("", "ms"), note)
    table.rows.append(("another thread's turn, longest", f"{asked.longest * 1000:.1f}"))
    table.rows.append((f"another thread's turn, median of {asked.count:,}", f"{asked.median * 1000:.2f}"))
    table.rows.append(("SIGINT until it is heard, median", f"{heard * 1000:.1f}"))
    run.goals.append(Goal("another thread's turn, longest", asked.longest * 1000, 10, "ms", ceiling=True))
    run.goals.append(Goal("SIGINT until it is heard", heard * 1000, 100, "ms", ceiling=True))
    return table


def starting(run: Run, many: int) -> Table:
    """Start the command and load rules."""
    table = Table("Starting and loading", ("", "wall, ms", "CPU, ms", "spread", "MiB"))
    start(run, table, ("--version",), Goal("tercel --version, wall", 0, 120, "ms", ceiling=True))
    checked = ("rules", "check", str(default_rules()))
    start(run, table, checked, Goal("tercel rules check, default rules, wall", 0, 400, "ms", ceiling=True))
    checked = ("rules", "check", str(run.rules(many)))
    start(run, table, checked, Goal(f"tercel rules check, {many:,} rules, CPU", 0, 2_000, "ms", ceiling=True))
    return table


def start(run: Run, table: Table, words: tuple[str, ...], goal: Goal) -> None:
    """Run a command that reads no capture, and see whether it reaches its goal."""
    costs = [measure((*TERCEL, *words), run.env) for _ in range(max(run.effort.rounds, 3))]
    if any(cost.status for cost in costs):
        run.failures.append(f"{goal.name}: {costs[0].errors[-400:]}")
    wall, cpu = (median(times) * 1000 for times in ([cost.wall for cost in costs], [cost.cpu for cost in costs]))
    value = cpu if goal.name.endswith("CPU") else wall
    spread = (max(cost.cpu for cost in costs) - min(cost.cpu for cost in costs)) * 1000 / cpu
    memory = max(cost.memory_mib for cost in costs)
    name = goal.name.rpartition(",")[0]
    table.rows.append((name, f"{wall:,.0f}", f"{cpu:,.0f}", f"{spread:.0%}", f"{memory:.0f}"))
    run.goals.append(replace(goal, value=value))
