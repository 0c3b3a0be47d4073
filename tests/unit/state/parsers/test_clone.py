from __future__ import annotations

import pytest

from tercel.state import model
from tests.unit.state.build import SECOND, Feed, Value, clone_values, make_event


@pytest.fixture
def feed() -> Feed:
    """Return a machine with init and a shell."""
    return Feed()


@pytest.mark.parametrize("name", ["SYSCALL_CLONE_20", "SYSCALL_CLONE3", "SYSCALL_FORK_20", "SYSCALL_VFORK_20"])
def test_the_caller_makes_a_child_process(feed: Feed, name: str) -> None:
    """It inherits descriptors, directory and what the call does not tell."""
    shell = feed.thread()
    shell.sid = 10
    shell.loginuid = 1000
    feed.call(name, [], clone_values(20, 10, 10, 1))
    child = feed.thread(20)
    assert (child.pid, child.ptid, child.comm, child.args) == (20, 10, "bash", ["-c", "true"])
    assert (child.cwd, child.exepath, child.sid, child.loginuid) == ("/home/user/", "/bin/bash", 10, 1000)
    assert child.fds[3].name == "/etc/hosts"
    assert child.clone_ts == feed.clock


def test_a_change_in_the_childs_table_does_not_show_in_the_parents(feed: Feed) -> None:
    """Although both share the entries until then."""
    feed.call("SYSCALL_CLONE_20", [], clone_values(20, 10, 10, 1))
    own = feed.machine.own_fd(feed.thread(20), 3)
    assert own is not None
    own.name = "changed"
    assert feed.fd(3).name == "/etc/hosts"
    feed.call("SYSCALL_CLOSE", [3], [0], tid=20)
    feed.event("SYSCALL_GETUID_E")
    assert 3 in feed.thread().fds


def test_both_sides_may_tell_in_either_order(feed: Feed) -> None:
    """The second one only confirms."""
    feed.event("SYSCALL_CLONE_20_X", *clone_values(20, 10, 10, 1))
    first = feed.thread(20)
    ctx = feed.event("SYSCALL_CLONE_20_X", *clone_values(0, 20, 20, 10, comm="other"), tid=20)
    assert ctx.thread is first
    assert first.comm == "bash"
    ctx = feed.event("SYSCALL_CLONE_20_X", *clone_values(0, 21, 21, 10), tid=21)
    inverted = feed.thread(21)
    assert ctx.thread is inverted
    assert inverted.flags & model.CL_INVERTED
    assert inverted.fds[3].name == "/etc/hosts"
    feed.event("SYSCALL_CLONE_20_X", *clone_values(21, 10, 10, 1))
    assert feed.thread(21) is inverted


def test_a_thread_joins_its_process(feed: Feed) -> None:
    """It shares the descriptors and has the process's parent."""
    flags = model.CL_THREAD | model.CL_VM
    feed.call("SYSCALL_CLONE_20", [], clone_values(11, 10, 10, 1, flags))
    thread = feed.thread(11)
    assert (thread.pid, thread.ptid) == (10, 1)
    assert thread.fds is feed.thread().fds
    assert feed.machine.cwd(thread) == "/home/user/"
    feed.event("SYSCALL_CLONE_20_X", *clone_values(0, 12, 10, 1, flags), tid=12)
    assert feed.thread(12).leader is feed.thread()
    assert feed.thread().alive_threads == 3


@pytest.mark.parametrize("flag", [model.CL_NEWPID, model.CL_CHILD_IN_PIDNS, model.CL_PARENT])
def test_a_number_of_another_namespace_makes_no_child(feed: Feed, flag: int) -> None:
    """The child's own event will tell who it is."""
    feed.call("SYSCALL_CLONE_20", [], clone_values(2, 10, 10, 1, flag))
    assert 2 not in feed.machine.threads
    feed.event("SYSCALL_CLONE_20_X", *clone_values(0, 40, 40, 10, flag, vtid=2, vpid=2), tid=40)
    child = feed.thread(40)
    assert (child.vtid, child.vpid, child.pidns_init_start_ts) == (2, 2, 77)
    feed.call("SYSCALL_CLONE_20", [], clone_values(3, 40, 40, 10), tid=40)
    assert 3 not in feed.machine.threads


def test_a_failed_call_makes_nothing(feed: Feed) -> None:
    """Its result is an error."""
    feed.call("SYSCALL_CLONE_20", [], clone_values(-11, 10, 10, 1))
    assert set(feed.machine.threads) == {1, 10}


def test_an_old_entry_of_the_childs_number_is_replaced(feed: Feed) -> None:
    """Its exit was missed."""
    feed.add_thread(20, 20, 1, comm="old")
    feed.machine.metadata_done()
    feed.call("SYSCALL_CLONE_20", [], clone_values(20, 10, 10, 1))
    assert feed.thread(20).comm == "bash"
    feed.clock += 3 * SECOND
    feed.event("SYSCALL_CLONE_20_X", *clone_values(0, 20, 20, 10, comm="newer"), tid=20)
    assert feed.thread(20).comm == "newer"
    assert feed.machine.counters.tid_collisions == 2


def test_an_unknown_caller_learns_from_its_call(feed: Feed) -> None:
    """Its ids, and its name from the child."""
    feed.event("SYSCALL_CLONE_20_X", *clone_values(61, 60, 60, 10), tid=60)
    caller = feed.thread(60)
    assert (caller.pid, caller.ptid, caller.comm) == (60, 10, "bash")
    assert feed.thread(61).ptid == 60
    feed.event("SYSCALL_CLONE_20_X", *clone_values(0, 71, 70, 10, model.CL_THREAD), tid=71)
    assert feed.thread(70).pid == 70


