"""`stat` and `status` are taken apart whatever a program calls itself, and damage is told from content."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.capture.procfs.files import read_file
from tercel.capture.procfs.status import read_stat, read_status
from tests.unit.capture.procfs.support import stat_line, status_text


@pytest.mark.parametrize(
    "comm", [b"sh", b"", b"a) S 1 2", b"(((", b")))", b"line\nend", b"\xff\xfe", b"tab\t", b"a b c"]
)
def test_a_name_may_hold_anything(comm: bytes) -> None:
    """A program that calls itself `x) R 1` must not choose its own parent and session."""
    stat = read_stat(stat_line(10, comm))
    assert stat is not None
    assert stat.comm.encode("utf-8", "surrogateescape") == comm
    assert (stat.pgid, stat.sid, stat.tty, stat.pfminor, stat.pfmajor) == (7, 8, 34816, 11, 12)
    assert (stat.num_threads, stat.start, stat.is_dead, stat.is_kernel) == (1, 1000, False, False)


def test_names_end_after_fifteen_bytes() -> None:
    """Events tell no more of them either, so both must compare equal."""
    stat = read_stat(stat_line(10, b"kworker/u4:1-events_unbound"))
    assert stat is not None
    assert stat.comm == "kworker/u4:1-ev"


@pytest.mark.parametrize(("state", "is_dead"), [("Z", True), ("X", True), ("S", False), ("R", False), ("t", False)])
def test_the_state_says_who_has_exited(state: str, is_dead: bool) -> None:
    """What has exited has no program to tell of."""
    stat = read_stat(stat_line(10, state=state))
    assert stat is not None
    assert stat.is_dead is is_dead


def test_the_flags_say_what_is_the_kernels() -> None:
    """Kernel threads are left out of the snapshot."""
    stat = read_stat(stat_line(2, flags=0x00208040))
    assert stat is not None
    assert stat.is_kernel


@pytest.mark.parametrize(
    "data", [b"", b"1", b"1 (x", b"1 x) S 1", b") (", stat_line(1)[:40], stat_line(1).replace(b"1000", b"10-0")]
)
def test_a_damaged_stat_is_none(data: bytes) -> None:
    """A file cut short must not give ids that belong to nobody."""
    assert read_stat(data) is None


def test_a_status_tells_ids_memory_and_capabilities() -> None:
    """Ids are the effective ones: those decide what a process may do."""
    status = read_status(status_text(10))
    assert status is not None
    assert (status.pid, status.tid, status.ptid, status.uid, status.gid) == (10, 10, 1, 1000, 1001)
    assert (status.vtid, status.vpid, status.vpgid, status.is_nested) == (10, 10, 7, False)
    assert (status.size(b"VmSize"), status.size(b"VmRSS"), status.size(b"VmSwap")) == (8000, 700, 60)
    assert (status.cap_inheritable, status.cap_permitted, status.cap_effective) == (1, 0x1FFFFFFFFFF, 3)
    assert status.groups.split() == [b"4", b"24", b"1001"]
    assert status.size(b"VmNone") == 0


@pytest.mark.parametrize(("namespaces", "own"), [("\t5", 5), ("\t70\t6", 6)])
def test_the_ids_in_a_namespace_are_the_innermost(namespaces: str, own: int) -> None:
    """The kernel tells a process its ids by the namespace it is in, however many are around that."""
    status = read_status(status_text(10, namespaces=namespaces))
    assert status is not None
    assert (status.tid, status.vtid, status.vpid, status.vpgid, status.is_nested) == (10, own, own, own, True)


def test_old_kernels_tell_no_namespaces() -> None:
    """A process there is taken to be in none of its own."""
    lines = [line for line in status_text(10).splitlines(keepends=True) if not line.startswith(b"NS")]
    status = read_status(b"".join(lines))
    assert status is not None
    assert (status.tid, status.vtid, status.vpid, status.vpgid, status.is_nested) == (10, 10, 10, -1, False)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Name:\tx\n",
        status_text(10)[:80],
        status_text(10).replace(b"Uid:\t0\t1000\t0\t0", b"Uid:\t0"),
        status_text(10).replace(b"Tgid:\t10", b"Tgid:\tten"),
    ],
)
def test_a_damaged_status_is_none(data: bytes) -> None:
    """Without ids there is no thread."""
    assert read_status(data) is None


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Nothing that stands in a file ends in a traceback."""
    read_stat(data)
    read_status(data)
    read_stat(stat_line(1, data))
    read_status(status_text(1) + data)


def test_the_kernels_own_files_are_read() -> None:
    """The made-up files above look like these."""
    stat = read_stat(read_file("/proc/self/stat"))
    status = read_status(read_file("/proc/self/status"))
    assert stat is not None
    assert status is not None
    assert stat.num_threads >= 1
    assert status.size(b"VmRSS") > 0
