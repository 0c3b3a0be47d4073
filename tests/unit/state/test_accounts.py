from __future__ import annotations

from tercel.state.accounts import Accounts
from tercel.state.limits import Counters
from tercel.state.model import User


def test_accounts_belong_to_the_host_or_to_a_container() -> None:
    """The same id may have a name in one and not in the other; root has one everywhere."""
    table = Accounts(Counters())
    table.add_user("", User(1000, 1000, "ann", "/home/ann", "/bin/sh"))
    table.add_group("abc", 5, "tty")
    found = table.user("", 1000)
    assert found is not None
    assert found.name == "ann"
    assert table.user("abc", 1000) is None
    root = table.user("abc", 0)
    assert root is not None
    assert root.name == "root"
    assert table.group("abc", 5) == "tty"
    assert table.group("", 5) is None
    assert table.group("", 0) == "root"


def test_accounts_come_and_go() -> None:
    """What is removed is unknown again."""
    table = Accounts(Counters())
    table.add_user("", User(7, 7, "x", "", ""))
    table.add_group("", 7, "x")
    assert table.groups_of("") == [(7, "x")]
    assert [user.uid for user in table.users_of("")] == [7]
    table.remove_user("", 7)
    table.remove_group("", 7)
    assert table.user("", 7) is None
    assert table.group("", 7) is None


def test_there_is_an_end_to_accounts() -> None:
    """New ones are refused and counted, known ones still change."""
    counters = Counters()
    table = Accounts(counters)
    table.limit = 2
    for uid in range(5):
        table.add_user("", User(uid, 0, f"u{uid}", "", ""))
    table.add_user("", User(1, 0, "renamed", "", ""))
    assert counters.users_refused == 3
    assert [user.name for user in table.users_of("")] == ["u0", "renamed"]


def test_a_name_longer_than_any_is_refused() -> None:
    """Also in place of a name that is known."""
    counters = Counters()
    table = Accounts(counters)
    table.add_user("", User(1, 1, "n" * 8000, "", ""))
    table.add_user("", User(1, 1, "n" * 8193, "", ""))
    table.add_group("c" * 9000, 1, "g")
    found = table.user("", 1)
    assert found is not None
    assert len(found.name) == 8000
    assert counters.users_refused == 2
