"""Short-lived processes for a long time: whether memory stays flat and nothing is lost."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from typing import Final

from bench.live.plan import DEFAULT, Plan
from bench.live.sensor import Memory, Sensor
from bench.live.work import build_loops
from bench.tables import Table

RATE: Final = 250  # processes a second
_SAMPLES: Final = 60
# What belongs to getting started: caches fill.
_WARM_UP: Final = 0.25
MOST_SLOPE: Final = 1.0  # MiB in ten minutes


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return by how much the second value grows with the first, by least squares."""
    count = len(points)
    middle = sum(x for x, _ in points) / count
    height = sum(y for _, y in points) / count
    width = sum((x - middle) ** 2 for x, _ in points)
    return sum((x - middle) * (y - height) for x, y in points) / width if width else 0.0


def soak(plan: Plan, seconds: int) -> Table:
    """Start processes for so many seconds, and watch the sensor's memory."""
    program = build_loops(plan.folder)
    with plan.sensor() as sensor:
        before = sensor.cpu()
        with subprocess.Popen((str(program), "steady", str(RATE), str(seconds))) as storm:
            samples = _watch(sensor, storm, max(seconds / _SAMPLES, 0.5))
        used = sensor.cpu() - before
    took = samples[-1][0]
    warm = [(at, memory.own) for at, memory in samples if at >= took * _WARM_UP]
    growth = slope(warm) * 600
    table = Table("Soak", ("", ""))
    for name, value in (
        ("seconds", f"{took:.0f}"),
        ("processes", f"{RATE * seconds:,}"),
        ("processes a second", f"{RATE * seconds / took:.0f}"),
        ("events", f"{sensor.summary.events:,}"),
        ("lost", f"{sensor.summary.lost:,}"),
        ("sensor's CPU, % of a core", f"{100 * used / took:.1f}"),
        ("memory of its own after a quarter of the time, MiB", f"{warm[0][1]:.2f}"),
        ("memory of its own at the end, MiB", f"{warm[-1][1]:.2f}"),
        ("resident at the end, rings included, MiB", f"{samples[-1][1].resident:.2f}"),
        ("growth in ten minutes, MiB", f"{growth:.2f}"),
    ):
        table.rows.append((name, value))
    plan.goal(f"soak, growth in ten minutes, {DEFAULT}", growth, MOST_SLOPE, "MiB")
    plan.goal("soak, lost", sensor.summary.percent_lost, 0, "%")
    if storm.returncode:
        plan.failures.append(f"soak: processes could not be started: {os.waitstatus_to_exitcode(storm.returncode)}")
    return table


def _watch(sensor: Sensor, storm: subprocess.Popen[bytes], pause: float) -> list[tuple[float, Memory]]:
    """Look at the memory every now and then while the processes start."""
    begun = time.monotonic()
    samples = [(0.0, sensor.memory())]
    while True:
        try:
            storm.wait(pause)
        except subprocess.TimeoutExpired:
            samples.append((time.monotonic() - begun, sensor.memory()))
        else:
            samples.append((time.monotonic() - begun, sensor.memory()))
            return samples
