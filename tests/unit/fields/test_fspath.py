from __future__ import annotations

import pytest

from tercel.state.model import FD_DIRECTORY, FD_FILE_V2
from tests.unit.fields.scene import Scene, make_event

PATHS = ("name", "nameraw", "source", "sourceraw", "target", "targetraw")


@pytest.fixture
def scene() -> Scene:
    """A process in /srv that has the directory /etc open as 5 and /etc/x as 6."""
    made = Scene()
    process = made.thread(10, cwd="/srv/")
    made.fd(process, 5, FD_DIRECTORY, name="/etc")
    made.fd(process, 6, FD_FILE_V2, name="/etc/x", name_raw="x")
    return made


def paths_of(scene: Scene) -> dict[str, object]:
    """Return the fields of the class that have a value."""
    values = {word: scene.value(f"fs.path.{word}") for word in PATHS}
    return {word: value for word, value in values.items() if value is not None}


@pytest.mark.parametrize(
    ("enum", "values", "found"),
    [
        ("SYSCALL_MKDIR_2_X", (0, "a/../b", 0), {"name": "/srv/b", "nameraw": "a/../b"}),
        ("SYSCALL_RMDIR_2_X", (0, "/b"), {"name": "/b", "nameraw": "/b"}),
        ("SYSCALL_UNLINK_2_X", (0, "."), {"name": "/srv", "nameraw": "."}),
        ("SYSCALL_UNLINKAT_2_X", (0, 5, "y", 0), {"name": "/etc/y", "nameraw": "y"}),
        ("SYSCALL_UNLINKAT_2_X", (0, 9, "y", 0), {"name": "<UNKNOWN>y", "nameraw": "y"}),
        ("SYSCALL_MKDIRAT_X", (0, -100, "y", 0), {"name": "/srv/y", "nameraw": "y"}),
        ("SYSCALL_CHMOD_X", (0, "y", 0), {"name": "/srv/y", "nameraw": "y"}),
        ("SYSCALL_FCHMODAT_X", (0, 5, "y", 0), {"name": "/etc/y", "nameraw": "y"}),
        ("SYSCALL_CHOWN_X", (0, "y", 0, 0), {"name": "/srv/y", "nameraw": "y"}),
        ("SYSCALL_LCHOWN_X", (0, "y", 0, 0), {"name": "/srv/y", "nameraw": "y"}),
        ("SYSCALL_FCHOWNAT_X", (0, 5, "y", 0, 0, 0), {"name": "/etc/y", "nameraw": "y"}),
        ("SYSCALL_UMOUNT2_X", (0, "y"), {"name": "/srv/y", "nameraw": "y"}),
        ("SYSCALL_QUOTACTL_X", (0, "/dev/sda", "/q"), {"name": "/dev/sda", "nameraw": "/dev/sda"}),
        (
            "SYSCALL_RENAME_X",
            (0, "a", "/b"),
            {"source": "/srv/a", "sourceraw": "a", "target": "/b", "targetraw": "/b"},
        ),
        (
            "SYSCALL_RENAMEAT2_X",
            (0, 5, "a", -100, "b", 0),
            {"source": "/etc/a", "sourceraw": "a", "target": "/srv/b", "targetraw": "b"},
        ),
        (
            "SYSCALL_LINK_2_X",
            (0, "old", "new"),
            {"source": "/srv/new", "sourceraw": "new", "target": "/srv/old", "targetraw": "old"},
        ),
        (
            "SYSCALL_LINKAT_2_X",
            (0, 5, "old", -100, "new", 0),
            {"source": "/srv/new", "sourceraw": "new", "target": "/etc/old", "targetraw": "old"},
        ),
        (
            "SYSCALL_SYMLINK_X",
            (0, "to", "link"),
            {"source": "/srv/link", "sourceraw": "link", "target": "/srv/to", "targetraw": "to"},
        ),
        (
            "SYSCALL_SYMLINKAT_X",
            (0, "to", 5, "link"),
            {"source": "/etc/link", "sourceraw": "link", "target": "<UNKNOWN>to", "targetraw": "to"},
        ),
        (
            "SYSCALL_MOUNT_X",
            (0, "none", "/mnt", "tmpfs"),
            {"source": "/srv/none", "sourceraw": "none", "target": "/mnt", "targetraw": "/mnt"},
        ),
        ("SYSCALL_MOUNT_X", (0, "", "/mnt"), {"source": "", "sourceraw": "", "target": "/mnt", "targetraw": "/mnt"}),
        ("SYSCALL_MKDIR_2_X", (-17, "/b", 0), {}),
        ("SYSCALL_MKDIR_2_X", (0, None, 0), {}),
        ("SYSCALL_MKNOD_X", (0, "/dev/x", 0, 0), {}),
        ("SYSCALL_UNLINK_2_E", (), {}),
    ],
)
def test_a_call_tells_the_files_it_worked_on(
    scene: Scene, enum: str, values: tuple[object, ...], found: dict[str, object]
) -> None:
    """Successful exits have them, resolved against cwd or directory and as they were passed."""
    scene.show(enum, *values, thread=scene.machine.threads[10])
    assert paths_of(scene) == found


@pytest.mark.parametrize(
    ("enum", "values", "raw"),
    [
        ("SYSCALL_OPENAT_2_X", (6, 5, "x", 1, 0), "x"),
        ("SYSCALL_OPEN_X", (6, "../etc/x", 1, 0), "../etc/x"),
        ("SYSCALL_FCHMOD_X", (0, 6, 0), "/etc/x"),
        ("SYSCALL_FCHOWN_X", (0, 6, 0, 0), "/etc/x"),
    ],
)
def test_a_call_on_a_descriptor_has_the_descriptors_name(
    scene: Scene, enum: str, values: tuple[object, ...], raw: str
) -> None:
    """Opening calls also tell the path that they were given."""
    process = scene.machine.threads[10]
    scene.show(enum, *values, thread=process, fd=process.fds[6], fd_num=6)
    assert paths_of(scene) == {"name": "/etc/x", "nameraw": raw}


def test_a_failed_open_has_a_path_all_the_same(scene: Scene) -> None:
    """Every result of an open but -1 counts as a success."""
    process = scene.machine.threads[10]
    scene.show("SYSCALL_OPENAT_2_X", -2, 5, "y", 1, 0, thread=process)
    assert paths_of(scene) == {"name": "/etc/y", "nameraw": "y"}
    scene.show("SYSCALL_OPENAT_2_X", -1, 5, "y", 1, 0, thread=process)
    assert paths_of(scene) == {}


def test_old_captures_have_the_path_in_the_entry(scene: Scene) -> None:
    """The conversion of old events supplies what the exit lacks."""
    ctx = scene.show("SYSCALL_MKDIR_X", 0, thread=scene.machine.threads[10])
    ctx.made_enter = make_event("SYSCALL_MKDIR_E", "old", 0)
    assert paths_of(scene) == {"name": "/srv/old", "nameraw": "old"}
    ctx.made_enter = None
    assert paths_of(scene) == {}
