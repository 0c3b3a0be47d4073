from __future__ import annotations

from tests.unit.state.build import Feed


def test_users_and_groups_come_and_go_with_events() -> None:
    """On the host and in containers."""
    feed = Feed()
    machine = feed.machine
    feed.event("USER_ADDED_E", 33, 34, "www", "/var/www", "/bin/false", "abc", tid=-1)
    feed.event("GROUP_ADDED_E", 34, "www", "", tid=-1)
    found = machine.user_of("abc", 33)
    assert found is not None
    assert (found.name, found.gid, found.homedir, found.shell) == ("www", 34, "/var/www", "/bin/false")
    assert machine.group_name("", 34) == "www"
    feed.event("USER_DELETED_E", 33, 34, "www", "/var/www", "/bin/false", "abc", tid=-1)
    feed.event("GROUP_DELETED_E", 34, "www", "", tid=-1)
    assert machine.user_of("abc", 33) is None
    assert machine.group_name("", 34) is None
