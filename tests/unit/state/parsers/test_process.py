from __future__ import annotations

import pytest

from tests.unit.state.build import Feed, clone_values


@pytest.fixture
def feed() -> Feed:
    """Return a machine with init and a shell."""
    return Feed()


def test_the_working_directory_follows_the_calls(feed: Feed) -> None:
    """By path, by descriptor, by what the kernel told; failures change nothing."""
    feed.call("SYSCALL_CHDIR", [], [0, "../other"])
    assert feed.thread().cwd == "/home/other/"
    feed.call("SYSCALL_CHDIR", [], [-2, "/nowhere"])
    assert feed.thread().cwd == "/home/other/"
    feed.open_file(10, 4, "/var/log")
    feed.call("SYSCALL_FCHDIR", [4], [0])
    assert feed.thread().cwd == "/var/log/"
    feed.call("SYSCALL_GETCWD", [], [9, "/srv/real"])
    assert feed.thread().cwd == "/srv/real/"


def test_a_session_is_noted(feed: Feed) -> None:
    """The call returns its id."""
    feed.call("SYSCALL_SETSID", [], [10])
    assert feed.thread().sid == 10
    feed.call("SYSCALL_SETSID", [], [-1])
    assert feed.thread().sid == 10


def test_the_root_directory_is_noted(feed: Feed) -> None:
    """Joined to the working directory."""
    feed.call("SYSCALL_CHROOT", [], [0, "jail"])
    assert feed.thread().root == "/home/user/jail"


def test_a_subreaper_takes_over_orphans(feed: Feed) -> None:
    """Once it asked for it."""
    feed.call("SYSCALL_PRCTL", [], [0, 36, None, 1])
    feed.call("SYSCALL_CLONE_20", [], clone_values(20, 10, 10, 1))
    feed.call("SYSCALL_CLONE_20", [], clone_values(21, 20, 20, 10), tid=20)
    feed.event("PROCEXIT_1_E", 0, 0, 0, 0, 0, tid=20)
    feed.event("SYSCALL_GETUID_E")
    assert feed.thread(21).ptid == 10
    feed.call("SYSCALL_PRCTL", [], [0, 36, None, 0])
    group = feed.thread().group
    assert group is not None
    assert not group.is_reaper


def test_the_kernels_reaper_takes_over_orphans(feed: Feed) -> None:
    """When the exit names it."""
    feed.call("SYSCALL_CLONE_20", [], clone_values(20, 10, 10, 1))
    feed.call("SYSCALL_CLONE_20", [], clone_values(21, 20, 20, 10), tid=20)
    feed.event("PROCEXIT_1_E", 0, 0, 0, 0, 10, tid=20)
    feed.event("SYSCALL_GETUID_E")
    assert feed.thread(21).ptid == 10


def test_processor_time_is_noted(feed: Feed) -> None:
    """As the recorder's own events tell it."""
    ctx = feed.event("PROCINFO_E", 5, 6)
    assert ctx.thread is feed.thread()
    assert (feed.thread().cpu_user, feed.thread().cpu_system) == (5, 6)
