"""Parameter types whose text needs the state."""

from __future__ import annotations

import pytest

from tercel.fields.options import ALERT_OPTIONS
from tercel.fields.param_state import directory_of, fd_text, turn_to_directory
from tercel.fields.params import param_texts
from tercel.state import model
from tests.unit.fields.scene import Scene


@pytest.fixture
def scene() -> Scene:
    """A shell in /home with a directory, a socket and a pipe."""
    made = Scene()
    thread = made.thread(comm="sh", cwd="/home/")
    made.fd(thread, 4, model.FD_DIRECTORY, name="/srv")
    made.fd(thread, 5, model.FD_IPV4_SOCK, name="10.0.0.1:5->10.0.0.2:80", l4proto=model.L4_TCP, role=model.ROLE_CLIENT)
    made.fd(thread, 6, model.FD_FIFO)
    made.machine.user(model.User(7, 7, "ann", "", ""))
    made.machine.group(8, "staff")
    return made


def shown(scene: Scene, enum: str, *values: object) -> tuple[str, str]:
    """Return text and resolved form of the last parameter given."""
    ctx = scene.show(enum, *values, thread=scene.machine.threads[10])
    return param_texts(ctx, len(values) - 1, ALERT_OPTIONS)


@pytest.mark.parametrize(
    ("number", "texts"),
    [
        (4, ("4", "<d>/srv")),
        (5, ("5", "<4t>10.0.0.1:5->10.0.0.2:80")),
        (6, ("6", "<p>")),
        (7, ("7", "")),
        (-1, ("-1", "EPERM")),
        (-100, ("-100", "AT_FDCWD")),
        (-99999, ("-99999", "")),
    ],
)
def test_descriptors_show_what_is_behind_them(scene: Scene, number: int, texts: tuple[str, str]) -> None:
    """An unknown one only its number, a negative one its error."""
    assert shown(scene, "SYSCALL_CLOSE_E", number) == texts


def test_the_transport_is_shown_once_a_socket_has_a_role() -> None:
    """A listening socket has one from the start."""
    fd = model.FdInfo(model.FD_IPV6_SOCK)
    fd.l4proto = model.L4_UDP
    assert fd_text(fd) == "<6>"
    fd.role = model.ROLE_SERVER
    assert fd_text(fd) == "<6u>"
    raw = model.FdInfo(model.FD_IPV4_SOCK)
    raw.l4proto = model.L4_RAW
    assert fd_text(raw) == "<4r>"
    listening = model.FdInfo(model.FD_IPV4_SERVSOCK)
    listening.l4proto = model.L4_TCP
    assert fd_text(listening) == "<4t>"


def test_threads_show_their_names(scene: Scene) -> None:
    """Known ones."""
    assert shown(scene, "SYSCALL_KILL_E", 10) == ("10", "sh")
    assert shown(scene, "SYSCALL_KILL_E", 99) == ("99", "")


def test_relative_paths_resolve_from_the_working_directory(scene: Scene) -> None:
    """Absolute and missing ones stay."""
    assert shown(scene, "SYSCALL_OPEN_E", "a/../b") == ("a/../b", "/home/b")
    assert shown(scene, "SYSCALL_OPEN_E", "/etc/x") == ("/etc/x", "")
    assert shown(scene, "SYSCALL_OPEN_E", "(NULL)") == ("<NA>", "")
    assert shown(scene, "SYSCALL_OPEN_E", "") == ("", "")


def test_what_cannot_be_printed_is_left_out_of_paths_and_a_dot_where_they_resolve(scene: Scene) -> None:
    """So it is with Falco."""
    assert shown(scene, "SYSCALL_OPEN_E", "/a\u00e9\n") == ("/a", "")
    assert shown(scene, "SYSCALL_OPEN_E", "a\u00e9\n") == ("a", "/home/a...")
    assert shown(scene, "SYSCALL_OPENAT_2_E", 4, "/a\u00e9") == ("/a", "")


