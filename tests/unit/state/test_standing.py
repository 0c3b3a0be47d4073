from __future__ import annotations

import pytest

from tercel.events.table import EVENT_BY_ENUM
from tercel.state import standing
from tercel.state.dispatch import CHANGES_FACTS
from tercel.state.model import ThreadInfo, User
from tests.unit.state.build import Feed, clone_values, execve_values
from tests.unit.state.facts import Rememberer


class Watched(Feed):
    """The usual machine with a child of the shell (20), two threads in it (21, 22) and a grandchild (30)."""

    def __init__(self) -> None:
        """Remember the facts of all threads."""
        super().__init__()
        self.add_thread(20, 20, 10, comm="make")
        self.add_thread(21, 20, 10, comm="make")
        self.add_thread(22, 20, 10, comm="make")
        self.add_thread(30, 30, 20, comm="gcc")
        self.machine.metadata_done()
        self.memory: Rememberer = Rememberer(self.machine)
        self.settle()

    def settle(self) -> None:
        """Remember everything anew."""
        for _ in range(2):
            for thread in list(self.machine.threads.values()):
                self.memory.look(thread)
        assert not self.memory.differences

    def lost(self) -> list[int]:
        """Return the threads of which nothing is remembered any more; what is must be right."""
        epoch = self.machine.epoch
        gone = []
        for thread in self.machine.threads.values():
            if isinstance(thread.standing, tuple) and thread.standing[0] == epoch:
                self.memory.look(thread)
            else:
                gone.append(thread.tid)
        assert not self.memory.differences
        return sorted(gone)


@pytest.fixture
def feed() -> Watched:
    """Return a machine whose threads are all remembered."""
    return Watched()


def test_an_event_that_changes_nothing_keeps_everything(feed: Watched) -> None:
    """Else every event would evaluate every rule again."""
    feed.call("SYSCALL_OPEN", ["/etc/passwd", 1, 0], [4, "/etc/passwd", 1, 0, 0, 0], tid=21)
    feed.call("SYSCALL_BRK_4", [0], [0, 1, 2, 3], tid=21)
    assert feed.lost() == []


def test_an_exec_is_seen_by_all_descendants(feed: Watched) -> None:
    """They may ask for the parent's or any ancestor's name; others keep what they know."""
    feed.event("SYSCALL_EXECVE_19_X", *execve_values(tid=20, pid=20, ptid=10), tid=20)
    assert feed.lost() == [20, 30]
    feed.settle()
    feed.event("SYSCALL_EXECVE_19_X", *execve_values(), tid=10)
    assert feed.lost() == [10, 20, 30]


def test_an_exec_that_failed_changes_nothing(feed: Watched) -> None:
    """The program goes on."""
    feed.event("SYSCALL_EXECVE_19_X", *execve_values(res=-2, tid=20, pid=20, ptid=10), tid=20)
    assert feed.lost() == []


def test_a_malformed_exec_is_noticed_as_far_as_it_went(feed: Watched) -> None:
    """Its first parameters have been taken."""
    feed.event("SYSCALL_EXECVE_19_X", *execve_values(tid=20, pid=20, ptid=10, pgid=b"\x01"), tid=20)
    assert 20 in feed.lost()


def test_the_main_threads_directory_is_all_threads_directory(feed: Watched) -> None:
    """A thread that changes directory changes it for its process and nobody above."""
    feed.call("SYSCALL_CHDIR", [], [0, "/tmp"], tid=21)
    assert feed.lost() == [20, 21, 22, 30]


def test_a_threads_own_user_is_its_own(feed: Watched) -> None:
    """Only the thread that called setuid acts for another user; its siblings go on."""
    feed.call("SYSCALL_SETUID", [5], [0, 5], tid=21)
    assert feed.lost() == [21]
    feed.settle()
    feed.call("SYSCALL_SETUID", [5], [0, 5], tid=20)
    assert feed.lost() == [20, 21, 22, 30]


def test_children_of_an_exited_process_have_another_parent(feed: Watched) -> None:
    """Whoever takes them over."""
    for tid in (21, 22, 20):
        feed.event("PROCEXIT_1_E", 0, 0, 0, 0, 1, tid=tid)
    feed.event("SYSCALL_CLOSE_E", 3, tid=1)
    assert feed.thread(30).ptid == 1
    assert feed.lost() == [30]


def test_children_of_a_main_thread_that_left_first_have_another_parent(feed: Watched) -> None:
    """It stays in the table as long as its threads live, but not as a parent."""
    feed.event("PROCEXIT_1_E", 0, 0, 0, 0, 0, tid=20)
    feed.event("SYSCALL_CLOSE_E", 3, tid=1)
    assert feed.thread(30).ptid == 21
    assert feed.lost() == [30]


