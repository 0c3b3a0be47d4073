from __future__ import annotations

from tercel.state.model import User
from tercel.state.saved import SavedState
from tests.unit.state.build import Feed


def test_threads_come_out_as_they_were_listed() -> None:
    """Directory and parent, which the table keeps in a form of its own."""
    feed = Feed()
    lost = feed.add_thread(30, 30, 99)
    lost.cwd = "/srv/"
    lost.listed_cwd = "/srv"
    feed.machine.metadata_done()
    assert lost.ptid == 0
    saved = {thread.tid: thread for thread in SavedState(feed.machine).saved_threads()}
    assert (saved[30].ptid, saved[30].cwd) == (99, "/srv")
    assert saved[30].comm == lost.comm
    assert saved[10] is feed.thread()


def test_a_directory_that_changed_comes_out_changed() -> None:
    """What an event told counts more than the list."""
    feed = Feed()
    feed.call("SYSCALL_CHDIR", [], [0, "/tmp"])
    saved = {thread.tid: thread for thread in SavedState(feed.machine).saved_threads()}
    assert saved[10].cwd == "/tmp/"


def test_descriptors_are_listed_once_under_the_leader() -> None:
    """Other threads of the process have none of their own."""
    feed = Feed()
    member = feed.add_thread(11, 10, 1)
    feed.machine.metadata_done()
    state = SavedState(feed.machine)
    assert [number for number, _ in state.saved_fds(feed.thread())] == [3]
    assert list(state.saved_fds(member)) == []


def test_the_rest_is_the_machines_own() -> None:
    """Facts, interfaces, accounts."""
    feed = Feed()
    feed.machine.user(User(5, 5, "x", "", ""))
    feed.machine.group(6, "y")
    state = SavedState(feed.machine)
    assert state.saved_info() is feed.machine.info
    assert [user.uid for user in state.saved_users()] == [5]
    assert list(state.saved_groups()) == [(6, "y")]
    assert list(state.saved_interfaces()) == []
