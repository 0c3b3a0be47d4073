from __future__ import annotations

from pathlib import Path

import pytest

from tercel.sensor.doctor.context import Context, Mount
from tercel.sensor.kernel import EARLIEST
from tests.unit.sensor.doctor.trees import machine, write


def test_everything_is_read_below_the_prefix(tmp_path: Path) -> None:
    """Another machine's files can be examined."""
    context = machine(tmp_path)
    assert context.release() == "6.1.0-42-amd64"
    assert context.kernel() == (6, 1)
    assert context.number("/proc/sys/net/core/bpf_jit_enable") == 1


def test_what_is_missing_or_strange_is_nothing(tmp_path: Path) -> None:
    """Each check says itself what that means."""
    context = Context(str(tmp_path), "")
    write(tmp_path, {"/proc/sys/kernel/osrelease": "strange\n"})
    assert context.read("/nothing") is None
    assert context.number("/proc/sys/kernel/osrelease") is None
    assert context.kernel() == EARLIEST
    assert list(context.mounts()) == []


def test_mounts_are_read_and_short_lines_left_out(tmp_path: Path) -> None:
    """A line has at least four parts."""
    write(tmp_path, {"/proc/self/mounts": "proc /proc proc rw,hidepid=2 0 0\nbroken\n"})
    assert list(Context(str(tmp_path), "").mounts()) == [Mount("/proc", "proc", ("rw", "hidepid=2"))]


def test_the_machines_files_are_below_host_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container HOST_ROOT says where they are mounted."""
    monkeypatch.setenv("HOST_ROOT", "/host/")
    assert Context().host_path("/run/docker.sock") == "/host/run/docker.sock"
    assert Context("/tree").path("/proc") == "/tree/proc"
