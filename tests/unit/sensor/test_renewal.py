from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tercel.capture.procfs.snapshot import ProcFs
from tercel.sensor.renewal import Renewal
from tercel.state.machine import Machine
from tercel.state.model import ThreadInfo


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """Yield a process that waits."""
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE) as process:
        yield process


def machine_of(procfs: ProcFs) -> Machine:
    """Return a machine that was told everything."""
    machine = Machine()
    Renewal(machine, procfs).complete()
    machine.metadata_done()
    return machine


def stranger(tid: int, comm: str) -> ThreadInfo:
    """Return a thread that only the table knows."""
    thread = ThreadInfo(tid)
    thread.pid = tid
    thread.comm = comm
    return thread


def test_everybody_is_in_the_table_at_the_start(child: subprocess.Popen[bytes]) -> None:
    """This process, and that one."""
    machine = machine_of(ProcFs())
    assert {os.getpid(), child.pid} <= set(machine.threads)


def test_the_start_keeps_what_events_told_already(child: subprocess.Popen[bytes]) -> None:
    """They are later than the list."""
    machine = Machine()
    machine.thread(stranger(child.pid, "told"))
    Renewal(machine, ProcFs()).complete()
    assert machine.threads[child.pid].comm == "told"
    assert os.getpid() in machine.threads


def test_a_renewal_replaces_what_is_known(child: subprocess.Popen[bytes]) -> None:
    """What was lost may have changed any part of it."""
    procfs = ProcFs()
    machine = machine_of(procfs)
    child_entry = machine.threads[child.pid]
    child_entry.comm = "outdated"
    Renewal(machine, procfs).renew()
    assert machine.threads[child.pid].comm == "cat"


def test_a_renewal_finds_new_descriptors(tmp_path: Path) -> None:
    """Their opening may be what was lost."""
    procfs = ProcFs()
    machine = machine_of(procfs)
    with (tmp_path / "opened").open("w") as file:
        Renewal(machine, procfs).renew()
        assert machine.threads[os.getpid()].fds[file.fileno()].name == file.name


def test_a_renewal_removes_who_is_gone(child: subprocess.Popen[bytes]) -> None:
    """The end of a process may be what was lost."""
    procfs = ProcFs()
    machine = machine_of(procfs)
    child.communicate()
    Renewal(machine, procfs).renew()
    assert child.pid not in machine.threads
    assert os.getpid() in machine.threads


def test_who_is_doubtful_but_there_stays(child: subprocess.Popen[bytes]) -> None:
    """A thread that /proc did not list may have begun after it was read; one of the same number is another."""
    procfs = ProcFs()
    machine = machine_of(procfs)
    gone = stranger(child.pid, "earlier")
    Renewal(machine, procfs).remove([machine.threads[child.pid], gone])
    assert machine.threads[child.pid].comm == "cat"
