from __future__ import annotations

import pytest

from tercel.state import limits, model
from tercel.state.limits import Counters
from tercel.state.model import FdInfo, ThreadInfo
from tercel.state.threads import ThreadTable


def make(tid: int, pid: int, ptid: int) -> ThreadInfo:
    """Return a thread that is in no table."""
    thread = ThreadInfo(tid)
    thread.pid = pid
    thread.ptid = ptid
    thread.vtid = tid
    thread.vpid = pid
    return thread


@pytest.fixture
def table() -> ThreadTable:
    """Return init, a shell under it, and a process of two threads under the shell."""
    threads = ThreadTable(Counters())
    for thread in (make(1, 1, 0), make(10, 10, 1), make(20, 20, 10), make(21, 20, 10)):
        threads.add(thread)
    return threads


def test_threads_of_a_process_share_its_descriptors(table: ThreadTable) -> None:
    """Whichever thread opens them."""
    table.add_fd(table.threads[21], 5, FdInfo(model.FD_FILE))
    assert 5 in table.threads[20].fds
    assert table.threads[21].leader is table.threads[20]
    assert table.threads[20].alive_threads == 2


def test_a_leader_outlives_its_exit_until_its_threads_are_gone(table: ThreadTable) -> None:
    """It stays as a zombie."""
    table.remove(20)
    assert table.threads[20].is_dead
    assert table.threads[21].alive_threads == 1
    table.remove(21)
    assert 20 not in table.threads
    assert 20 not in table.groups


def test_children_go_to_another_thread_of_the_process(table: ThreadTable) -> None:
    """Before anybody else."""
    table.add(make(30, 30, 20))
    table.remove(20)
    assert table.threads[30].ptid == 21


def test_children_go_to_whom_the_kernel_named(table: ThreadTable) -> None:
    """Who then takes over orphans in general; an unknown one is put into the table but adopts nobody."""
    table.add(make(30, 30, 20))
    table.threads[21].reaper_tid = 10
    table.threads[20].reaper_tid = 10
    table.remove(20)
    assert table.threads[30].ptid == 10
    assert table.groups[10].is_reaper
    table.threads[10].reaper_tid = 77
    table.remove(10)
    assert 77 in table.threads
    assert table.threads[30].ptid == 1


def test_children_go_to_the_nearest_reaper(table: ThreadTable) -> None:
    """Init, or a process that asked for it; nobody across pid namespaces."""
    table.add(make(30, 30, 20))
    table.remove(21)
    table.remove(20)
    assert table.threads[30].ptid == 1
    inner = make(40, 40, 30)
    inner.vtid = 5
    table.add(inner)
    orphan = make(41, 41, 40)
    orphan.vtid = 6
    table.add(orphan)
    table.remove(40)
    assert table.threads[41].ptid == 0


def test_a_parent_that_is_unknown_is_no_parent(table: ThreadTable) -> None:
    """The link is cut, so that a later thread of that number is not taken for it."""
    table.add(make(50, 50, 999))
    assert table.threads[50].ptid == 0
    table.add(make(51, 51, 51))
    assert table.threads[51].ptid == 0


def test_loops_of_parents_end(table: ThreadTable) -> None:
    """However the entries came to point at each other."""
    first = make(60, 60, 10)
    second = make(61, 61, 60)
    table.add(first)
    table.add(second)
    first.ptid = 61
    table.remove(60)
    table.remove(61)
    assert 60 not in table.threads


def test_the_table_has_an_end(table: ThreadTable) -> None:
    """Further threads are refused and counted; known ones can be replaced."""
    table.max_threads = 5
    assert table.add(make(70, 70, 1))
    assert not table.has_room()
    assert not table.add(make(71, 71, 1))
    assert table.synthesize(72) is None
    assert table.add(make(70, 70, 10))
    assert table.counters.threads_refused == 2


def test_descriptor_tables_have_an_end(table: ThreadTable) -> None:
    """For each process and for all together."""
    table.max_fds_per_process = 2
    table.max_fds = 3
    shell = table.threads[10]
    assert [table.add_fd(shell, number, FdInfo(model.FD_FILE)) for number in (1, 2, 3, 2)] == [True, True, False, True]
    child = ThreadInfo(20)
    table.copy_fds(shell, child)
    assert not child.fds
    assert table.add_fd(table.threads[1], 1, FdInfo(model.FD_FILE))
    assert not table.add_fd(table.threads[1], 2, FdInfo(model.FD_FILE))
    assert table.fd_count == 3
    table.remove(10)
    assert table.fd_count == 1
    assert table.counters.fds_refused == 4


def test_long_names_of_descriptors_are_kept_while_there_is_room(table: ThreadTable) -> None:
    """Then only short ones are; no name is longer than any path."""
    shell = table.threads[10]
    names = ("n" * 8000, "n" * 8193, "n" * 200)
    fds = [FdInfo(model.FD_FILE) for _ in names]
    for fd, name in zip(fds, names, strict=True):
        fd.name = name
    assert [table.add_fd(shell, number, fd) for number, fd in enumerate(fds)] == [True, False, True]
    table.fd_count += limits.ROOMY
    assert [table.add_fd(shell, 10 + number, fd) for number, fd in enumerate(fds)] == [False, False, True]
    assert table.counters.fds_refused == 3


def test_text_has_an_end(table: ThreadTable) -> None:
    """A thread that is too long-winded keeps its place without arguments and environment, and short names."""
    table.max_text = table.text_count + 200
    thread = make(80, 80, 1)
    thread.args = ["x" * 300]
    thread.comm = "c" * 5000
    table.add(thread)
    assert thread.args == []
    assert thread.comm == "c" * 64
    assert table.counters.texts_refused == 1
    many = make(82, 82, 1)
    many.env = [""] * 100
    table.add(many)
    assert many.env == []
    other = make(81, 81, 1)
    other.args = ["y" * 50]
    table.add(other)
    assert other.args == ["y" * 50]
    before = table.text_count
    table.remove(81)
    assert table.text_count < before


def test_a_replaced_leader_takes_its_descriptors_along(table: ThreadTable) -> None:
    """Nothing of the old process is counted any more."""
    table.add_fd(table.threads[20], 3, FdInfo(model.FD_FILE))
    table.remove(20)
    table.add(make(20, 20, 1))
    assert not table.threads[20].fds
    assert table.threads[21].fds is table.threads[20].fds
    assert table.fd_count == 0
