from __future__ import annotations

import pytest

from tercel.state import model
from tests.unit.state.build import Feed

O_CREATED = 1 << 14


@pytest.fixture
def feed() -> Feed:
    """Return a machine with a shell in /home/user."""
    return Feed()


def test_the_path_is_the_one_that_the_call_was_entered_with(feed: Feed) -> None:
    """The exit's may have been changed meanwhile; the kernel's findings are the exit's."""
    ctx = feed.call("SYSCALL_OPEN", ["real", 1, 0], [5, "forged", 2 | O_CREATED, 0, 7, 8])
    fd = feed.fd(5)
    assert (fd.name, fd.name_raw, fd.open_flags) == ("/home/user/real", "real", 1 | O_CREATED)
    assert (fd.dev, fd.ino, fd.kind) == (7, 8, model.FD_FILE_V2)
    assert ctx.fd is fd
    assert ctx.fd_num == 5
    assert ctx.fd_name_changed


def test_without_the_entry_the_exits_path_counts(feed: Feed) -> None:
    """Old captures have no path in the entry either."""
    feed.event("SYSCALL_OPEN_X", 5, "/tmp/x", 1, 0)
    assert feed.fd(5).name == "/tmp/x"


def test_a_failed_open_makes_nothing(feed: Feed) -> None:
    """Neither descriptor nor name."""
    ctx = feed.call("SYSCALL_OPEN", ["x", 1, 0], [-2, "x", 1, 0, 0, 0])
    assert (ctx.fd, ctx.fd_num) == (None, -1)


@pytest.mark.parametrize(
    ("dirfd", "path", "expected"),
    [(-100, "a", "/home/user/a"), (4, "a", "/srv/a"), (4, "/b", "/b"), (99, "a", "<UNKNOWN>a")],
)
def test_openat_starts_from_a_directory(feed: Feed, dirfd: int, path: str, expected: str) -> None:
    """The working directory, a descriptor's, or an unknown one."""
    feed.open_file(10, 4, "/srv")
    feed.call("SYSCALL_OPENAT_2", [dirfd, path, 1, 0], [5, dirfd, path, 1, 0, 7, 8])
    assert feed.fd(5).name == expected
    feed.call("SYSCALL_OPENAT2", [dirfd, path, 1, 0, 0], [6, dirfd, path, 1, 0, 0, 9, 10])
    assert (feed.fd(6).name, feed.fd(6).dev, feed.fd(6).ino) == (expected, 9, 10)


def test_openat_of_old_captures_tells_all_in_its_entry(feed: Feed) -> None:
    """The exit has the result alone."""
    feed.call("SYSCALL_OPENAT", [-100, "old", 1024, 0], [5])
    assert (feed.fd(5).name, feed.fd(5).kind) == ("/home/user/old", model.FD_DIRECTORY)


def test_a_failed_openat_is_about_the_directory(feed: Feed) -> None:
    """When it was to look in one."""
    directory = feed.open_file(10, 4, "/srv")
    ctx = feed.call("SYSCALL_OPENAT_2", [4, "x", 1, 0], [-2, 4, "x", 1, 0, 0, 0])
    assert ctx.fd is directory
    assert ctx.fd_num == -1


def test_creat_tells_layers_apart_from_flags(feed: Feed) -> None:
    """In a parameter of its own."""
    feed.call("SYSCALL_CREAT", ["new", 0], [5, "new", 0, 7, 8, 1])
    assert (feed.fd(5).name, feed.fd(5).is_upper_layer, feed.fd(5).ino) == ("/home/user/new", True, 8)
    feed.call("SYSCALL_OPENAT_2", [-100, "x", 1, 0], [6, -100, "x", 1 | 1 << 16, 0, 0, 0])
    assert feed.fd(6).is_lower_layer


def test_a_handle_is_opened_by_an_absolute_path(feed: Feed) -> None:
    """Which the exit tells."""
    feed.call("SYSCALL_OPEN_BY_HANDLE_AT", [], [5, 4, 1024, "/a/b", 7, 8])
    assert (feed.fd(5).name, feed.fd(5).kind) == ("/a/b", model.FD_DIRECTORY)
