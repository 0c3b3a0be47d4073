"""Short-lived processes without end: a sensor with the rules that ship must not grow with them."""

from __future__ import annotations

import re
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.live.running import RULES, Running, marked_file
from tests.live.watching import STORM, build
from tests.paths import ROOT

_SHIPPED: Final = ROOT / "rulesets" / "tercel_rules.yaml"
# Microseconds between two processes, and how many a second there must be at least.
_PAUSE: Final = 2500
_LEAST_RATE: Final = 200
# Seconds between two looks, and how many looks there are at least.
_LOOK: Final = 10.0
_LEAST_LOOKS: Final = 8
# How much more memory there may be in the last quarter of the time than in the second: what differs from look to look.
_GROWTH: Final = 1.03
_SLACK: Final = 1 << 20
_MOST: Final = 60 << 20
# Seconds after which a sensor has all the memory that it needs.
_SETTLED: Final = 240
_PAGE: Final = 4096
_TICKS: Final = 100
_COUNTERS: Final = re.compile(r"were lost|could not be|dropped because|refused|[0-9]+ events, of which")


def resident(pid: int) -> int:
    """Return the bytes of memory that a process has."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / _TICKS


def growth(sizes: list[int]) -> str:
    """Return what is wrong with sizes over time, nothing when they stay as they are."""
    quarter = len(sizes) // 4
    early, late = statistics.median(sizes[quarter : 2 * quarter]), statistics.median(sizes[-quarter:])
    if late > early * _GROWTH + _SLACK:
        return f"memory grew from {early / (1 << 20):.1f} to {late / (1 << 20):.1f} MiB"
    return f"{late / (1 << 20):.1f} MiB are more than {_MOST >> 20}" if late > _MOST else ""


def short_lived(seconds: float, folder: Path, say: Callable[[str], None]) -> list[str]:
    """Start processes for so many seconds and look at the sensor's memory; return what is wrong."""
    storm = build(STORM, folder / "tercelstorm")
    marked = marked_file(folder)
    pause = min(_LOOK, seconds / _LEAST_LOOKS)
    sizes: list[int] = []
    with Running(folder, rules=_SHIPPED.read_text() + RULES) as sensor:
        words = [str(storm), str(seconds), str(_PAUSE)]
        began = time.monotonic()
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
            while not _ended(process, pause):
                sizes.append(resident(sensor.pid))
                say(f"{time.monotonic() - began:6.0f} s {sizes[-1] / (1 << 20):6.1f} MiB {len(sensor.alerts)} alerts")
            assert process.stdout is not None
            started, threads = map(int, process.stdout.read().split()[-2:])
        say(f"{started} processes and {threads} threads; {cpu_seconds(sensor.pid):.1f} s of processor time")
        detects = sensor.sees(marked)
    for line in filter(_COUNTERS.search, sensor.log):
        say(line)
    # The rings and the tables fill for a while before memory can be expected to stay as it is.
    faults = [growth(sizes) if seconds >= _SETTLED else ""]
    faults.append("" if started >= _LEAST_RATE * seconds else f"only {started / seconds:.0f} processes a second began")
    faults.append("" if detects else "nothing was detected afterwards")
    faults.append("" if sensor.status == 0 else f"the sensor ended with status {sensor.status}: {sensor.log[-3:]}")
    return [fault for fault in faults if fault]


def _ended(process: subprocess.Popen[str], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True
