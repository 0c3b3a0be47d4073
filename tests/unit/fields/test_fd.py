from __future__ import annotations

import pytest

from tercel.state.model import (
    FD_BPF,
    FD_DIRECTORY,
    FD_FIFO,
    FD_FILE_V2,
    FD_IPV4_SERVSOCK,
    FD_IPV6_SOCK,
    FD_UNIX_SOCK,
    FD_UNKNOWN,
)
from tests.unit.fields.scene import Scene


@pytest.fixture
def scene() -> Scene:
    """A read from descriptor 3, the file /etc/hosts, by a thread of a container."""
    made = Scene()
    process = made.thread(10, container_id="c0ffee123456")
    made.fd(process, 1, FD_FIFO)
    fd = made.fd(
        process, 3, FD_FILE_V2, name="/etc/hosts", name_raw="../etc//hosts", dev=0xFE03, ino=77, is_upper_layer=True
    )
    made.show("SYSCALL_READ_E", 3, 100, thread=process, fd=fd, fd_num=3)
    return made


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("fd.num", 3),
        ("fd.type", "file"),
        ("fd.typechar", "f"),
        ("fd.name", "/etc/hosts"),
        ("fd.nameraw", "../etc/hosts"),
        ("fd.directory", "/etc"),
        ("fd.filename", "hosts"),
        ("fd.containername", "c0ffee123456:/etc/hosts"),
        ("fd.containerdirectory", "c0ffee123456:/etc"),
        ("fd.uid", "103"),
        ("fd.sockfamily", None),
        ("fd.connected", False),
        ("fd.name_changed", False),
        ("fd.dev", 0xFE03),
        ("fd.dev.major", 254),
        ("fd.dev.minor", 3),
        ("fd.ino", 77),
        ("fd.types", ["file", "pipe"]),
        ("fd.types[1]", ["pipe"]),
        ("fd.types[9]", None),
        ("fd.is_upper_layer", True),
        ("fd.is_lower_layer", False),
        ("fd.is_server", False),
        ("fd.l4proto", "<NA>"),
    ],
)
def test_a_field_tells_of_the_descriptor(scene: Scene, field: str, value: object) -> None:
    """Each field has the value that the descriptor's entry gives."""
    assert scene.value(field) == value


@pytest.mark.parametrize(
    ("kind", "name", "directory", "filename"),
    [
        (FD_FILE_V2, "/vmlinuz", "/", "vmlinuz"),
        (FD_FILE_V2, "noslash", "/", "/"),
        (FD_FILE_V2, "/ends/", "/ends/", "/ends/"),
        (FD_FILE_V2, "", "/", "/"),
        (FD_DIRECTORY, "/etc/cron.d", "/etc/cron.d", None),
        (FD_FIFO, "pipe:[7]", None, None),
        (FD_UNIX_SOCK, "/run/a", None, None),
    ],
)
def test_only_files_and_directories_have_a_place(
    scene: Scene, kind: int, name: str, directory: str | None, filename: str | None
) -> None:
    """A file has directory and name, a directory is its own directory, others have neither."""
    process = scene.machine.threads[10]
    scene.show("SYSCALL_CLOSE_E", 3, thread=process, fd=scene.fd(process, 3, kind, name=name), fd_num=3)
    assert scene.value("fd.directory") == directory
    assert scene.value("fd.filename") == filename


@pytest.mark.parametrize(
    ("kind", "word", "char", "family"),
    [
        (FD_UNKNOWN, "<NA>", "o", None),
        (FD_BPF, "bpf", "b", None),
        (FD_UNIX_SOCK, "unix", "u", "unix"),
        (FD_IPV6_SOCK, "ipv6", "6", "ip"),
        (FD_IPV4_SERVSOCK, "ipv4", "4", "ip"),
    ],
)
def test_every_kind_has_its_words(scene: Scene, kind: int, word: str | None, char: str, family: str | None) -> None:
    """A known descriptor of unknown kind has words that say so."""
    process = scene.machine.threads[10]
    scene.show("SYSCALL_CLOSE_E", 3, thread=process, fd=scene.fd(process, 3, kind), fd_num=3)
    assert scene.value("fd.type") == word
    assert scene.value("fd.typechar") == char
    assert scene.value("fd.sockfamily") == family


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("fd.num", 9),
        ("fd.uid", "109"),
        ("fd.typechar", "o"),
        ("fd.type", None),
        ("fd.name", ""),
        ("fd.directory", ""),
        ("fd.containername", "c0ffee123456:"),
        ("fd.filename", None),
        ("fd.ino", None),
        ("fd.connected", None),
        ("fd.name_changed", None),
        ("fd.types", ["file", "pipe"]),
    ],
)
def test_an_exit_with_an_unknown_descriptor_has_an_empty_name(scene: Scene, field: str, value: object) -> None:
    """The number is known; what it stands for is not."""
    scene.show("SYSCALL_CLOSE_X", 0, thread=scene.machine.threads[10], fd_num=9)
    assert scene.value(field) == value


@pytest.mark.parametrize("field", ["fd.num", "fd.name", "fd.typechar", "fd.types", "fd.uid", "fd.directory"])
def test_events_about_no_descriptor_have_no_descriptor_fields(scene: Scene, field: str) -> None:
    """An event whose type uses no descriptor says nothing of one."""
    scene.show("SYSCALL_GETUID_E", thread=scene.machine.threads[10])
    assert scene.value(field) is None


def test_a_failed_connect_shows_the_ends_that_it_tells(scene: Scene) -> None:
    """What the descriptor was connected to before is not what failed."""
    process = scene.machine.threads[10]
    fd = scene.fd(process, 4, FD_UNIX_SOCK, name="/run/before")
    scene.show("SOCKET_CONNECT_X", -2, None, thread=process, fd=fd, fd_num=4)
    assert scene.value("fd.name") == "NULL"
    scene.show("SOCKET_CONNECT_X", 0, None, thread=process, fd=fd, fd_num=4)
    assert scene.value("fd.name") == "/run/before"
