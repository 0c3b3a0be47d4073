"""A process's program: its file, its times, and whether the process could change it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tercel.capture.procfs.executable import ExecutableReader, may_write
from tercel.capture.procfs.files import read_file
from tercel.capture.procfs.status import Status
from tercel.state.model import ThreadInfo
from tests.unit.capture.procfs.support import directory, needs_root, running, status_text


def read(pid: int) -> ThreadInfo:
    """Return a thread with what is known of its program."""
    thread = ThreadInfo(pid)
    with directory(f"/proc/{pid}") as place:
        ExecutableReader("/proc").read(thread, Status(read_file("status", place)), place, "")
    return thread


def test_the_program_has_inode_and_times() -> None:
    """Rules ask for programs that came onto the machine lately."""
    thread = read(os.getpid())
    facts = os.stat(sys.executable)
    assert thread.exepath == os.path.realpath(sys.executable)
    assert (thread.exe_ino, thread.exe_ino_ctime, thread.exe_ino_mtime) == (
        facts.st_ino,
        facts.st_ctime_ns,
        facts.st_mtime_ns,
    )
    assert not thread.is_exe_from_memfd


def test_a_deleted_program_keeps_its_path(tmp_path: Path) -> None:
    """Deleting itself is what a program does that wants to hide."""
    copy = shutil.copy(shutil.which("cat") or "", tmp_path / "cat")
    with subprocess.Popen([copy], stdin=subprocess.PIPE) as process:
        inode = os.stat(copy).st_ino
        os.unlink(copy)
        thread = read(process.pid)
        process.communicate()
    assert (thread.exepath, thread.exe_ino, thread.is_exe_from_memfd) == (str(copy), inode, False)


def test_a_program_from_memory_says_so() -> None:
    """There never was a file to look for."""
    with open(shutil.which("cat") or "", "rb") as file:
        number = os.memfd_create("hidden", 0)
        os.write(number, file.read())
    try:
        with subprocess.Popen([f"/proc/self/fd/{number}"], stdin=subprocess.PIPE, pass_fds=[number]) as process:
            thread = read(process.pid)
            process.communicate()
    finally:
        os.close(number)
    assert (thread.exepath, thread.is_exe_from_memfd) == ("/memfd:hidden", True)


@pytest.mark.parametrize(
    ("mode", "uid", "gid", "expected"),
    [
        (0o700, 1000, 0, True),
        (0o577, 1000, 0, False),
        (0o770, 0, 1001, True),
        (0o770, 0, 24, True),
        (0o757, 0, 24, False),
        (0o757, 0, 25, True),
        (0o755, 0, 25, False),
    ],
)
def test_who_may_write_is_told_by_the_mode(mode: int, uid: int, gid: int, *, expected: bool) -> None:
    """The thread is user 1000 in the groups 1001, 4 and 24; owner goes before group, group before others."""
    status = Status(status_text(10))
    facts = os.stat_result((0o100000 | mode, 0, 0, 1, uid, gid, 0, 0, 0, 0))
    assert may_write(facts, status, is_capable=False) is expected
    assert may_write(facts, status, is_capable=True)


@needs_root
@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare")
def test_capabilities_in_a_user_namespace_do_not_count() -> None:
    """Root in a container of a user may not write to the machine's programs."""
    command = ["unshare", "-U", "-r", "cat"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, user=65534, group=65534) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.stdout.read(1) == b"\n"
        assert Status(read_file(f"/proc/{process.pid}/status")).cap_effective & 2
        assert not read(process.pid).is_exe_writable
    with running("told = 0") as (pid, _):
        assert read(pid).is_exe_writable


@needs_root
def test_nothing_is_writable_on_a_mount_for_reading(tmp_path: Path) -> None:
    """Not even for root."""
    code = (
        "import shutil, subprocess, sys\n"
        f"place = {str(tmp_path)!r}\n"
        "subprocess.run(['mount', '-t', 'tmpfs', 'x', place], check=True)\n"
        "shutil.copy(shutil.which('cat'), place)\n"
        "subprocess.run(['mount', '-o', 'remount,ro', place], check=True)\n"
        "cat = subprocess.Popen([place + '/cat'], stdin=subprocess.PIPE)\n"
        "told = cat.pid\n"
    )
    with running(code, ("unshare", "-m")) as (_, pid):
        thread = read(pid)
    assert (thread.exepath, thread.is_exe_writable) == (f"{tmp_path}/cat", False)


def test_a_thread_without_a_program_is_an_error(tmp_path: Path) -> None:
    """The caller decides whether the kernel's own thread or a refusal is behind it."""
    with directory(str(tmp_path)) as place, pytest.raises(FileNotFoundError):
        ExecutableReader(str(tmp_path)).read(ThreadInfo(1), Status(status_text(1)), place, "")
