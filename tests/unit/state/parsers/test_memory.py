from __future__ import annotations

from tercel.state import model
from tests.unit.state.build import Feed, clone_values


def test_memory_is_noted_after_each_mapping() -> None:
    """By the thread that made it."""
    feed = Feed()
    feed.call("SYSCALL_BRK_4", [0], [0, 10, 11, 12])
    assert (feed.thread().vmsize_kb, feed.thread().vmrss_kb, feed.thread().vmswap_kb) == (10, 11, 12)
    feed.call("SYSCALL_MMAP", [0, 1, 1, 2, -1, 0], [0, 20, 21, 22])
    assert feed.thread().vmsize_kb == 20
    feed.call("SYSCALL_MUNMAP", [0, 1], [0, 30, 31, 32])
    assert feed.thread().vmsize_kb == 30


def test_a_switch_tells_of_the_whole_process() -> None:
    """Memory is the process's, page faults are the thread's."""
    feed = Feed()
    feed.call("SYSCALL_CLONE_20", [], clone_values(11, 10, 10, 1, model.CL_THREAD))
    feed.event("SCHEDSWITCH_6_E", 0, 7, 8, 40, 41, 42, tid=11)
    assert feed.thread().vmsize_kb == 40
    assert (feed.thread(11).pfmajor, feed.thread(11).pfminor) == (7, 8)
    feed.event("SCHEDSWITCH_1_E", 0, tid=11)
    assert feed.thread().vmsize_kb == 40


def test_the_limit_of_descriptors_is_noted() -> None:
    """For the process, or another that the call names."""
    feed = Feed()
    feed.call("SYSCALL_SETRLIMIT", [7], [0, 100, 200])
    assert feed.thread().fdlimit == 100
    feed.call("SYSCALL_GETRLIMIT", [3], [0, 1, 1])
    assert feed.thread().fdlimit == 100
    feed.call("SYSCALL_PRLIMIT", [0, 7], [0, 300, 300, 100, 200])
    assert feed.thread().fdlimit == 300
    feed.call("SYSCALL_PRLIMIT", [1, 7], [0, 400, 400, 1, 2])
    assert (feed.thread(1).fdlimit, feed.thread().fdlimit) == (400, 300)
    feed.call("SYSCALL_PRLIMIT", [0, 7], [0, -1, -1, 300, 300])
    assert feed.thread().fdlimit == 300
