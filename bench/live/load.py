"""What the sensor uses and loses while the machine is idle, compiles, serves pages and serves a data base."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from bench.live.plan import DEFAULT, WHOLE, Plan
from bench.live.work import Job, compile_job, services, serving
from bench.tables import Table

# Seconds of idleness that count.
_IDLE: Final = 30


def idle(plan: Plan) -> Table:
    """Let the sensor watch a machine on which nothing happens but what happens by itself."""
    seconds = plan.effort.idle_seconds
    with plan.sensor() as sensor:
        sensor.settle()
        before = sensor.cpu()
        time.sleep(seconds)
        used = sensor.cpu() - before
    percent = 100 * used / seconds
    table = Table("Idle machine", ("", "seconds", "CPU ms", "% of a core", "events"))
    table.rows.append(
        ("default rules", f"{seconds:g}", f"{used * 1000:.0f}", f"{percent:.3f}", f"{sensor.summary.events:,}")
    )
    # A few seconds of a glance hold more of the beginning than of idleness.
    plan.goal("sensor's CPU, idle machine", percent, 0.2, "%", steady=plan.effort.idle_seconds >= _IDLE)
    return table


def loads(plan: Plan) -> Iterator[Table]:
    """Work as other people do, with more and more rules; yields what was used and lost, and the memory."""
    note = (
        "CPU seconds of the job (a server's are not in it) and of the sensor, what the sensor saw and lost, and what "
        "the kernel dropped because no rule could need it."
    )
    heads = ("", "rules", "job, CPU s", "sensor, CPU s", "sensor / job", "events", "lost", "dropped", "of all")
    table = Table("Under load", heads, note)
    memory = Table("Memory after the compile job, MiB", ("", "most", "resident", "share (Pss)", "without rings"))
    job = compile_job(plan.folder, plan.effort.files)
    for name in (*plan.loaded(), WHOLE):
        _compile(plan, job, name, table, memory)
    for service in services(plan.folder, plan.effort.service_seconds):
        with serving(service.server, service.port):
            for name in (*plan.loaded(), WHOLE):
                _work(plan, service.client, name, table)
    yield table
    yield memory


def _work(plan: Plan, job: Job, name: str, table: Table, memory: Table | None = None) -> float:
    """Run a job while the sensor watches; return the sensor's CPU time as a part of the job's."""
    with plan.sensor(name) as sensor:
        before = sensor.cpu()
        cost = job.run()
        sensor.settle()
        used = sensor.cpu() - before
        found = sensor.memory()
    summary = sensor.summary
    if memory is not None:
        memory.rows.append((name, *(f"{size:.1f}" for size in (found.peak, found.resident, found.share, found.own))))
        if name == DEFAULT:
            plan.goal("resident memory after the compile job", found.resident, 60, "MiB")
    part = used / cost.cpu
    cells = (f"{cost.cpu:.2f}", f"{used:.2f}", f"{part:.1%}", f"{summary.events:,}", f"{summary.lost:,}")
    table.rows.append((job.name, name, *cells, f"{summary.dropped:,}", f"{summary.part_dropped:.1%}"))
    if name == DEFAULT:
        plan.goal(f"reported, {job.name}", 100 * (1 - summary.part_dropped), 30, "% of what is captured")
    # Servers that are asked as fast as they answer leave the sensor what the machine has left.
    plan.goal(f"lost, {job.name}, {name}", summary.percent_lost, 0, "%", steady=job.name.startswith("compile"))
    return part


def _compile(plan: Plan, job: Job, name: str, table: Table, memory: Table) -> None:
    parts = [_work(plan, job, name, table, memory if number == 0 else None) for number in range(_times(plan, name))]
    if name == DEFAULT:
        plan.goal("sensor's CPU, compile job", 100 * sorted(parts)[len(parts) // 2], 10, "% of the job's")


def _times(plan: Plan, name: str) -> int:
    return min(plan.effort.rounds, 3) if name == DEFAULT else 1
