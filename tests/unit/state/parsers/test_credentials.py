from __future__ import annotations

import pytest

from tercel.state import model
from tercel.state.parsers.credentials import ALL_CAPABILITIES
from tests.unit.state.build import Feed, Value

SAME = 0xFFFFFFFF


@pytest.mark.parametrize(
    ("name", "enter", "leave", "uid", "gid"),
    [
        ("SYSCALL_SETUID", [5], [0], 5, 1000),
        ("SYSCALL_SETUID", [5], [-1], 1000, 1000),
        ("SYSCALL_SETUID", [], [0, 6], 6, 1000),
        ("SYSCALL_SETRESUID", [1, 5, 2], [0], 5, 1000),
        ("SYSCALL_SETRESUID", [1, SAME, 2], [0], 1000, 1000),
        ("SYSCALL_SETREUID", [], [0, 1, 5], 5, 1000),
        ("SYSCALL_SETGID", [5], [0], 1000, 5),
        ("SYSCALL_SETRESGID", [1, 5, 2], [0], 1000, 5),
        ("SYSCALL_SETREGID", [], [0, 1, SAME], 1000, 1000),
    ],
)
def test_the_effective_ids_change(name: str, enter: list[Value], leave: list[Value], uid: int, gid: int) -> None:
    """With a call that succeeds and does not say to leave them."""
    feed = Feed()
    feed.call(name, enter, leave)
    assert (feed.thread().uid, feed.thread().gid) == (uid, gid)


def test_capabilities_are_set() -> None:
    """All three sets."""
    feed = Feed()
    feed.call("SYSCALL_CAPSET", [], [0, 1, 2, 3])
    thread = feed.thread()
    assert (thread.cap_inheritable, thread.cap_permitted, thread.cap_effective) == (1, 2, 3)
    feed.call("SYSCALL_CAPSET", [], [-1, 7, 7, 7])
    assert thread.cap_effective == 3


@pytest.mark.parametrize(
    ("name", "enter", "leave"),
    [
        ("SYSCALL_UNSHARE", [model.CL_NEWUSER], [0]),
        ("SYSCALL_UNSHARE", [], [0, model.CL_NEWUSER]),
        ("SYSCALL_SETNS", [3, model.CL_NEWUSER], [0]),
    ],
)
def test_a_user_namespace_gives_all_capabilities(name: str, enter: list[Value], leave: list[Value]) -> None:
    """Other namespaces give none."""
    feed = Feed()
    feed.call(name, enter, leave)
    assert feed.thread().cap_effective == ALL_CAPABILITIES
    other = Feed()
    other.call("SYSCALL_UNSHARE", [model.CL_NEWPID], [0])
    assert other.thread().cap_effective == 0
