"""A snapshot tells of everything that runs, as far as it may be looked at, and of nothing that does not."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.capture.procfs import ProcFs, host_root_from_environment
from tercel.capture.source import CaptureError
from tercel.state.machine import Machine
from tercel.state.model import (
    CL_FILES,
    CL_THREAD,
    FD_FIFO,
    FD_FILE_V2,
    FD_IPV4_SERVSOCK,
    FD_IPV4_SOCK,
    FD_UNIX_SOCK,
    ROLE_CLIENT,
    ROLE_SERVER,
)
from tests.paths import ROOT
from tests.unit.capture.procfs.support import (
    Kept,
    MadeUp,
    needs_root,
    running,
    stat_line,
    status_text,
    taken,
)

needs_unshare = pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare")
IN_PIDNS = ("unshare", "-p", "-f", "-m", "--mount-proc", "-n")
CONTAINER = "0123456789ab" + "c" * 52


@contextmanager
def cgroup(name: str) -> Iterator[str]:
    """Make a cgroup with such a path; gives the file that takes processes."""
    for mount in ("/sys/fs/cgroup/pids", "/sys/fs/cgroup"):
        if os.path.exists(f"{mount}/cgroup.procs") and os.access(mount, os.W_OK):
            break
    else:
        pytest.skip("no cgroup hierarchy can be written to")
    path = f"{mount}/{name}"
    existed = os.path.isdir(os.path.dirname(path))
    try:
        os.makedirs(path)
    except OSError as error:
        pytest.skip(f"no cgroup can be made: {error}")
    try:
        yield f"{path}/cgroup.procs"
    finally:
        os.rmdir(path)
        if not existed:
            os.rmdir(os.path.dirname(path))


def test_a_process_is_told_with_all_that_it_is(tmp_path: Path) -> None:
    """Rules match processes that started before the sensor."""
    place = tmp_path / os.fsdecode(b"dir \xff")
    place.mkdir()
    code = (
        "import os, socket, threading\n"
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "unix = socket.socket(socket.AF_UNIX); unix.bind('sock'); unix.listen()\n"
        "log = open('log', 'a')\n"
        "wait = threading.Event()\n"
        "threads = [threading.Thread(target=wait.wait, daemon=True) for _ in range(2)]\n"
        "for k, thread in enumerate(threads):\n"
        "    thread.start()\n"
        "    with open(f'/proc/self/task/{thread.native_id}/comm', 'w') as file:\n"
        "        file.write(f'worker {k})')\n"
        "told = {'port': server.getsockname()[1], 'server': server.fileno(), 'unix': unix.fileno(),\n"
        "        'log': log.fileno(), 'threads': [thread.native_id for thread in threads]}\n"
    )
    with running(code, cwd=place, env={"SECRET": os.fsdecode(b"\xfe=1")}) as (pid, told):
        kept, stats = taken()
    leader = kept.threads[pid]
    assert (leader.pid, leader.ptid, leader.uid, leader.flags) == (pid, os.getpid(), os.geteuid(), 0)
    assert (leader.exe, leader.args[:3]) == (sys.executable, ["-S", "-E", "-c"])
    assert (leader.cwd, leader.root, leader.env) == (f"{tmp_path}/dir \udcff", "/", ["SECRET=\udcfe=1"])
    assert (leader.sid, leader.pgid, leader.vpgid) == (os.getsid(0), os.getpgid(0), os.getpgid(0))
    for index, tid in enumerate(told["threads"]):
        thread = kept.threads[tid]
        assert (thread.pid, thread.comm, thread.flags) == (pid, f"worker {index})", CL_THREAD | CL_FILES)
        assert (thread.exepath, thread.args, thread.cwd) == (leader.exepath, leader.args, leader.cwd)
    fds = {number: fd for (owner, number), fd in kept.fds.items() if owner == pid}
    assert (fds[0].kind, fds[1].kind) == (FD_FIFO, FD_FIFO)
    assert (fds[told["server"]].kind, fds[told["server"]].dport) == (FD_IPV4_SERVSOCK, told["port"])
    assert (fds[told["unix"]].kind, fds[told["unix"]].name) == (FD_UNIX_SOCK, "sock")
    log = fds[told["log"]]
    assert (log.kind, log.name, log.open_flags & 0xF) == (FD_FILE_V2, f"{leader.cwd}/log", 2 | 8)
    assert stats.processes <= stats.threads == len(kept.threads)
    assert stats.fds == len(kept.fds)
    assert not kept.is_done


def test_the_machine_itself_is_told() -> None:
    """Users, groups, addresses and the machine's facts come before its processes."""
    kept, _ = taken()
    assert [info.hostname for info in kept.infos] == [os.uname().nodename]
    assert "lo" in {interface.name for interface in kept.interfaces}
    assert 0 in {user.uid for user in kept.users}
    assert 0 in dict(kept.groups)


