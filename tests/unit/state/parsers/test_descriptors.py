from __future__ import annotations

import pytest

from tercel.state import model
from tests.unit.state.build import Feed, Value

O_CLOEXEC = 1 << 12


@pytest.fixture
def feed() -> Feed:
    """Return a machine with a shell that has /etc/hosts open as 3."""
    return Feed()


def test_a_failed_close_keeps_the_descriptor(feed: Feed) -> None:
    """It can be closed again."""
    feed.call("SYSCALL_CLOSE", [3], [-5])
    feed.event("SYSCALL_GETUID_E")
    assert 3 in feed.thread().fds
    feed.call("SYSCALL_CLOSE", [3], [0])
    feed.event("SYSCALL_GETUID_E")
    assert 3 not in feed.thread().fds


def test_a_number_given_out_anew_while_it_is_closed_stays(feed: Feed) -> None:
    """Another thread of the process was quicker."""
    feed.call("SYSCALL_CLONE_20", [], [11, "b", [], 10, 10, 1, "", 1, 0, 0, 0, 0, 0, "b", [], 1 << 13, 0, 0, 11, 10, 0])
    feed.event("SYSCALL_CLOSE_E", 3)
    feed.call("SYSCALL_OPEN", ["/new", 1, 0], [3, "/new", 1, 0, 0, 0], tid=11)
    feed.event("SYSCALL_CLOSE_X", 0)
    feed.event("SYSCALL_GETUID_E")
    assert feed.fd(3).name == "/new"


def test_a_range_is_closed(feed: Feed) -> None:
    """Or marked to be closed by an exec."""
    for number in (4, 5, 6):
        feed.open_file(10, number, "/x")
    feed.event("SYSCALL_CLOSE_RANGE_X", 0, 5, 0xFFFFFFFF, 4)
    assert feed.fd(5).open_flags & O_CLOEXEC
    feed.event("SYSCALL_CLOSE_RANGE_X", 0, 4, 5, 0)
    feed.event("SYSCALL_GETUID_E")
    assert sorted(feed.thread().fds) == [3, 6]
    feed.event("SYSCALL_CLOSE_RANGE_X", -22, 3, 6, 0)
    feed.event("SYSCALL_GETUID_E")
    assert sorted(feed.thread().fds) == [3, 6]


@pytest.mark.parametrize(
    ("name", "enter", "leave", "flags"),
    [
        ("SYSCALL_DUP", [3], [7], 0),
        ("SYSCALL_DUP_1", [3], [7, 3], 0),
        ("SYSCALL_DUP2", [3], [7, 3, 7], 0),
        ("SYSCALL_DUP3", [3], [7, 3, 7, O_CLOEXEC], O_CLOEXEC),
        ("SYSCALL_FCNTL", [3, 1], [7, 3, 1], 0),
        ("SYSCALL_FCNTL", [3, 26], [7, 3, 26], O_CLOEXEC),
        ("SYSCALL_FCNTL", [3, 26], [7], O_CLOEXEC),
    ],
)
def test_a_copy_has_the_same_name(feed: Feed, name: str, enter: list[Value], leave: list[Value], flags: int) -> None:
    """And its own mark for exec."""
    feed.fd(3).open_flags = 1 | O_CLOEXEC
    ctx = feed.call(name, enter, leave)
    assert (feed.fd(7).name, feed.fd(7).open_flags) == ("/etc/hosts", 1 | flags)
    assert feed.fd(7) is not feed.fd(3)
    assert ctx.fd_num == 7
    assert not ctx.fd_name_changed


def test_other_commands_of_fcntl_copy_nothing(feed: Feed) -> None:
    """Setting the mark for exec changes it where the exit tells the argument."""
    feed.call("SYSCALL_FCNTL", [3, 4], [7, 3, 4])
    assert 7 not in feed.thread().fds
    feed.call("SYSCALL_FCNTL", [3, 3], [0, 3, 3, 1])
    assert feed.fd(3).open_flags & O_CLOEXEC
    feed.call("SYSCALL_FCNTL", [3, 3], [0, 3, 3, 0])
    assert not feed.fd(3).open_flags & O_CLOEXEC


