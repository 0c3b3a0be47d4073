"""Fields that look into certain calls."""

from __future__ import annotations

import pytest

from tercel.fields.base import FieldError
from tercel.state import model
from tests.unit.fields.scene import NOW, REGISTRY, Scene

RDONLY, WRONLY, RDWR, CREAT, TMPFILE, CREATED = 1, 2, 3, 4, 1 << 13, 1 << 14


@pytest.fixture
def scene() -> Scene:
    """A process in /home with the directory /srv on 4."""
    made = Scene()
    thread = made.thread(cwd="/home/")
    made.fd(thread, 4, model.FD_DIRECTORY, name="/srv")
    return made


def opens(scene: Scene) -> str:
    """Return the first letters of the is_open fields that hold."""
    words = ("read", "write", "exec", "create")
    return "".join(word[0] for word in words if scene.value(f"evt.is_open_{word}") is True)


@pytest.mark.parametrize(
    ("flags", "mode", "result", "found"),
    [
        (RDONLY, 0, 3, "r"),
        (WRONLY, 0, 3, "w"),
        (RDWR, 0, 3, "rw"),
        (RDONLY, 0, -2, "r"),
        (WRONLY | CREAT, 0o644, 3, "w"),
        (WRONLY | CREAT, 0o744, 3, "we"),
        (WRONLY, 0o744, 3, "w"),
        (WRONLY | TMPFILE, 0o700, 3, "wec"),
        (WRONLY | TMPFILE, 0o600, -1, "w"),
        (RDWR | CREAT | CREATED, 0o600, 3, "rwc"),
    ],
)
@pytest.mark.parametrize("enum", ["SYSCALL_OPEN_X", "SYSCALL_OPENAT_2_X", "SYSCALL_OPENAT2_X"])
def test_opens_tell_what_they_asked_for(
    scene: Scene, enum: str, flags: int, mode: int, result: int, found: str
) -> None:
    """Whether or not they succeeded."""
    before = (result, "f") if enum == "SYSCALL_OPEN_X" else (result, -100, "f")
    scene.show(enum, *before, flags, mode, thread=scene.machine.threads[10])
    assert opens(scene) == "".join(letter for letter in "rwec" if letter in found)


def test_creat_can_make_executables_and_says_what_it_made(scene: Scene) -> None:
    """It has no flags of its own but those that the recorder added."""
    thread = scene.machine.threads[10]
    scene.show("SYSCALL_CREAT_X", 3, "f", 0o755, 0, 0, CREATED, thread=thread)
    assert opens(scene) == "ec"
    scene.show("SYSCALL_CREAT_X", 3, "f", 0o644, 0, 0, 0, thread=thread)
    assert opens(scene) == ""


def test_opens_by_handle_make_nothing_executable(scene: Scene) -> None:
    """The handle is of a file that exists."""
    scene.show("SYSCALL_OPEN_BY_HANDLE_AT_X", 3, 4, RDWR | CREAT, "/f", thread=scene.machine.threads[10])
    assert opens(scene) == "rw"


@pytest.mark.parametrize("enum", ["SYSCALL_OPENAT_2_E", "SYSCALL_CLOSE_X"])
def test_entries_and_other_calls_are_no_opens(scene: Scene, enum: str) -> None:
    """The fields are false, not missing."""
    scene.show(enum, 3, thread=scene.machine.threads[10])
    assert scene.value("evt.is_open_read") is False
    assert scene.value("evt.is_open_create") is False


@pytest.mark.parametrize(
    ("enum", "values", "source", "destination"),
    [
        ("SYSCALL_OPENAT_2_X", (3, -100, "a/../b"), "/home/b", None),
        ("SYSCALL_OPENAT2_X", (3, 4, "b"), "/srv/b", None),
        ("SYSCALL_UNLINKAT_2_X", (0, 4, "/etc//x"), "/etc/x", None),
        ("SYSCALL_MKDIRAT_X", (0, 9, "x"), "<UNKNOWN>x", None),
        ("SYSCALL_FCHMODAT_X", (0, -100, "x"), "/home/x", None),
        ("SYSCALL_FCHOWNAT_X", (0, 4, "x"), "/srv/x", None),
        ("SYSCALL_SYMLINKAT_X", (0, "t", 4, "l"), "/srv/l", None),
        ("SYSCALL_RENAMEAT_X", (0, -100, "a", 4, "b"), "/home/a", "/srv/b"),
        ("SYSCALL_RENAMEAT2_X", (0, 4, "a", -100, "b", 0), "/srv/a", "/home/b"),
        ("SYSCALL_LINKAT_2_X", (0, -100, "a", 4, "b", 0), "/home/a", "/srv/b"),
        ("SYSCALL_OPEN_X", (3, "x"), None, None),
    ],
)
def test_paths_of_calls_with_directories_start_from_the_root(
    scene: Scene, enum: str, values: tuple[object, ...], source: str | None, destination: str | None
) -> None:
    """An unknown descriptor is said to be unknown."""
    scene.show(enum, *values, thread=scene.machine.threads[10])
    assert scene.value("evt.abspath") == source
    assert scene.value("evt.abspath.src") == source
    assert scene.value("evt.abspath.dst") == destination


