"""Pid namespaces begin with their first processes, wherever those are in the list."""

from __future__ import annotations

import os
import shutil

import pytest

from tercel.capture.procfs import host
from tercel.capture.procfs.pidns import PidNamespaces
from tests.unit.capture.procfs.support import MadeUp, needs_root, running, stat_line, status_text

SPACE = 4026532000


def put(root: MadeUp, pid: int, own: int, number: int = SPACE) -> None:
    """Add a process that has such a pid in a namespace."""
    place = root.process(pid, status=status_text(pid, namespaces=f"\t{own}"))
    (place / "ns" / "pid").symlink_to(f"pid:[{number}]")


def test_the_first_process_is_found(made_up: MadeUp) -> None:
    """It may have a higher number than the others: numbers begin anew."""
    put(made_up, 20, 5)
    put(made_up, 30, 1)
    put(made_up, 40, 1, SPACE + 1)
    spaces = PidNamespaces(str(made_up.root / "proc"))
    assert spaces.start(SPACE, 50) == 50 + 1000 * 10_000_000
    assert spaces.knows(SPACE)
    assert not spaces.knows(SPACE + 1)


def test_what_was_noted_is_believed_while_it_is_so(made_up: MadeUp) -> None:
    """The kernel gives the number of a namespace to another one once it is gone."""
    put(made_up, 20, 1)
    spaces = PidNamespaces(str(made_up.root / "proc"))
    spaces.note(SPACE, 20, 77)
    assert spaces.start(SPACE, 0) == 77
    shutil.rmtree(made_up.root / "proc" / "20")
    put(made_up, 21, 1)
    assert spaces.start(SPACE, 0) == 1000 * 10_000_000


def test_what_is_not_there_is_looked_for_once(made_up: MadeUp) -> None:
    """Looking goes through all processes, and a namespace has many that ask."""
    spaces = PidNamespaces(str(made_up.root / "proc"))
    assert spaces.start(0, 50) == 0
    assert spaces.start(SPACE, 50) == 0
    put(made_up, 20, 1)
    assert spaces.start(SPACE, 50) == 0
    spaces.forget_missing()
    assert spaces.start(SPACE, 50) > 0


@pytest.mark.parametrize("files", [{"stat": b""}, {"status": b""}, {"stat": stat_line(20)[:30]}])
def test_a_damaged_first_process_has_no_start(made_up: MadeUp, files: dict[str, bytes]) -> None:
    """Nothing is known of such a namespace."""
    place = made_up.process(20, **({"status": status_text(20, namespaces="\t1")} | files))
    (place / "ns" / "pid").symlink_to(f"pid:[{SPACE}]")
    assert PidNamespaces(str(made_up.root / "proc")).start(SPACE, 50) == 0
    assert PidNamespaces(str(made_up.root / "absent")).start(SPACE, 50) == 0


@needs_root
@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare")
def test_a_namespace_of_the_kernel() -> None:
    """The kernel's files are understood."""
    with running(
        "import os; told = os.stat('/proc/self/ns/pid').st_ino", ("unshare", "-p", "-f", "-m", "--mount-proc")
    ) as (
        _,
        number,
    ):
        assert number != os.stat("/proc/self/ns/pid").st_ino
        boot = host.boot_ts()
        assert PidNamespaces("/proc").start(number, boot) > boot