def test_the_sensor_can_leave_itself_out() -> None:
    """It knows itself, and its own events are not told either."""
    kept, _ = taken(skip=frozenset({os.getpid()}))
    assert os.getpid() not in kept.threads
    assert os.getppid() in kept.threads


def test_the_state_completes_what_is_told() -> None:
    """Roles, names and relations come out as they do from a capture's lists."""
    machine = Machine()
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted = server.accept()[0]
        with accepted, running("told = 0") as (pid, _):
            ProcFs().tell(machine)
            machine.metadata_done()
            fds = machine.threads[os.getpid()].fds
            ends = f"127.0.0.1:{client.getsockname()[1]}->127.0.0.1:{server.getsockname()[1]}"
            assert (fds[client.fileno()].name, fds[client.fileno()].role) == (ends, ROLE_CLIENT)
            assert (fds[accepted.fileno()].name, fds[accepted.fileno()].role) == (ends, ROLE_SERVER)
            assert fds[client.fileno()].kind == FD_IPV4_SOCK
            assert fds[server.fileno()].name == f"127.0.0.1:{server.getsockname()[1]}"
            child = machine.threads[pid]
            assert machine.parent(child) is machine.threads[os.getpid()]
            assert child.cwd == os.getcwd().rstrip("/") + "/"


@needs_root
@needs_unshare
def test_a_process_in_namespaces_has_its_own_ids_and_sockets() -> None:
    """In a container a process is number 1, and the container's network has lists of its own."""
    code = (
        "import socket, subprocess, sys\n"
        "server = socket.socket()\n"
        "server.bind(('0.0.0.0', 4321)); server.listen()\n"
        "child = subprocess.Popen([sys.executable, '-S', '-E', '-c', 'input()'], stdin=subprocess.PIPE)\n"
        "told = server.fileno()\n"
    )
    with running(code, IN_PIDNS) as (outer, number):
        kept, _ = taken()
        (first,) = [thread for thread in kept.threads.values() if thread.ptid == outer]
        (child,) = [thread for thread in kept.threads.values() if thread.ptid == first.tid]
        again = ProcFs().read_thread(child.tid)
    assert (first.vtid, first.vpid, first.is_in_pidns) == (1, 1, True)
    assert (child.vtid, child.vpid) == (2, 2)
    assert first.pidns_init_start_ts == child.pidns_init_start_ts == first.clone_ts
    assert kept.threads[outer].pidns_init_start_ts == kept.infos[0].boot_ts
    fd = kept.fds[first.tid, number]
    assert (fd.kind, fd.dport) == (FD_IPV4_SERVSOCK, 4321)
    assert again is not None
    assert again.pidns_init_start_ts == pytest.approx(child.pidns_init_start_ts, abs=1_000_000)


def test_a_process_may_come_before_the_first_of_its_namespace(made_up: MadeUp) -> None:
    """Numbers begin anew when the highest is reached."""
    for pid, own in ((10, 5), (20, 1)):
        place = made_up.process(pid, status=status_text(pid, namespaces=f"\t{own}"))
        (place / "ns" / "pid").symlink_to("pid:[4026532000]")
    place = made_up.process(30, status=status_text(30, namespaces="\t9"))
    (place / "ns" / "pid").symlink_to("pid:[4026532001]")
    kept, stats = made_up.taken()
    assert stats.processes == 3
    assert kept.threads[10].pidns_init_start_ts == kept.threads[20].clone_ts
    assert kept.threads[30].pidns_init_start_ts == 0


@needs_root
def test_a_process_in_a_containers_cgroup_is_in_the_container() -> None:
    """What a container does is told apart from what the machine does."""
    with cgroup(f"docker/{CONTAINER}") as procs, running("told = 0") as (pid, _):
        with open(procs, "w", encoding="ascii") as file:
            file.write(str(pid))
        machine = Machine()
        ProcFs().tell(machine)
        assert machine.threads[pid].container_id == CONTAINER[:12]
        assert machine.threads[os.getpid()].container_id == ""
        with open(f"{os.path.dirname(os.path.dirname(os.path.dirname(procs)))}/cgroup.procs", "w") as file:
            file.write(str(pid))