def test_the_time_around_a_moment_is_a_distance_in_milliseconds(scene: Scene) -> None:
    """Either side counts, a part of a millisecond as a whole."""
    field = REGISTRY.bind(f"evt.around[{NOW}]")
    for offset, distance in ((0, 0), (1, 1), (-1_000_000, 1), (1_000_001, 2)):
        scene.ctx.event.ts = NOW + offset
        assert field.extract(scene.ctx) == distance


def test_the_moment_must_be_a_number() -> None:
    """Of sixty-four bits at most."""
    with pytest.raises(FieldError, match="x is not a valid number"):
        REGISTRY.bind("evt.around[x]")
    with pytest.raises(FieldError):
        REGISTRY.bind(f"evt.around[{'9' * 5000}]")


def test_writes_to_the_system_log_are_recognised(scene: Scene) -> None:
    """By the name of the socket."""
    thread = scene.machine.threads[10]
    log = scene.fd(thread, 5, model.FD_UNIX_SOCK, name="0->ffff8 /dev/log")
    scene.show("SOCKET_SENDTO_E", 5, 4, b"", thread=thread, fd=log)
    assert scene.value("evt.is_syslog") is True
    scene.show("SYSCALL_READ_E", 5, 4, thread=thread, fd=log)
    assert scene.value("evt.is_syslog") is False


def test_events_can_be_told_by_type_name_or_number(scene: Scene) -> None:
    """Both directions of the first event type of that name."""
    scene.show("SYSCALL_OPEN_X", 3)
    assert scene.value("evt.type.is.open") == 1
    assert scene.value("evt.type.is.3") == 1
    assert scene.value("evt.type.is.close") == 0


ERRORS = ("", ".file", ".net", ".memory", ".other")


@pytest.mark.parametrize(
    ("enum", "kind", "counted"),
    [
        ("SYSCALL_READ_X", model.FD_FILE_V2, ("", ".file")),
        ("SYSCALL_READ_X", model.FD_IPV4_SOCK, ("", ".net")),
        ("SYSCALL_READ_X", model.FD_UNIX_SOCK, ("", ".net")),
        ("SYSCALL_READ_X", model.FD_FIFO, ("", ".other")),
        ("SYSCALL_OPENAT_2_X", None, ("", ".file")),
        ("SOCKET_CONNECT_X", None, ("", ".net")),
        ("SYSCALL_MPROTECT_X", None, ("", ".memory")),
        ("SYSCALL_MEMFD_CREATE_X", model.FD_MEMFD, ("", ".memory", ".other")),
        ("SYSCALL_CHDIR_X", None, ("", ".other")),
    ],
)
def test_errors_are_counted_by_what_failed(scene: Scene, enum: str, kind: int | None, counted: tuple[str, ...]) -> None:
    """A call that succeeded counts 0 in the same places."""
    thread = scene.machine.threads[10]
    fd = None if kind is None else scene.fd(thread, 6, kind)
    for result, count in ((-1, 1), (0, 0)):
        scene.show(enum, result, thread=thread, fd=fd)
        values = {form: scene.value(f"evt.count.error{form}") for form in ERRORS}
        assert {form: value for form, value in values.items() if value is not None} == dict.fromkeys(counted, count)


def test_periodic_figures_count_processes_and_threads(scene: Scene) -> None:
    """A process is counted by its leader's event."""
    scene.show("PROCINFO_E", 0, 0, thread=scene.machine.threads[10])
    assert (scene.value("evt.count.procinfo"), scene.value("evt.count.threadinfo")) == (1, 1)
    scene.show("PROCINFO_E", 0, 0, thread=scene.thread(11, pid=10))
    assert (scene.value("evt.count.procinfo"), scene.value("evt.count.threadinfo")) == (None, 1)
    scene.show("SYSCALL_CLOSE_E", 3)
    assert (scene.value("evt.count.procinfo"), scene.value("evt.count.threadinfo")) == (None, None)


def test_docker_events_are_taken_apart(scene: Scene) -> None:
    """The description lists what is known."""
    text = "Event: pull; ID: 0123456789abcdef; name: web; Image: nginx@sha256:12"
    scene.show("INFRASTRUCTURE_EVENT_E", "docker", "Image pull", text, "")
    found = [scene.value(f"evt.infra.docker.{part}") for part in ("name", "container.id", "container.name")]
    assert found == ["pull", "0123456789ab", "web"]
    assert scene.value("evt.infra.docker.container.image") == "nginx"
    scene.show("SYSCALL_CLOSE_E", 3)
    assert scene.value("evt.infra.docker.name") is None
    assert scene.value("evt.infra.docker.container.id") is None
