"""The facts of the machine itself."""

from __future__ import annotations

import os
import time

from tercel.capture.procfs.files import read_or_empty
from tercel.state.model import MachineInfo


def boot_ts() -> int:
    """Return when the machine started, in ns since the epoch: what the two clocks differ by now."""
    # They are read one after the other: of several readings the one that took least time is best.
    best, found = 1 << 62, 0
    for _ in range(8):
        before = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        now = time.clock_gettime_ns(time.CLOCK_REALTIME)
        after = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        if after - before < best:
            best, found = after - before, now - (before + after) // 2
    return found


def read_machine(host_root: str, boot: int) -> MachineInfo:
    """Return the facts of a machine that started at `boot`."""
    info = MachineInfo()
    info.num_cpus = os.cpu_count() or 1
    info.memory_size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    pid_max = read_or_empty(f"{host_root}/proc/sys/kernel/pid_max").strip()
    info.max_pid = int(pid_max) if pid_max.isdigit() and len(pid_max) < 19 else 0
    info.hostname = os.uname().nodename
    info.boot_ts = boot
    return info