def test_a_cgroup_puts_the_child_into_its_container(feed: Feed) -> None:
    """As soon as the child exists."""
    feed.call("SYSCALL_CLONE_20", [], clone_values(20, 10, 10, 1, cgroups=["cpu=/docker/" + "ab" * 32]))
    assert feed.thread(20).container_id == "ab" * 6


def test_the_first_layout_is_understood(feed: Feed) -> None:
    """Flags and ids come in other places, the name is that of the program."""
    values: list[Value] = [20, "/bin/old", ["x"], 10, 10, 1, "/", 1024, 0, 7, 8]
    feed.machine.process(make_event("SYSCALL_CLONE_11_X", *values, tid=10, ts=2 * SECOND))
    child = feed.thread(20)
    assert (child.comm, child.exe, child.uid, child.gid) == ("/bin/old", "/bin/old", 7, 8)


def exits(feed: Feed, tid: int) -> None:
    """Have a thread exit, and an event follow that has nothing to do with it."""
    feed.event("PROCEXIT_1_E", 0, 0, 0, 0, 0, tid=tid)
    feed.event("SYSCALL_GETUID_E", tid=1)


def test_a_child_that_ended_before_its_caller_tells_of_it_stays_for_a_moment_only(feed: Feed) -> None:
    """As every child of vfork that only exits: the caller goes on after that, and nothing would end the child again."""
    feed.event("SYSCALL_VFORK_20_X", *clone_values(0, 20, 20, 10), tid=20)
    exits(feed, 20)
    assert 20 not in feed.machine.threads
    feed.event("SYSCALL_VFORK_20_X", *clone_values(20, 10, 10, 1))
    assert feed.thread(20).flags & model.CL_CLOSED
    feed.clock += SECOND
    feed.event("SYSCALL_CLONE_20_X", *clone_values(21, 10, 10, 1))
    exits(feed, 21)
    assert 20 not in feed.machine.threads
    assert list(feed.machine.threads) == [1, 10]


def test_a_thread_that_ended_before_its_caller_tells_of_it_leaves_its_process(feed: Feed) -> None:
    """The process lives on, and ends with its own threads."""
    feed.event("SYSCALL_CLONE3_X", *clone_values(0, 11, 10, 1, model.CL_THREAD), tid=11)
    exits(feed, 11)
    feed.event("SYSCALL_CLONE3_X", *clone_values(11, 10, 10, 1, model.CL_THREAD))
    feed.clock += SECOND
    exits(feed, 10)
    assert list(feed.machine.threads) == [1]


def test_who_takes_the_number_of_a_brief_child_stays(feed: Feed) -> None:
    """Numbers are used again."""
    feed.event("SYSCALL_CLONE_20_X", *clone_values(0, 20, 20, 10), tid=20)
    exits(feed, 20)
    for _ in range(2):
        feed.event("SYSCALL_CLONE_20_X", *clone_values(20, 10, 10, 1))
    feed.clock += SECOND
    feed.event("SYSCALL_CLONE_20_X", *clone_values(21, 10, 10, 1))
    exits(feed, 21)
    assert not feed.thread(20).flags & model.CL_CLOSED


def test_who_tells_of_its_own_birth_is_not_the_one_that_ended(feed: Feed) -> None:
    """Where numbers come round fast, the caller of the next one tells first what the former one's never told."""
    feed.event("SYSCALL_CLONE_20_X", *clone_values(0, 20, 20, 10), tid=20)
    exits(feed, 20)
    feed.event("SYSCALL_CLONE_20_X", *clone_values(20, 10, 10, 1))
    feed.event("SYSCALL_CLONE_20_X", *clone_values(0, 20, 20, 10), tid=20)
    feed.clock += SECOND
    feed.event("SYSCALL_CLONE_20_X", *clone_values(21, 10, 10, 1))
    exits(feed, 21)
    assert not feed.thread(20).flags & model.CL_CLOSED
    group = feed.thread(20).group
    assert group is not None
    assert group.alive == 1


def test_both_sides_tell_of_a_child_once(feed: Feed) -> None:
    """A caller that tells of the number again started another one."""
    feed.event("SYSCALL_CLONE_20_X", *clone_values(0, 20, 20, 10), tid=20)
    first = feed.thread(20)
    feed.event("SYSCALL_CLONE_20_X", *clone_values(20, 10, 10, 1))
    assert feed.thread(20) is first
    feed.event("SYSCALL_CLONE_20_X", *clone_values(20, 10, 10, 1))
    assert feed.thread(20) is not first


def test_what_was_noted_of_brief_children_has_an_end(feed: Feed) -> None:
    """Callers that were lost never ask for it."""
    for tid in range(100, 4300):
        feed.event("SYSCALL_CLONE_20_X", *clone_values(0, tid, tid, 10), tid=tid)
        feed.event("PROCEXIT_1_E", 0, 0, 0, 0, 0, tid=tid)
    table = feed.machine.table
    assert not table.was_brief(100, feed.clock)
    assert table.was_brief(4299, feed.clock)
    assert not table.was_brief(4299, feed.clock)
    assert not table.was_brief(4298, feed.clock + 20 * SECOND)
