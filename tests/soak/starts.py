"""Sensors that start, detect and are killed or stopped, over and over, while processes come and go."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.live.running import Running, left_behind, marked_file, unheld
from tests.live.sensor import SensorError
from tests.live.watching import STORM, build

_PAUSE: Final = 1000
_ENDINGS: Final = (signal.SIGKILL, signal.SIGINT, signal.SIGTERM)


def starts_in_a_storm(seconds: float, folder: Path, say: Callable[[str], None]) -> list[str]:
    """Start and end sensors for so many seconds; return what is wrong."""
    storm = build(STORM, folder / "tercelstorm")
    marked, before = marked_file(folder), unheld()
    end = time.monotonic() + seconds
    faults: list[str] = []
    times: list[float] = []
    with subprocess.Popen([str(storm), str(seconds), str(_PAUSE)], stdout=subprocess.DEVNULL):
        while time.monotonic() < end:
            number = _ENDINGS[len(times) % len(_ENDINGS)]
            fault, took = _one(folder, marked, number)
            times.append(took)
            faults += [f"start {len(times)}: {fault}"] if fault else []
    say(f"{len(times)} starts, the slowest took {max(times):.2f} s until the first detection")
    left = left_behind(before)
    return faults + [f"left in the kernel: {', '.join(sorted(left))}"] * bool(left)


def _one(folder: Path, marked: Path, number: signal.Signals) -> tuple[str, float]:
    began = time.monotonic()
    sensor = Running(folder)
    try:
        with sensor:
            seen = sensor.sees(marked)
            took = time.monotonic() - began
            sensor.send(number)
            # Its output ends when it does.
            sensor.wait(lambda: False, 10)
    except SensorError as error:
        return str(error), time.monotonic() - began
    wanted = -number if number == signal.SIGKILL else 0
    if sensor.status != wanted:
        return f"ended with status {sensor.status} after {number.name}", took
    return ("" if seen else "nothing was detected"), took
