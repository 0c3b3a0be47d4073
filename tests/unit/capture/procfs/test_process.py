"""One process is read through its directory: what all threads share once, what each has of its own from each."""

from __future__ import annotations

import os
import platform
import resource
import time

import pytest

from tercel.capture.procfs import host
from tercel.capture.procfs.process import Damaged, Process, ProcessReader, shared_part
from tercel.state.model import CL_CLOSED, CL_FILES, CL_THREAD, INVALID_ID, ThreadInfo
from tests.unit.capture.procfs.support import MadeUp, directory, running, stat_line, status_text

BOOT = 1_000_000
EXIT_CALLS = {"x86_64": 60, "aarch64": 93}


def leader_of(pid: int, host_root: str = "") -> ThreadInfo:
    """Return the main thread of a process."""
    reader = ProcessReader(host_root, BOOT)
    with Process(reader.proc, pid) as process:
        leader = reader.leader(process, reader.status(process))
    assert leader is not None
    return leader


def test_a_process_has_what_its_files_say(made_up: MadeUp) -> None:
    """Every value lands in its place."""
    place = made_up.process(
        10,
        environ=b"A=1\x00B=\xff\x00\x00\x00",
        cgroup=b"1:cpu:/x\n",
        loginuid=b"1000",
        limits=b"Limit  Soft  Hard\nMax processes 1 2\nMax open files            1024                 4096  files\n",
    )
    (place / "exe").symlink_to("/bin/absent (deleted)")
    (place / "cwd").symlink_to("/tmp/gone (deleted)")
    (place / "root").symlink_to("/jail")
    thread = leader_of(10, str(made_up.root))
    assert (thread.comm, thread.exe, thread.args, thread.exepath) == ("made-up", "/bin/made-up", ["-x"], "/bin/absent")
    assert (thread.env, thread.cwd, thread.root) == (["A=1", "B=\udcff"], "/tmp/gone", "/jail")
    assert (thread.tid, thread.pid, thread.ptid, thread.sid, thread.pgid, thread.vpgid) == (10, 10, 1, 8, 7, 7)
    assert (thread.vtid, thread.vpid, thread.flags, thread.tty) == (10, 10, 0, 34816)
    assert (thread.uid, thread.gid, thread.loginuid, thread.fdlimit) == (1000, 1001, 1000, 1024)
    assert (thread.vmsize_kb, thread.vmrss_kb, thread.vmswap_kb, thread.pfminor, thread.pfmajor) == (
        8000,
        700,
        60,
        11,
        12,
    )
    assert (thread.cap_inheritable, thread.cap_permitted, thread.cap_effective) == (1, 0x1FFFFFFFFFF, 3)
    assert thread.cgroups == [("cpu", "/x")]
    assert thread.clone_ts == BOOT + 1000 * 10_000_000
    assert thread.pidns_init_start_ts == BOOT


@pytest.mark.parametrize(
    ("command", "exe", "args"),
    [
        (b"sh\x00-c\x00x y\x00", "sh", ["-c", "x y"]),
        (b"sh\x00", "sh", []),
        (b"sh\x00\x00", "sh", [""]),
        (b"sh\x00\x00a\x00", "sh", ["", "a"]),
        (b"sh\x00a\x00\x00", "sh", ["a", ""]),
        (b"nginx: worker\x00\x00\x00\x00\x00", "nginx: worker", []),
        (b"no end", "no end", []),
        (b"\x00a\x00", "", ["a"]),
        (b"\xff\x00\xfe\x00", "\udcff", ["\udcfe"]),
    ],
)
def test_arguments_are_split_at_their_ends(made_up: MadeUp, command: bytes, exe: str, args: list[str]) -> None:
    """Programs that write over their arguments leave zeros, which are no arguments; an empty one is."""
    made_up.process(10, cmdline=command)
    thread = leader_of(10, str(made_up.root))
    assert (thread.exe, thread.args) == (exe, args)


def test_no_text_is_longer_than_events_have_it(made_up: MadeUp) -> None:
    """Two megabytes of arguments are allowed by the system."""
    made_up.process(10, cmdline=b"e" * 5000 + b"\x00" + b"a" * 900_000, environ=b"E=" + b"v" * 900_000)
    thread = leader_of(10, str(made_up.root))
    assert len(thread.exe) == 1024
    assert sum(map(len, thread.args)) <= 4096
    assert sum(map(len, thread.env)) == 4096


def test_a_program_without_arguments_goes_by_its_file(made_up: MadeUp) -> None:
    """A process may be started without any."""
    place = made_up.process(10, cmdline=b"")
    (place / "exe").symlink_to("/bin/absent")
    assert (leader_of(10, str(made_up.root)).exe, leader_of(10, str(made_up.root)).args) == ("/bin/absent", [])


def test_without_arguments_and_file_there_is_no_program(made_up: MadeUp) -> None:
    """So it is with processes that are about to end."""
    made_up.process(10, cmdline=b"")
    reader = ProcessReader(str(made_up.root), BOOT)
    with Process(reader.proc, 10) as process:
        assert reader.leader(process, reader.status(process)) is None


