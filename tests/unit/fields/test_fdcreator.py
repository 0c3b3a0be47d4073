from __future__ import annotations

import pytest

from tercel.fields.fdcreator import name_from_event, type_from_event
from tercel.state.model import FD_DIRECTORY
from tests.unit.fields.scene import Scene


@pytest.fixture
def scene() -> Scene:
    """A process in /srv that has the directory /etc open as 5."""
    made = Scene()
    made.fd(made.thread(10, cwd="/srv/"), 5, FD_DIRECTORY, name="/etc")
    return made


@pytest.mark.parametrize(
    ("enum", "values", "name", "raw"),
    [
        ("SYSCALL_OPEN_X", (-2, "a/b", 1, 0), "/srv/a/b", "/srv/a/b"),
        ("SYSCALL_OPEN_X", (-2, "/a//b", 1, 0), "/a//b", "/a//b"),
        ("SYSCALL_CREAT_X", (-2, "/new", 0), "/new", "/new"),
        ("SYSCALL_OPENAT_2_X", (-2, -100, "x/../y", 1, 0), "/srv/y", "x/../y"),
        ("SYSCALL_OPENAT_2_X", (-2, 5, "shadow", 1, 0), "/etc/shadow", "shadow"),
        ("SYSCALL_OPENAT_2_X", (-2, 8, "shadow", 1, 0), "<UNKNOWN>shadow", "shadow"),
        ("SYSCALL_OPENAT_2_X", (-2, 8, "/a//b", 1, 0), "/a/b", "/a//b"),
        ("SYSCALL_OPENAT_2_X", (-2, -100, None, 1, 0), None, None),
        ("SYSCALL_OPENAT2_X", (-2, 5, "passwd", 1, 0), "/etc/passwd", "passwd"),
        ("SOCKET_ACCEPT4_6_X", (-11, None, 0, 0, 0), "NULL", "NULL"),
        ("SYSCALL_DUP_X", (-9,), "", ""),
        ("SYSCALL_OPENAT_2_E", (-100, "x", 1, 0), None, None),
    ],
)
def test_a_call_that_failed_tells_the_name_it_asked_for(
    scene: Scene, enum: str, values: tuple[object, ...], name: str | None, raw: str | None
) -> None:
    """Exits name what they would have opened; entries are not asked."""
    scene.show(enum, *values, thread=scene.machine.threads[10])
    assert name_from_event(scene.ctx, wants_raw=False) == name
    assert name_from_event(scene.ctx, wants_raw=True) == raw


@pytest.mark.parametrize(
    ("enum", "char"),
    [
        ("SYSCALL_OPENAT_2_E", "f"),
        ("SYSCALL_OPEN_E", "o"),
        ("SOCKET_SOCKET_E", "4"),
        ("SOCKET_ACCEPT4_6_E", "4"),
        ("SYSCALL_PIPE2_E", "p"),
        ("SYSCALL_EVENTFD2_E", "e"),
        ("SYSCALL_SIGNALFD4_E", "s"),
        ("SYSCALL_TIMERFD_CREATE_E", "t"),
        ("SYSCALL_INOTIFY_INIT_E", "i"),
        ("SYSCALL_READ_E", "o"),
    ],
)
def test_the_call_tells_the_type_of_what_it_would_make(scene: Scene, enum: str, char: str) -> None:
    """A socket is taken for an IPv4 one before anything is known of it."""
    scene.show(enum, thread=scene.machine.threads[10])
    assert type_from_event(scene.ctx) == char
