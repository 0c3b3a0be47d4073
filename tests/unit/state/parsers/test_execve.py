from __future__ import annotations

import pytest

from tercel.state import model
from tests.unit.state.build import SECOND, Feed, clone_values, execve_values


@pytest.fixture
def feed() -> Feed:
    """Return a machine with init and a shell."""
    return Feed()


def test_a_process_becomes_another_program(feed: Feed) -> None:
    """Everything that the event tells is taken."""
    feed.call("SYSCALL_EXECVE_19", ["ls"], execve_values())
    thread = feed.thread()
    assert (thread.comm, thread.exe, thread.exepath) == ("ls", "/bin/ls", "/usr/bin/ls")
    assert thread.args == ["-l", "/tmp"]
    assert thread.env == ["HOME=/root", "A=b"]
    assert (thread.tty, thread.vpgid, thread.pgid, thread.loginuid) == (34816, 10, 10, 1000)
    assert (thread.uid, thread.gid, thread.fdlimit) == (0, 0, 2048)
    assert (thread.cap_inheritable, thread.cap_permitted, thread.cap_effective) == (1, 2, 3)
    assert thread.is_exe_writable
    assert not thread.is_exe_upper_layer
    assert (thread.exe_ino, thread.lastexec_ts) == (99, feed.clock)
    assert thread.flags & model.CL_NAME_CHANGED
    assert thread.cwd == "/home/user/"


def test_a_failed_exec_changes_nothing(feed: Feed) -> None:
    """The process goes on as it was."""
    feed.call("SYSCALL_EXECVE_19", ["ls"], execve_values(res=-2))
    assert feed.thread().comm == "bash"


@pytest.mark.parametrize(
    ("entered", "expected"),
    [("bin/ls", "/home/user/bin/ls"), ("/bin/ls", "/bin/ls"), ("../x (deleted)", "/home/x"), ("<NA>", "<NA>")],
)
def test_without_the_kernels_word_the_path_is_that_of_the_call(feed: Feed, entered: str, expected: str) -> None:
    """Joined to the working directory."""
    values = execve_values()[:27]
    feed.call("SYSCALL_EXECVE_19", [entered], values)
    assert feed.thread().exepath == expected


def test_an_exec_without_its_entry_has_no_path(feed: Feed) -> None:
    """Neither told by the kernel nor by the call."""
    feed.event("SYSCALL_EXECVE_19_X", *execve_values()[:27])
    assert feed.thread().exepath == "<NA>"


@pytest.mark.parametrize(
    ("dirfd", "path", "flags", "expected"),
    [
        (3, "", 1, "/etc/hosts"),
        (4, "ls", 0, "/opt/ls"),
        (-100, "ls", 0, "/home/user/ls"),
        (9, "", 1, "<NA>"),
        (4, "/bin/ls", 0, "/bin/ls"),
    ],
)
def test_execveat_starts_from_a_descriptor(feed: Feed, dirfd: int, path: str, flags: int, expected: str) -> None:
    """Or runs the descriptor itself; its success comes back as an exec's exit."""
    feed.open_file(10, 4, "/opt")
    feed.event("SYSCALL_EXECVEAT_E", dirfd, path, flags)
    ctx = feed.event("SYSCALL_EXECVE_19_X", *execve_values()[:27])
    assert ctx.is_paired
    assert feed.thread().exepath == expected


def test_other_threads_of_the_process_are_gone(feed: Feed) -> None:
    """Only the one that called remains."""
    feed.call("SYSCALL_CLONE_20", [], clone_values(11, 10, 10, 1, model.CL_THREAD))
    feed.call("SYSCALL_EXECVE_19", ["ls"], execve_values())
    assert 11 not in feed.machine.threads
    assert feed.thread().alive_threads == 1


def test_an_unknown_thread_learns_who_it_is(feed: Feed) -> None:
    """From the event's ids."""
    feed.call("SYSCALL_EXECVE_19", ["ls"], execve_values(tid=60, pid=60, ptid=10), tid=60)
    thread = feed.thread(60)
    assert (thread.pid, thread.ptid, thread.comm) == (60, 10, "ls")
    assert feed.machine.parent(thread) is feed.thread()


def test_the_age_of_the_program_file_is_noted(feed: Feed) -> None:
    """Against the start of the process and of its namespace."""
    thread = feed.thread()
    thread.clone_ts = SECOND
    thread.pidns_init_start_ts = SECOND // 4
    feed.call("SYSCALL_EXECVE_19", ["ls"], execve_values())
    assert thread.exe_ino_ctime_duration_clone_ts == SECOND // 2
    assert thread.exe_ino_ctime_duration_pidns_start == SECOND // 4


def test_old_layouts_are_understood(feed: Feed) -> None:
    """The first has eight parameters and no name but the program's."""
    feed.call("SYSCALL_EXECVE_8", [], execve_values()[:8])
    assert (feed.thread().comm, feed.thread().args) == ("/bin/ls", ["-l", "/tmp"])
    values = execve_values()
    feed.call("SYSCALL_EXECVE_15", [], [*values[:13], "named", ["X=y"]])
    assert (feed.thread().comm, feed.thread().env) == ("named", ["X=y"])


def test_a_process_lives_on_when_another_thread_becomes_its_program(feed: Feed) -> None:
    """The main thread exits then, and the other one takes its number: no event tells of its own end."""
    feed.event("SYSCALL_CLONE_20_X", *clone_values(20, 10, 10, 1))
    feed.event("SYSCALL_CLONE3_X", *clone_values(21, 20, 20, 10, model.CL_THREAD), tid=20)
    feed.event("PROCEXIT_1_E", 0, 0, 0, 0, 0, tid=20)
    feed.event("SYSCALL_EXECVE_19_X", *execve_values(tid=20, pid=20, ptid=10), tid=20)
    thread = feed.thread(20)
    assert (thread.comm, thread.ptid, thread.flags & model.CL_CLOSED) == ("ls", 10, 0)
    assert 21 not in feed.machine.threads
    assert thread.group is not None
    assert thread.group.alive == 1
    feed.event("PROCEXIT_1_E", 0, 0, 0, 0, 0, tid=20)
    feed.event("SYSCALL_GETUID_E")
    assert 20 not in feed.machine.threads