def test_a_parent_that_appears_later_is_seen(feed: Watched) -> None:
    """Who had no known parent has one once a thread of that id is heard of."""
    feed.add_thread(40, 40, 0)
    feed.machine.metadata_done()
    feed.settle()
    assert feed.thread(40).ptid == 0
    feed.event("SYSCALL_CLOSE_E", 3, tid=0)
    assert 40 in feed.lost()
    feed.settle()
    feed.event("SYSCALL_EXECVE_19_X", *execve_values(tid=0, pid=0, ptid=0), tid=0)
    assert 40 in feed.lost()


def test_a_main_thread_that_appears_later_is_seen(feed: Watched) -> None:
    """Directory and environment are its."""
    feed.add_thread(51, 50, 10)
    feed.machine.metadata_done()
    feed.settle()
    feed.add_thread(50, 50, 10)
    feed.machine.table.link(feed.thread(50))
    assert feed.lost() == [50, 51]


def test_a_thread_that_takes_a_tid_over_is_another(feed: Watched) -> None:
    """A process whose exit was lost leaves children behind that must not see the new one's facts."""
    feed.event("SYSCALL_CLONE_20_X", *clone_values(20, 1, 1, 0, comm="new"), tid=1)
    assert feed.lost() == [20, 21, 22, 30]


def test_accounts_and_containers_concern_everybody(feed: Watched) -> None:
    """They are looked up by id, so nobody knows who depends on one."""
    feed.event("USER_ADDED_E", 1000, 1000, "ada", "/home/ada", "/bin/sh", "", tid=-1)
    assert len(feed.lost()) == 6
    feed.settle()
    text = '{"container": {"type": 0, "id": "abcdefabcdef", "name": "web"}}'
    feed.event("CONTAINER_JSON_E", text, tid=-1)
    assert len(feed.lost()) == 6
    feed.settle()
    feed.machine.user(User(5, 5, "bob", "", ""))
    assert len(feed.lost()) == 6


def test_a_new_section_forgets_everything(feed: Watched) -> None:
    """The objects of the one before refer to nobody."""
    shell = feed.thread(10)
    epoch = feed.machine.epoch
    feed.machine.new_section()
    assert feed.machine.epoch > epoch
    assert shell.standing is None
    assert shell.group is None
    assert shell.first_child is None


def test_a_thread_that_left_hangs_on_nobody(feed: Watched) -> None:
    """A shell that starts many programs does not collect them."""
    shell = feed.thread(10)
    gone = feed.thread(30)
    feed.machine.remove_thread(30)
    assert gone.watched_parent is None
    assert feed.thread(20).first_child is None
    for tid in (20, 21, 22):
        feed.machine.remove_thread(tid)
    assert shell.first_child is None
    assert shell.first_peer is None


def test_parents_in_a_circle_end(feed: Watched) -> None:
    """A damaged capture can claim so."""
    feed.thread(10).ptid = 30
    feed.machine.changed(feed.thread(10))
    feed.settle()
    feed.machine.changed(feed.thread(20))
    assert feed.lost() == [10, 20, 21, 22, 30]


def test_missed_parents_are_bounded(feed: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever invents parents has them looked up again now and then."""
    monkeypatch.setattr(standing, "_MAX_MISSING", 4)
    watch = feed.machine.table.watch
    for tid in range(100, 100 + (50 if _is_plain() else 5000)):
        thread = ThreadInfo(tid)
        thread.ptid = tid + 100_000
        feed.machine.threads[tid] = thread
        feed.memory.look(thread)
    assert len(watch.missing) <= (5 if _is_plain() else 4097)
    assert feed.lost()


def _is_plain() -> bool:
    return str(standing.__file__).endswith(".py")


def test_a_changed_descriptor_is_looked_at_again(feed: Watched) -> None:
    """What is remembered of it goes, and a copy starts with nothing."""
    fd = feed.fd(3)
    fd.standing = "remembered"
    assert fd.copy().standing is None
    feed.call("SYSCALL_READ", [3, 10], [0, b""])
    assert feed.fd(3).standing == "remembered"
    feed.call("SYSCALL_FCNTL", [3, 6], [0, 3, 3, 1])
    assert feed.machine.own_fd(feed.thread(), 3) is not None
    assert feed.fd(3).standing is None


def test_types_that_may_change_facts_are_known_beforehand() -> None:
    """So that rules are looked up after the event, where it may make a difference."""
    for name in ("SYSCALL_EXECVE_19_X", "SYSCALL_EXECVE_8_X", "SYSCALL_CLONE_20_X", "SYSCALL_SETRESUID_X"):
        assert CHANGES_FACTS[EVENT_BY_ENUM[name]]
    for name in ("SYSCALL_EXECVE_19_E", "SYSCALL_OPEN_X", "SYSCALL_CLOSE_X", "PROCEXIT_1_E"):
        assert not CHANGES_FACTS[EVENT_BY_ENUM[name]]
