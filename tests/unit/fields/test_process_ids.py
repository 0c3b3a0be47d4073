from __future__ import annotations

import pytest

from tests.unit.fields.scene import NOW, Scene


@pytest.fixture
def scene() -> Scene:
    """A process that was started two seconds before its event, by a parent of five seconds."""
    made = Scene()
    made.thread(2, clone_ts=NOW - 5_000_000_000)
    process = made.thread(
        10,
        ptid=2,
        vpid=5,
        sid=5,
        vpgid=7,
        pgid=10,
        tty=34816,
        clone_ts=NOW - 2_000_000_000,
        is_exe_writable=True,
        is_exe_from_memfd=True,
        exe_ino=77,
        exe_ino_ctime=11,
        exe_ino_mtime=12,
        exe_ino_ctime_duration_clone_ts=13,
        exe_ino_ctime_duration_pidns_start=14,
        pidns_init_start_ts=15,
    )
    made.show("SYSCALL_CLOSE_E", 3, thread=process)
    return made


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("proc.pid", 10),
        ("proc.vpid", 5),
        ("proc.sid", 5),
        ("proc.vpgid", 7),
        ("proc.pgid", 10),
        ("proc.tty", 34816),
        ("proc.is_sid_leader", True),
        ("proc.is_vpgid_leader", False),
        ("proc.is_pgid_leader", True),
        ("proc.pid.ts", NOW - 2_000_000_000),
        ("proc.duration", 2_000_000_000),
        ("proc.ppid.ts", NOW - 5_000_000_000),
        ("proc.ppid.duration", 5_000_000_000),
        ("proc.is_exe_writable", True),
        ("proc.is_exe_upper_layer", False),
        ("proc.is_exe_lower_layer", False),
        ("proc.is_exe_from_memfd", True),
        ("proc.exe_ino", 77),
        ("proc.exe_ino.ctime", 11),
        ("proc.exe_ino.mtime", 12),
        ("proc.exe_ino.ctime_duration_proc_start", 13),
        ("proc.exe_ino.ctime_duration_pidns_start", 14),
        ("proc.pidns_init_start_ts", 15),
    ],
)
def test_a_field_tells_an_id_or_a_time(scene: Scene, field: str, value: object) -> None:
    """Each field has the value that the thread's entry gives."""
    assert scene.value(field) == value


@pytest.mark.parametrize(
    "field",
    [
        "proc.pid.ts",
        "proc.duration",
        "proc.ppid.ts",
        "proc.ppid.duration",
        "proc.exe_ino",
        "proc.exe_ino.ctime",
        "proc.exe_ino.mtime",
        "proc.exe_ino.ctime_duration_proc_start",
        "proc.exe_ino.ctime_duration_pidns_start",
        "proc.pidns_init_start_ts",
    ],
)
def test_what_is_not_known_has_no_value(field: str) -> None:
    """Zero stands for not known in these entries."""
    made = Scene()
    made.show("SYSCALL_CLOSE_E", 3, thread=made.thread(10))
    assert made.value(field) is None
