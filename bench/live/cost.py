"""What system calls cost while the sensor watches, beside nobody watching and beside programs that do nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from bench.live.floor import Floor, build
from bench.live.plan import DEFAULT, WHOLE, Plan
from bench.live.work import MATCHED, OPENS, Job, build_loops, loops
from bench.tables import Table

OFF: Final = "nobody"
FLOOR: Final = "empty programs"
# By job: what its ratio is taken to, and the most that it may be.
BOUNDS: Final[dict[str, tuple[str, float]]] = {
    "getpid": (FLOOR, 1.0),
    "read + write": (FLOOR, 1.15),
    OPENS: (OFF, 1.3),
    MATCHED: (WHOLE, 1.05),
    "fork + exec": (OFF, 1.08),
}
# Falco 0.40 used 3.9 s while open and close were called a million times each, and lost some of them.
MOST_SECONDS: Final = 0.1
PEER_CALLS: Final = 2_000_000


@dataclass
class Seen:
    """CPU seconds of a job in each round, and what the sensor used, saw and lost meanwhile."""

    job: list[float] = field(default_factory=list)
    sensor: list[float] = field(default_factory=list)
    events: int = 0
    lost: int = 0
    dropped: int = 0

    @property
    def cpu(self) -> float:
        """The median of the job's CPU seconds."""
        return median(self.job)

    def ratio(self, base: Seen) -> float:
        """The median of the rounds' ratios to another state: what ran side by side met the same noise."""
        return median(mine / other for mine, other in zip(self.job, base.job, strict=True))

    @property
    def spread(self) -> float:
        """The dearest round less the cheapest, as a part of the median."""
        return (max(self.job) - min(self.job)) / self.cpu


def _is_compared(name: str) -> bool:
    """Return whether the loops run with rules of a name: with the default ones alone and with the most others."""
    return name == DEFAULT or "3,000" in name


class Costs:
    """Runs every job in every state, in turn, again and again."""

    def __init__(self, plan: Plan) -> None:
        """Build what runs."""
        self._plan = plan
        self._empty = build(plan.folder)
        self.jobs: list[Job] = loops(build_loops(plan.folder), plan.folder, plan.effort.part)
        self.states: list[str] = [OFF, FLOOR, WHOLE, *(name for name in plan.loaded() if _is_compared(name))]
        self.seen: dict[tuple[str, str], Seen] = {}

    def run(self) -> None:
        """Measure; which state comes first changes from round to round."""
        for number in range(self._plan.effort.rounds):
            for job in self.jobs:
                for place in range(len(self.states)):
                    self._once(job, self.states[(place + number) % len(self.states)])

    def _once(self, job: Job, state: str) -> None:
        seen = self.seen.setdefault((job.name, state), Seen())
        with self._watching(state, seen):
            seen.job.append(job.run().cpu)

    @contextmanager
    def _watching(self, state: str, seen: Seen) -> Iterator[None]:
        if state == OFF:
            yield
        elif state == FLOOR:
            with Floor(self._empty):
                yield
        else:
            with self._plan.sensor(state) as sensor:
                before = sensor.cpu()
                yield
                sensor.settle()
                seen.sensor.append(sensor.cpu() - before)
            seen.events += sensor.summary.events
            seen.lost += sensor.summary.lost
            seen.dropped += sensor.summary.dropped


def costs(plan: Plan) -> Iterator[Table]:
    """Measure the loops; yields what they cost, and what the sensor used."""
    measured = Costs(plan)
    measured.run()
    yield _ratios(plan, measured)
    yield _sensor(plan, measured)


def _ratios(plan: Plan, measured: Costs) -> Table:
    note = (
        "CPU seconds of the watched program, medians of the rounds, and in brackets the ratio to nobody watching; both "
        "ratios are medians of the ratios of each round."
    )
    table = Table("What system calls cost", ("", *measured.states, "x empty", "spread"), note)
    for job in measured.jobs:
        by_state = {state: measured.seen[job.name, state] for state in measured.states}
        cells = list(by_state.values())
        off, floor, default = by_state[OFF], by_state[FLOOR], by_state[DEFAULT]
        shown = [f"{cell.cpu:.2f} ({cell.ratio(off):.2f})" for cell in cells]
        spread = max(cell.spread for cell in cells)
        table.rows.append((job.name, *shown, f"{default.ratio(floor):.2f}", f"{spread:.0%}"))
        base, bound = BOUNDS[job.name]
        against = "nobody watching" if base == OFF else base
        plan.goal(f"{job.name}, against {against}", default.ratio(by_state[base]), bound)
        for state in measured.states[4:]:
            plan.goal(f"{job.name}, {state}, against the default rules", by_state[state].ratio(default), 1.1)
    return table


def _sensor(plan: Plan, measured: Costs) -> Table:
    note = "What the sensor itself used and lost during one run of each loop."
    heads = ("", "rules", "CPU s", "us per event", "events", "lost", "dropped in the kernel")
    table = Table("The sensor during the loops", heads, note)
    for (name, state), seen in measured.seen.items():
        if not seen.sensor:
            continue
        used, rounds = median(seen.sensor), len(seen.sensor)
        events = seen.events / rounds
        each = f"{used / events * 1e6:.2f}" if events > 10_000 else "-"
        lost, dropped = f"{seen.lost / rounds:,.0f}", f"{seen.dropped / rounds:,.0f}"
        table.rows.append((name, state, f"{used:.2f}", each, f"{events:,.0f}", lost, dropped))
        if name == OPENS and state == DEFAULT:
            calls = next(job.calls for job in measured.jobs if job.name == name)
            seconds = used * PEER_CALLS / calls
            plan.goal("sensor's CPU, 2 million open and close", seconds, MOST_SECONDS, "s", steady=False)
    return table
