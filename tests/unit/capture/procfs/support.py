"""What the tests of the snapshot share: a sink that keeps what it is told, programs to look at, a /proc made up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tercel.capture.procfs import ProcFs, SnapshotStats
from tercel.capture.procfs.files import open_directory
from tercel.capture.source import StateSink
from tercel.state.model import FdInfo, Interface, MachineInfo, ThreadInfo, User

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="looking at other users' processes takes root")

# Ends a program that has told what it is: it waits until its input ends.
_WAIT = "\nimport json, sys\nprint(json.dumps(told), flush=True)\nsys.stdin.read()\nimport os\nos._exit(0)\n"


class Kept(StateSink):
    """A sink that keeps everything; it has room for so many threads."""

    def __init__(self, room: int = 1 << 30) -> None:
        self.room = room
        self.infos: list[MachineInfo] = []
        self.interfaces: list[Interface] = []
        self.users: list[User] = []
        self.groups: list[tuple[int, str]] = []
        self.threads: dict[int, ThreadInfo] = {}
        self.fds: dict[tuple[int, int], FdInfo] = {}
        self.is_done = False

    def machine_info(self, info: MachineInfo) -> None:
        self.infos.append(info)

    def interface(self, interface: Interface) -> None:
        self.interfaces.append(interface)

    def user(self, user: User) -> None:
        self.users.append(user)

    def group(self, gid: int, name: str) -> None:
        self.groups.append((gid, name))

    def thread(self, thread: ThreadInfo) -> None:
        self.threads[thread.tid] = thread

    def fd(self, tid: int, number: int, fd: FdInfo) -> None:
        self.fds[tid, number] = fd

    def wants_threads(self) -> bool:
        return len(self.threads) < self.room

    def metadata_done(self) -> None:
        self.is_done = True


def taken(host_root: str = "", skip: frozenset[int] = frozenset()) -> tuple[Kept, SnapshotStats]:
    """Return what a snapshot tells, and its counts."""
    kept = Kept()
    stats = ProcFs(host_root).tell(kept, skip)
    return kept, stats


@contextmanager
def running(code: str, prefix: tuple[str, ...] = (), **options: Any) -> Iterator[tuple[int, Any]]:
    """Run a program whose code puts something into `told`; gives its pid and that."""
    command = [*prefix, sys.executable, "-S", "-E", "-c", code + _WAIT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "the program ended early"
        try:
            yield process.pid, json.loads(line)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(10)


@contextmanager
def directory(path: str) -> Iterator[int]:
    """Open a directory."""
    number = open_directory(path)
    try:
        yield number
    finally:
        os.close(number)


def stat_line(pid: int, comm: bytes = b"made-up", state: str = "S", threads: int = 1, flags: int = 0) -> bytes:
    """Return the text of a `stat`: parent 1, group 7, session 8, terminal 34816, faults 11 and 12, start 1000."""
    return b"%d (%s) %s 1 7 8 34816 -1 %d 11 0 12 0 0 0 0 0 20 0 %d 0 1000 0 0\n" % (
        pid,
        comm,
        state.encode(),
        flags,
        threads,
    )


def status_text(pid: int, tid: int = 0, namespaces: str = "", uid: int = 1000) -> bytes:
    """Return the text of a `status`; `namespaces` follows the id on the lines about namespaces."""
    tid = tid or pid
    return (
        f"Name:\tmade-up\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t{pid}\nNgid:\t0\nPid:\t{tid}\nPPid:\t1\n"
        f"TracerPid:\t0\nUid:\t0\t{uid}\t0\t0\nGid:\t0\t1001\t0\t0\nFDSize:\t64\nGroups:\t4 24 1001 \n"
        f"NStgid:\t{pid}{namespaces}\nNSpid:\t{tid}{namespaces}\nNSpgid:\t7{namespaces}\nNSsid:\t8{namespaces}\n"
        "VmPeak:\t  9000 kB\nVmSize:\t    8000 kB\nVmRSS:\t     700 kB\nVmSwap:\t      60 kB\nThreads:\t1\n"
        "CapInh:\t0000000000000001\nCapPrm:\t000001ffffffffff\nCapEff:\t0000000000000003\nCapBnd:\t0000000000000000\n"
    ).encode()


class MadeUp:
    """A root directory with a /proc of files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "proc").mkdir()
        (root / "etc").mkdir()

    def process(self, pid: int, **files: bytes) -> Path:
        """Add a process with a usual stat, status and cmdline, or those given; other files as given."""
        place = self.root / "proc" / str(pid)
        place.mkdir()
        (place / "task").mkdir()
        (place / "fd").mkdir()
        (place / "fdinfo").mkdir()
        (place / "ns").mkdir()
        usual = {"stat": stat_line(pid), "status": status_text(pid), "cmdline": b"/bin/made-up\x00-x\x00"}
        for name, data in (usual | files).items():
            (place / name).write_bytes(data)
        return place

    def thread(self, pid: int, tid: int, **files: bytes) -> Path:
        """Add a thread to a process."""
        place = self.root / "proc" / str(pid) / "task" / str(tid)
        place.mkdir()
        usual = {"stat": stat_line(tid, b"worker"), "status": status_text(pid, tid)}
        for name, data in (usual | files).items():
            (place / name).write_bytes(data)
        return place

    def taken(self, skip: frozenset[int] = frozenset()) -> tuple[Kept, SnapshotStats]:
        """Return what a snapshot of it tells."""
        return taken(str(self.root), skip)
