"""What else the machine does meanwhile: other programs' CPU time, and what else is attached in the kernel."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from pathlib import Path
from typing import Final

# Above this part of the machine, figures say more about the others than about the sensor.
BUSY: Final = 0.25
_IDLE_COLUMNS: Final = (3, 4)  # of the first line of /proc/stat: idle, waiting for disks


def machine_seconds(stat: str) -> tuple[float, float]:
    """Return the seconds of all processors together that the text of /proc/stat tells of: busy ones, and all."""
    ticks = [int(word) for word in stat.split("\n", 1)[0].split()[1:9]]
    second = os.sysconf("SC_CLK_TCK")
    idle = sum(ticks[column] for column in _IDLE_COLUMNS)
    return (sum(ticks) - idle) / second, sum(ticks) / second


def own_seconds() -> float:
    """Return the CPU seconds of this process and of those it started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def session_nice() -> int:
    """Return the priority of the whole session, where the kernel has one for it (autogroup); 0 is the usual one."""
    try:
        words = Path("/proc/self/autogroup").read_text().split()
    except OSError:
        return 0
    return int(words[-1]) if words else 0


class Others:
    """What other programs use from the moment on at which this is made."""

    def __init__(self) -> None:
        """Note where the counters stand."""
        self._busy, self._all = machine_seconds(Path("/proc/stat").read_text())
        self._own = own_seconds()

    def part(self) -> float:
        """Return the part of the machine that others used: 1 is all of it."""
        busy, everything = machine_seconds(Path("/proc/stat").read_text())
        foreign = busy - self._busy - (own_seconds() - self._own)
        return max(foreign, 0.0) / max(everything - self._all, 0.01)


def attached() -> list[str]:
    """Return what else is attached in the kernel: it costs every system call something, too."""
    if shutil.which("bpftool") is None:
        return []
    done = subprocess.run(("bpftool", "link", "list"), capture_output=True, text=True, check=False)
    return [line.strip() for line in done.stdout.splitlines() if "tracing" in line or "raw_tracepoint" in line]
