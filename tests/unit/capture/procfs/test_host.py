"""The machine's facts are those that the system tells of itself."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tercel.capture.procfs import host


def test_the_machine_started_when_its_clocks_say() -> None:
    """Start times of processes are counted from there."""
    with open("/proc/stat", encoding="ascii") as file:
        told = next(int(line.split()[1]) for line in file if line.startswith("btime "))
    assert abs(host.boot_ts() / 1e9 - told) < 2
    assert host.boot_ts() < time.time_ns()


def test_the_facts_of_this_machine() -> None:
    """A capture begins with them."""
    info = host.read_machine("", 123)
    with open("/proc/sys/kernel/pid_max", encoding="ascii") as file:
        assert info.max_pid == int(file.read())
    assert (info.boot_ts, info.hostname, info.num_cpus) == (123, os.uname().nodename, os.cpu_count())
    assert info.memory_size > 1 << 20


@pytest.mark.parametrize("data", [b"", b"x", b"9" * 100])
def test_a_damaged_number_is_none(tmp_path: Path, data: bytes) -> None:
    """What cannot be read is left out."""
    (tmp_path / "proc/sys/kernel").mkdir(parents=True)
    (tmp_path / "proc/sys/kernel/pid_max").write_bytes(data)
    assert host.read_machine(str(tmp_path), 0).max_pid == 0
    assert host.read_machine(str(tmp_path / "absent"), 0).max_pid == 0
