"""Control groups come as (controller, path) from machines with either version of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tercel.capture.procfs.cgroups import CgroupReader

LEGACY = b"4:memory:/docker/abc\n3:cpu,cpuacct:/\n2:io:/x=y\n1:name=systemd:/a:b\n0::/\n"


def unified(root: Path, place: str, controllers: str) -> CgroupReader:
    """Return a reader of a machine whose second version's hierarchy has such controllers."""
    (root / "sys/fs" / place).mkdir(parents=True)
    (root / "sys/fs" / place / "cgroup.controllers").write_text(controllers)
    return CgroupReader(str(root))


def test_each_controller_of_the_first_version_has_its_path(tmp_path: Path) -> None:
    """Controllers that share a hierarchy are asked for one by one; paths may hold colons."""
    assert CgroupReader(str(tmp_path)).pairs(LEGACY) == [
        ("memory", "/docker/abc"),
        ("cpu", "/"),
        ("cpuacct", "/"),
        ("blkio", "/x=y"),
        ("name=systemd", "/a:b"),
    ]


def test_the_second_version_has_one_path_for_all_its_controllers(tmp_path: Path) -> None:
    """thread.cgroup.memory must say on every machine where the memory is counted."""
    reader = unified(tmp_path, "cgroup", "cpuset cpu io memory\n")
    assert reader.pairs(b"0::/system.slice/x.service\n") == [
        ("cpuset", "/system.slice/x.service"),
        ("cpu", "/system.slice/x.service"),
        ("blkio", "/system.slice/x.service"),
        ("memory", "/system.slice/x.service"),
    ]


def test_controllers_beside_the_first_version_are_those_that_are_there(tmp_path: Path) -> None:
    """On machines with both, what the second has was taken from the first."""
    reader = unified(tmp_path, "cgroup/unified", "hugetlb")
    assert reader.pairs(b"1:cpu:/a\n0::/b\n") == [("cpu", "/a"), ("hugetlb", "/b")]


def test_a_hierarchy_that_cannot_be_seen_has_the_usual_controllers(tmp_path: Path) -> None:
    """A container without /sys must still be recognised by its path."""
    pairs = CgroupReader(str(tmp_path)).pairs(b"0::/kubepods/abc\n")
    assert ("memory", "/kubepods/abc") in pairs
    assert ("blkio", "/kubepods/abc") in pairs


def test_paths_beside_the_readers_own_group_lose_the_steps_upwards(tmp_path: Path) -> None:
    """A sensor in a container with cgroups of its own sees others through `/..`."""
    reader = CgroupReader(str(tmp_path))
    assert reader.pairs(b"1:cpu:/../../docker-abc.scope (deleted)\n") == [("cpu", "/docker-abc.scope")]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"rubbish", b"1:cpu", b"\xff\xfe:x"])
def test_damage_gives_no_groups(tmp_path: Path, data: bytes) -> None:
    """A line that is none is passed over."""
    assert CgroupReader(str(tmp_path)).pairs(data) == []


def test_equal_files_give_one_list_and_memory_is_bounded(tmp_path: Path) -> None:
    """Thousands of processes share a few sets of groups."""
    reader = CgroupReader(str(tmp_path))
    assert reader.pairs(LEGACY) is reader.pairs(bytes(bytearray(LEGACY)))
    for number in range(9000):
        reader.pairs(b"1:cpu:/%d\n" % number)
    assert len(reader._known) <= 4096
