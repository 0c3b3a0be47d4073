from __future__ import annotations

import pytest

from tercel.state.model import INVALID_ID, User
from tests.unit.fields.scene import Scene


@pytest.fixture
def scene() -> Scene:
    """A thread of ann (uid 7, gid 8), logged in as bob (9)."""
    made = Scene()
    made.machine.user(User(7, 8, "ann", "/home/ann", "/bin/sh"))
    made.machine.user(User(9, 8, "bob", "", ""))
    made.machine.group(8, "staff")
    made.show("SYSCALL_CLOSE_E", 3, thread=made.thread(10, uid=7, gid=8, loginuid=9))
    return made


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("user.uid", 7),
        ("user.name", "ann"),
        ("user.homedir", "/home/ann"),
        ("user.shell", "/bin/sh"),
        ("user.loginuid", 9),
        ("user.loginname", "bob"),
        ("group.gid", 8),
        ("group.name", "staff"),
    ],
)
def test_a_field_tells_of_the_account(scene: Scene, field: str, value: object) -> None:
    """Accounts are found by the thread's ids."""
    assert scene.value(field) == value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("user.uid", 0),
        ("user.name", "root"),
        ("user.homedir", "/root"),
        ("user.shell", "<NA>"),
        ("user.loginuid", -1),
        ("user.loginname", "<NA>"),
        ("group.name", "root"),
    ],
)
def test_root_is_known_without_a_table(field: str, value: object) -> None:
    """The ids 0 mean the same in every container; nobody's login has the id -1."""
    made = Scene()
    made.show("SYSCALL_CLOSE_E", 3, thread=made.thread(10, uid=0, gid=0, loginuid=INVALID_ID, container_id="c"))
    assert made.value(field) == value


@pytest.mark.parametrize("field", ["user.name", "user.homedir", "user.shell", "user.loginname", "group.name"])
def test_unknown_accounts_have_a_word_of_their_own(field: str) -> None:
    """An id that no table has is shown as <NA>, which conditions can compare with."""
    made = Scene()
    made.show("SYSCALL_CLOSE_E", 3, thread=made.thread(10, uid=5, gid=5, loginuid=5))
    assert made.value(field) == "<NA>"


@pytest.mark.parametrize(
    "field", ["user.uid", "user.name", "user.loginuid", "user.loginname", "group.gid", "group.name"]
)
def test_an_event_without_a_thread_has_no_account(field: str) -> None:
    """Without a thread there is no value."""
    assert Scene().value(field) is None
