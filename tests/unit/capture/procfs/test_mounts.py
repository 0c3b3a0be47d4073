"""Files have the device number that events tell of them: the file system's."""

from __future__ import annotations

import os
from pathlib import Path

from tercel.capture.procfs.mounts import MountTable, encoded
from tests.unit.capture.procfs.support import directory

MOUNTINFO = b"22 27 0:21 / /proc rw - proc proc rw\n30 27 253:300000 / / rw - ext4 /dev/x rw\nrubbish\n31 1 a:b / / x\n"


def place(tmp_path: Path, number: int = 4026531840) -> str:
    """Return the directory of a process in a mount namespace."""
    (tmp_path / "ns").mkdir()
    (tmp_path / "ns" / "mnt").symlink_to(f"mnt:[{number}]")
    (tmp_path / "mountinfo").write_bytes(MOUNTINFO)
    return str(tmp_path)


def test_numbers_are_encoded_as_the_kernel_does() -> None:
    """The probe tells devices in 32 bits; those of the snapshot must compare equal."""
    for major, minor in ((0, 21), (8, 1), (253, 300_000), (4095, 1_048_575)):
        assert encoded(major, minor) == os.makedev(major, minor) & 0xFFFFFFFF


def test_a_file_system_keeps_its_own_number(tmp_path: Path) -> None:
    """Most files have the number of their file system."""
    with directory(place(tmp_path)) as process:
        assert MountTable().device(os.makedev(0, 21), 99, process, "") == 21


def test_a_number_of_files_alone_is_replaced_by_the_file_systems(tmp_path: Path) -> None:
    """On overlay and btrfs files have numbers that nothing else has."""
    with directory(place(tmp_path)) as process:
        table = MountTable()
        assert table.device(os.makedev(0, 77), 30, process, "") == encoded(253, 300_000)
        assert table.device(os.makedev(0, 77), 12345, process, "") == 77


def test_a_namespace_is_looked_at_once(tmp_path: Path) -> None:
    """A machine has thousands of processes in a namespace with thousands of mounts."""
    table = MountTable()
    with directory(place(tmp_path)) as process:
        table.device(77, 30, process, "")
        (tmp_path / "mountinfo").write_bytes(b"40 1 0:78 / / rw\n")
        assert table.device(78, 41, process, "") == 78
        assert 40 not in table._by_mount


def test_a_real_file_is_on_a_mounted_device() -> None:
    """The kernel's list and its numbers of files fit together."""
    number = os.stat("/proc/self/stat").st_dev
    with directory("/proc/self") as process:
        assert MountTable().device(number, 0, process, "") == number & 0xFFFFFFFF