def test_a_pipe_has_two_ends(feed: Feed) -> None:
    """Of the same inode; a copy as standard input or output is noted."""
    feed.call("SYSCALL_PIPE", [], [0, 5, 6, 99])
    assert [(feed.fd(n).kind, feed.fd(n).ino) for n in (5, 6)] == [(model.FD_FIFO, 99)] * 2
    feed.call("SYSCALL_PIPE2", [], [0, 7, 8, 98, O_CLOEXEC])
    assert feed.fd(8).open_flags == O_CLOEXEC
    feed.call("SYSCALL_DUP2", [5], [0, 5, 0])
    feed.call("SYSCALL_DUP2", [6], [1, 6, 1])
    assert feed.thread().flags & model.CL_PIPE_DST
    assert feed.thread().flags & model.CL_PIPE_SRC
    feed.call("SYSCALL_PIPE", [], [-24, -1, -1, 0])
    assert -1 not in feed.thread().fds


@pytest.mark.parametrize(
    ("name", "enter", "leave", "kind", "flags", "text"),
    [
        ("SYSCALL_EVENTFD", [0, 0], [5], model.FD_EVENT, 0, ""),
        ("SYSCALL_EVENTFD2", [0], [5, O_CLOEXEC], model.FD_EVENT, O_CLOEXEC, ""),
        ("SYSCALL_SIGNALFD", [-1, 0, 0], [5], model.FD_SIGNALFD, 0, ""),
        ("SYSCALL_SIGNALFD4", [-1, 0], [5, O_CLOEXEC], model.FD_SIGNALFD, O_CLOEXEC, ""),
        ("SYSCALL_TIMERFD_CREATE", [0, 0], [5], model.FD_TIMERFD, 0, ""),
        ("SYSCALL_INOTIFY_INIT", [0], [5], model.FD_INOTIFY, 0, ""),
        ("SYSCALL_INOTIFY_INIT1", [], [5, O_CLOEXEC], model.FD_INOTIFY, O_CLOEXEC, ""),
        ("SYSCALL_EPOLL_CREATE", [1], [5], model.FD_EVENTPOLL, 0, ""),
        ("SYSCALL_EPOLL_CREATE1", [1], [5, 1], model.FD_EVENTPOLL, O_CLOEXEC, ""),
        ("SYSCALL_BPF_2", [0], [5, 0], model.FD_BPF, 0, ""),
        ("SYSCALL_BPF", [5], [b"\x01\x05" + bytes(7)], model.FD_BPF, 0, ""),
        ("SYSCALL_USERFAULTFD", [], [5, O_CLOEXEC], model.FD_USERFAULTFD, O_CLOEXEC, ""),
        ("SYSCALL_IO_URING_SETUP", [], [5, 1, 1, 1, 0, 0, 0, 0], model.FD_IOURING, 0, ""),
        ("SYSCALL_MEMFD_CREATE", [], [5, "code", 1], model.FD_MEMFD, O_CLOEXEC, "code"),
        ("SYSCALL_PIDFD_OPEN", [], [5, 10, 0], model.FD_PIDFD, O_CLOEXEC, "/proc/10"),
    ],
)
def test_descriptors_of_other_kinds_are_made(
    feed: Feed, name: str, enter: list[Value], leave: list[Value], kind: int, flags: int, text: str
) -> None:
    """With name and flags as far as the call tells them; a failed call makes none."""
    feed.call(name, enter, leave)
    fd = feed.fd(5)
    assert (fd.kind, fd.open_flags, fd.name) == (kind, flags, text)
    failed = b"\x00" + b"\xff" * 8 if isinstance(leave[0], bytes) else -22
    before = len(feed.thread().fds)
    feed.call(name, enter, [failed, *leave[1:]])
    assert len(feed.thread().fds) == before


def test_bpf_commands_that_make_no_descriptor_make_none(feed: Feed) -> None:
    """Their result is a number of another kind."""
    feed.call("SYSCALL_BPF_2", [1], [5, 1])
    feed.call("SYSCALL_BPF", [1], [b"\x00\x05" + bytes(7)])
    assert 5 not in feed.thread().fds


def test_a_descriptor_of_another_process_is_copied(feed: Feed) -> None:
    """Through a descriptor of that process."""
    feed.open_file(1, 9, "/etc/shadow")
    feed.call("SYSCALL_PIDFD_OPEN", [], [5, 1, 0])
    feed.call("SYSCALL_PIDFD_GETFD", [], [6, 5, 9, 0])
    assert feed.fd(6).name == "/etc/shadow"
    feed.call("SYSCALL_PIDFD_GETFD", [], [7, 3, 9, 0])
    assert 7 not in feed.thread().fds