def test_paths_relative_to_a_descriptor_resolve_from_it(scene: Scene) -> None:
    """Absolute and missing ones stay; the event stays about what it was about."""
    assert shown(scene, "SYSCALL_OPENAT_2_X", 5, 4, "x") == ("x", "/srv/x")
    assert shown(scene, "SYSCALL_OPENAT_2_E", 4, "x") == ("x", "/srv/x")
    assert shown(scene, "SYSCALL_OPENAT_2_E", -100, "x") == ("x", "/home/x")
    assert shown(scene, "SYSCALL_OPENAT_2_E", 4, "/x") == ("/x", "")
    assert shown(scene, "SYSCALL_OPENAT_2_E", 4, None) == ("<NA>", "")
    assert (scene.ctx.fd, scene.ctx.named_fd) == (None, None)


@pytest.mark.parametrize(
    ("enum", "values", "fd", "named"),
    [
        ("SYSCALL_OPENAT_2_X", (5, 4, "x"), 4, 4),
        ("SYSCALL_OPENAT_2_X", (5, 4, "/x"), None, None),
        ("SYSCALL_OPENAT_2_X", (5, 4, None), None, None),
        ("SYSCALL_OPENAT_2_X", (5, -100, "x"), None, None),
        ("SYSCALL_OPENAT_2_E", (5, "x"), None, 5),
    ],
)
def test_the_directory_of_a_printed_path_becomes_the_descriptor_of_an_exit(
    scene: Scene, enum: str, values: tuple[object, ...], fd: int | None, named: int | None
) -> None:
    """As with Falco."""
    thread = scene.machine.threads[10]
    ctx = scene.show(enum, *values, thread=thread)
    turn_to_directory(ctx, len(values) - 1, ALERT_OPTIONS)
    assert ctx.fd is (None if fd is None else thread.fds[fd])
    assert ctx.named_fd is (None if named is None else thread.fds[named])


def test_a_directory_without_thread_or_descriptor_is_unknown(scene: Scene) -> None:
    """The text says so."""
    scene.show("SYSCALL_CLOSE_E", 3, thread=scene.machine.threads[10])
    assert directory_of(scene.ctx, 99) == "<UNKNOWN>"
    scene.ctx.thread = None
    assert directory_of(scene.ctx, -100) == "<UNKNOWN>"


def test_users_and_groups_show_their_names(scene: Scene) -> None:
    """Those of the thread's container; -1 is nobody."""
    assert shown(scene, "SYSCALL_SETUID_E", 7) == ("7", "ann")
    assert shown(scene, "SYSCALL_SETGID_E", 8) == ("8", "staff")
    assert shown(scene, "SYSCALL_SETUID_E", 9) == ("9", "<NA>")
    assert shown(scene, "SYSCALL_SETUID_E", 0xFFFFFFFF) == ("-1", "<NONE>")
    assert shown(scene, "SYSCALL_SETGID_E", 0xFFFFFFFF) == ("-1", "<NONE>")
    assert shown(scene, "SYSCALL_SETUID_E", 0xFFFFFFFE) == ("-2", "<NA>")
    assert shown(scene, "SYSCALL_SETGID_E", 0xFFFFFFFE) == ("-2", "<NA>")
    scene.machine.threads[10].container_id = "0123456789ab"
    assert shown(scene, "SYSCALL_SETUID_E", 7) == ("7", "<NA>")
    assert shown(scene, "SYSCALL_SETGID_E", 0) == ("0", "<NA>")


def test_descriptor_lists_show_letter_and_events(scene: Scene) -> None:
    """A descriptor that is not known has a question mark; negative numbers are shown without sign."""
    items = b"".join(number.to_bytes(8, "little", signed=True) + b"\x41\x00" for number in (4, 9, -1))
    text = "4:d41 9:?41 18446744073709551615:?41"
    assert shown(scene, "SYSCALL_POLL_E", b"\x03\x00" + items) == (text, "")
    many = b"\x01\x00" + (4).to_bytes(8, "little") + b"\x1f\x80"
    assert shown(scene, "SYSCALL_POLL_E", many) == ("4:dffff801f", "")