@needs_root
@needs_unshare
@pytest.mark.parametrize("hides", [False, True])
def test_what_may_not_be_looked_at_is_counted(*, hides: bool) -> None:
    """Without the right to trace others little is known of them; with hidepid nothing."""
    code = (
        "import json, os, subprocess\n"
        "from tercel.capture.procfs import ProcFs\n"
        "from tests.unit.capture.procfs.support import taken\n"
        f"hidden = subprocess.run('mount -t proc -o hidepid=1 proc /proc'.split()) if {hides} else None\n"
        "child = subprocess.Popen(['cat', '-u'], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)\n"
        "os.setgroups([]); os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)\n"
        "kept, stats = taken()\n"
        "thread = kept.threads.get(child.pid)\n"
        "told = [stats.denied, stats.processes, thread and [thread.comm, thread.args, thread.exepath, thread.env]]\n"
        "print(json.dumps(told))\n"
        "print(ProcFs().read_thread(child.pid) is None, ProcFs().read_fds(child.pid), ProcFs().read_fd(child.pid, 0))\n"
        "os._exit(0)\n"
    )
    command = ["unshare", "-m", sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    lines = done.stdout.splitlines()
    denied, processes, thread = json.loads(lines[0])
    assert denied > 0
    if hides:
        assert thread is None
    else:
        assert processes >= denied
        assert thread == ["cat", ["-u"], "", []]
    assert lines[1] == f"{hides} [] None"


def test_kernel_threads_and_the_dead_are_left_out(made_up: MadeUp) -> None:
    """They have no program and make no calls."""
    made_up.process(2, stat=stat_line(2, b"kthreadd", flags=0x00208040))
    made_up.process(3, stat=stat_line(3, state="Z"), cmdline=b"")
    made_up.process(4, cmdline=b"")
    made_up.process(5)
    kept, stats = made_up.taken()
    assert list(kept.threads) == [5]
    assert (stats.processes, stats.denied, stats.vanished, stats.damaged) == (1, 0, 0, 0)


def test_a_real_zombie_is_left_out() -> None:
    """It stays in the list until its parent has heard of its end."""
    with running("import subprocess; told = subprocess.Popen(['true']).pid") as (pid, child):
        with open(f"/proc/{child}/stat", "rb") as file:
            while b") Z " not in file.read():
                file.seek(0)
        kept, _ = taken()
        assert pid in kept.threads
        assert child not in kept.threads
        assert ProcFs().read_thread(child) is None


@pytest.mark.parametrize("name", ["stat", "status"])
def test_damaged_processes_are_counted_and_passed_over(made_up: MadeUp, name: str) -> None:
    """One process must not hide the others."""
    made_up.process(4, **{name: b"4 (cut"})
    made_up.process(3, stat=stat_line(3).replace(b" 1000 ", b" %d " % (1 << 80)))
    made_up.process(5, stat=stat_line(5, threads=4))
    made_up.thread(5, 6, **{name: b"\xff" * 10_000})
    made_up.thread(5, 7)
    (made_up.root / "proc/5/task/8").mkdir()
    kept, stats = made_up.taken()
    assert sorted(kept.threads) == [5, 7]
    assert (stats.processes, stats.threads, stats.damaged) == (1, 2, 3)


def test_processes_that_vanish_are_counted_and_passed_over(made_up: MadeUp) -> None:
    """Between the list and the look a process may end."""
    made_up.process(4).joinpath("stat").unlink()
    made_up.process(5).joinpath("status").unlink()
    shutil.rmtree(made_up.process(6, stat=stat_line(6, threads=2)) / "task")
    shutil.rmtree(made_up.process(7) / "fd")
    kept, stats = made_up.taken()
    assert 7 in kept.threads
    assert 4 not in kept.threads
    assert stats.vanished == 3


@pytest.mark.parametrize("name", [b"a) R 1 2 3", b"x\ny", b"\n\n", b")", b"\xf0\x28"])
def test_hostile_names_stay_names(made_up: MadeUp, name: bytes) -> None:
    """A program calls itself what it likes."""
    made_up.process(5, stat=stat_line(5, name))
    thread = made_up.taken()[0].threads[5]
    assert thread.comm.encode("utf-8", "surrogateescape") == name
    assert (thread.ptid, thread.sid) == (1, 8)


@given(
    st.dictionaries(
        st.sampled_from(["stat", "status", "cmdline", "environ", "cgroup", "limits", "loginuid"]), st.binary()
    )
)
def test_no_content_ends_in_a_traceback(files: dict[str, bytes]) -> None:
    """Whatever the files hold, the snapshot comes to its end."""
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        made_up = MadeUp(Path(place))
        made_up.process(5, **files)
        made_up.taken()


def test_a_full_table_takes_no_more(made_up: MadeUp) -> None:
    """What was left out is counted."""
    made_up.process(5, stat=stat_line(5, threads=3))
    made_up.thread(5, 6)
    made_up.thread(5, 7)
    made_up.process(8, stat=stat_line(8, threads=2))
    kept = Kept(room=2)
    stats = ProcFs(str(made_up.root)).tell(kept)
    assert len(kept.threads) == 2
    assert (stats.threads, stats.skipped_threads) == (2, 3)


def test_a_machine_below_another_root_is_told(made_up: MadeUp) -> None:
    """A sensor in a container looks at its machine so; names are those of the machine."""
    (made_up.root / "etc/passwd").write_text("ann:x:1000:1000::/home/ann:/bin/sh\n")
    (made_up.root / "etc/group").write_text("ann:x:1000:\n")
    place = made_up.process(5)
    (place / "cwd").symlink_to("/home/ann")
    (made_up.root / "proc/sys").mkdir()
    kept, _ = taken(f"{made_up.root}/")
    assert [user.name for user in kept.users] == ["ann"]
    assert kept.groups == [(1000, "ann")]
    assert kept.threads[5].cwd == "/home/ann"


def test_without_a_proc_it_says_so(tmp_path: Path) -> None:
    """A wrong root directory is the likeliest mistake."""
    with pytest.raises(CaptureError, match="expected the directory of all processes") as caught:
        ProcFs(str(tmp_path)).tell(Kept())
    assert str(caught.value).startswith(f"{tmp_path}/proc: ")


def test_the_root_comes_from_the_environment_given() -> None:
    """Nothing else reads it."""
    assert host_root_from_environment({}) == ""
    assert host_root_from_environment({"HOST_ROOT": "/host/"}) == "/host"
    assert host_root_from_environment({"HOST_ROOT": "/"}) == ""


def test_one_thread_is_read_when_it_is_missed() -> None:
    """Events of a thread may come without the call that made it."""
    is_over = threading.Event()
    other = threading.Thread(target=is_over.wait)
    other.start()
    try:
        assert other.native_id is not None
        found = ProcFs().read_thread(other.native_id)
        own = ProcFs().read_thread(os.getpid())
    finally:
        is_over.set()
        other.join()
    assert found is not None
    assert own is not None
    assert (found.tid, found.pid, found.flags) == (other.native_id, os.getpid(), CL_THREAD | CL_FILES)
    assert (own.tid, own.pid, own.flags) == (os.getpid(), os.getpid(), 0)
    assert found.exepath == own.exepath


@pytest.mark.parametrize("tid", [0, -1, 1 << 40])
def test_what_is_not_there_is_none(tid: int) -> None:
    """An event may tell any number."""
    assert ProcFs().read_thread(tid) is None
    assert ProcFs().read_fds(tid) == []
    assert ProcFs().read_fd(tid, 0) is None


def test_descriptors_are_read_when_they_are_missed(tmp_path: Path) -> None:
    """A descriptor may come over a unix socket, which no call tells of."""
    number = os.open(tmp_path / "x", os.O_RDWR | os.O_CREAT)
    try:
        fd = ProcFs().read_fd(os.getpid(), number)
        assert fd is not None
        assert fd.name == str(tmp_path / "x")
        assert dict(ProcFs().read_fds(os.getpid()))[number].name == fd.name
        assert ProcFs().read_fd(os.getpid(), 54321) is None
    finally:
        os.close(number)


def test_nothing_stays_open() -> None:
    """A sensor runs for months."""
    procfs = ProcFs()
    procfs.tell(Kept())
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        procfs.tell(Kept())
        procfs.read_thread(os.getpid())
        procfs.read_fds(os.getpid())
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_thousand_threads_take_their_time_each() -> None:
    """What a process's threads share is read once, however many they are."""
    code = (
        "import threading\n"
        "threading.stack_size(65536)\n"
        "wait = threading.Event()\n"
        "for _ in range(1000): threading.Thread(target=wait.wait, daemon=True).start()\n"
        "told = 0\n"
    )
    with running(code) as (pid, _):
        kept, stats = taken()
    assert sum(thread.pid == pid for thread in kept.threads.values()) == 1001
    assert stats.threads >= 1001