def test_missing_files_leave_values_unknown(made_up: MadeUp) -> None:
    """A kernel without auditing has no loginuid, a process that may not be looked at no environment."""
    made_up.process(10, loginuid=b"none", limits=b"Max open files            unlimited  unlimited")
    thread = leader_of(10, str(made_up.root))
    assert (thread.loginuid, thread.fdlimit, thread.env, thread.cwd, thread.cgroups) == (INVALID_ID, -1, [], "", [])


@pytest.mark.parametrize("files", [{"stat": b""}, {"stat": stat_line(10)[:25]}, {"stat": b"\xff" * 9000}])
def test_a_damaged_stat_says_what_was_expected(made_up: MadeUp, files: dict[str, bytes]) -> None:
    """And the directory is closed again."""
    made_up.process(10, **files)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(Damaged, match="expected a name in parentheses"):
        Process(str(made_up.root / "proc"), 10)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_damaged_status_says_what_was_expected(made_up: MadeUp) -> None:
    """Without it nothing is known of the user."""
    made_up.process(10, status=b"Name:\tx\n")
    reader = ProcessReader(str(made_up.root), BOOT)
    with Process(reader.proc, 10) as process, pytest.raises(Damaged, match="expected the lines"):
        reader.status(process)


def test_kernel_threads_and_zombies_have_no_program(made_up: MadeUp) -> None:
    """The first have no files to speak of, the second have nothing but an exit code."""
    made_up.process(2, stat=stat_line(2, flags=0x00200000))
    made_up.process(3, stat=stat_line(3, state="Z"))
    made_up.process(4, stat=stat_line(4, state="Z", threads=2))
    made_up.thread(4, 5, stat=stat_line(5, state="Z"))
    made_up.process(6)
    for pid, has_program in ((2, False), (3, False), (4, False), (6, True)):
        with Process(str(made_up.root / "proc"), pid) as process:
            assert process.has_program is has_program


def test_threads_have_ids_and_names_of_their_own(made_up: MadeUp) -> None:
    """A thread may have dropped its privileges alone."""
    made_up.process(10, stat=stat_line(10, threads=2), cgroup=b"1:cpu:/x\n", environ=b"A=1\x00")
    made_up.thread(10, 11, status=status_text(10, 11, uid=33))
    reader = ProcessReader(str(made_up.root), BOOT)
    with Process(reader.proc, 10) as process:
        assert process.tids() == [11]
        leader = reader.leader(process, reader.status(process))
        assert leader is not None
        thread = reader.thread(process, shared_part(leader), 11)
    assert (thread.tid, thread.pid, thread.vtid, thread.vpid, thread.comm) == (11, 10, 11, 10, "worker")
    assert (thread.flags, thread.uid, leader.uid) == (CL_THREAD | CL_FILES, 33, 1000)
    assert (thread.exe, thread.args, thread.cgroups) == (leader.exe, ["-x"], [("cpu", "/x")])
    assert (thread.env, thread.cwd) == ([], leader.cwd)


def test_a_process_outlives_its_main_thread() -> None:
    """What the main thread had is read from one that lives."""
    number = EXIT_CALLS.get(platform.machine())
    if number is None:
        pytest.skip("the number of the call that ends one thread is not known here")
    code = (
        "import ctypes, os, sys, threading\n"
        "def wait():\n"
        "    with open('/proc/self/stat', 'rb') as file:\n"
        "        while b') Z ' not in file.read():\n"
        "            file.seek(0)\n"
        "    print('{}', flush=True)\n"
        "    sys.stdin.read()\n"
        "    os._exit(0)\n"
        "threading.Thread(target=wait).start()\n"
        f"ctypes.CDLL(None).syscall({number}, 0)\n"
    )
    with running(code, env={"A": "1"}, cwd="/usr") as (pid, _):
        thread = leader_of(pid)
        assert (thread.flags, thread.pid, thread.cwd, thread.env) == (CL_CLOSED, pid, "/usr", ["A=1"])
        assert thread.exepath.startswith("/")
        assert thread.args[:2] == ["-S", "-E"]
        assert thread.fdlimit == resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def test_a_real_process_started_when_it_started() -> None:
    """The start is the kernel's, not when somebody first looked."""
    before = time.time_ns()
    with running("import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (77, 99)); told = 0") as (pid, _):
        after = time.time_ns()
        reader = ProcessReader("", host.boot_ts())
        with Process("/proc", pid) as process:
            thread = reader.leader(process, reader.status(process))
        assert thread is not None
        # The kernel tells hundredths of a second.
        assert before - 20_000_000 <= thread.clone_ts <= after + 20_000_000
        assert thread.fdlimit == 77
        with directory(f"/proc/{pid}") as place:
            assert ProcessReader("/elsewhere", 0)._fdlimit(pid, place, "") == 77
