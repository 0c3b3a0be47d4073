"""How soon an alert comes: after the start of the sensor, and after the system call that it is about."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from bench.live.plan import DEFAULT, Plan
from bench.live.sensor import Sensor
from bench.live.work import Job, build_loops, busy, compile_job, loops
from bench.places import default_rules
from bench.tables import Table

RULE: Final = "A mark was opened"
_RULES: Final = """\
- rule: {rule}
  desc: Somebody opens the file that is opened to be seen.
  condition: evt.type in (open, openat, openat2) and fd.name = {file}
  output: A mark was opened (time=%evt.time)
  priority: NOTICE
"""
START_PAUSE_US: Final = 1_000
LOAD_PAUSE_US: Final = 2_000
_FOREVER: Final = 1_000_000


def delays(lines: Sequence[tuple[int, bytes]], rule: str = RULE) -> list[float]:
    """Return the milliseconds from the event to the reading of its line, for all alerts of a rule."""
    found = []
    for read, line in lines:
        alert = json.loads(line) if line.startswith(b"{") else {}
        if alert.get("rule") == rule:
            found.append((read - int(alert["output_fields"]["evt.time"])) / 1e6)
    return found


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value below which so many percent lie."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * percent / 100), len(ordered) - 1)]


@dataclass(frozen=True)
class Marks:
    """A file, a program that opens it again and again, and rules that see it among the default ones."""

    program: Path
    file: Path
    rules: tuple[Path, ...]

    @classmethod
    def prepare(cls, folder: Path) -> Marks:
        """Write file and rules."""
        file, own = folder / "mark", folder / "mark.yaml"
        file.touch()
        own.write_text(_RULES.format(rule=RULE, file=file))
        return cls(build_loops(folder), file, (own, default_rules()))

    def command(self, pause_us: int, count: int) -> tuple[str, ...]:
        """Return what opens the file so often."""
        return str(self.program), "marks", str(pause_us), str(self.file), str(count)

    def job(self, count: int) -> Job:
        """Return the same as a job, at the pace at which delays are measured."""
        return Job("marks", self.command(LOAD_PAUSE_US, count))


def first_detection(plan: Plan) -> Table:
    """Start the sensor while something goes on that it should see; how long until the first alert can be read."""
    marks = Marks.prepare(plan.folder)
    found = [_first(plan, marks) for _ in range(plan.effort.starts)]
    table = Table("From the start to the first alert", ("", "median, ms", "longest, ms"))
    table.rows.append((DEFAULT, f"{median(found) * 1000:.0f}", f"{max(found) * 1000:.0f}"))
    plan.goal("start to first detection", median(found), 1, "s")
    return table


def _first(plan: Plan, marks: Marks) -> float:
    sensor = Sensor(plan.folder, marks.rules, plan.env)
    with subprocess.Popen(marks.command(START_PAUSE_US, _FOREVER)) as opener:
        try:
            sensor.start()
            sensor.wait_ready()
            sensor.settle()
            sensor.stop()
        finally:
            opener.kill()
    return min(read for read, line in sensor.lines if RULE.encode() in line) / 1e9 - sensor.started_ns / 1e9


def under_load(plan: Plan) -> Table:
    """Measure the delay from system call to alert while the machine has other things to do."""
    marks = Marks.prepare(plan.folder)
    count = plan.effort.marks
    table = Table("From the system call to the alert", ("", "alerts", "median, ms", "99 %, ms", "longest, ms"))
    length = count * LOAD_PAUSE_US / 1e6
    opens = next(job for job in loops(marks.program, plan.folder, max(length / 2, 0.1)) if job.name == "open + close")
    others = {
        "nothing else": None,
        "one core opens and closes": opens,
        "two cores compile": compile_job(plan.folder, plan.effort.files),
    }
    for name, other in others.items():
        found = _delays(plan, marks, count, other)
        row = (f"{median(found):.2f}", f"{percentile(found, 99):.2f}", f"{max(found):.2f}")
        table.rows.append((name, f"{len(found):,}", *row))
        # Beside a loop that makes events as fast as it can the sensor itself is the limit.
        is_alone = other is None
        plan.goal(f"delay, 99 %, {name}", percentile(found, 99), 10, "ms", steady=is_alone)
        plan.goal(f"alerts that are missing, {name}", 100 - 100 * len(found) / count, 0, "%", steady=is_alone)
    return table


def _delays(plan: Plan, marks: Marks, count: int, other: Job | None) -> list[float]:
    with Sensor(plan.folder, marks.rules, plan.env) as sensor:
        if other is None:
            marks.job(count).run()
        else:
            with busy(other):
                marks.job(count).run()
        sensor.settle()
    return delays(sensor.lines)
