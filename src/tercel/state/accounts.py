"""Users and groups of the host (container id "") and of containers."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from tercel.state.limits import MAX_USERS, Counters, is_too_long
from tercel.state.model import User

_ROOT: Final = User(0, 0, "root", "/root", "")
_ROOT_GROUP: Final = "root"


class Accounts:
    """User and group tables by container id. Id 0 is root even where no table says so."""

    def __init__(self, counters: Counters) -> None:
        """Start empty."""
        self.counters: Counters = counters
        self.limit: i64 = MAX_USERS
        self._users: dict[str, dict[int, User]] = {}
        self._groups: dict[str, dict[int, str]] = {}
        self._count: int = 0

    def clear(self) -> None:
        """Forget all accounts."""
        self._users = {}
        self._groups = {}
        self._count = 0

    def container_ids(self) -> list[str]:
        """Return the containers of which accounts are known."""
        return [container for container in self._users.keys() | self._groups.keys() if container]

    def _admit(self, size: i64, is_known: bool) -> bool:
        if (self._count >= self.limit and not is_known) or is_too_long(size, self._count):
            self.counters.users_refused += 1
            return False
        self._count += 0 if is_known else 1
        return True

    def add_user(self, container_id: str, user: User) -> None:
        """Take a user, in place of one with the same id."""
        users = self._users.get(container_id)
        size = len(container_id) + len(user.name) + len(user.homedir) + len(user.shell)
        if self._admit(size, users is not None and user.uid in users):
            self._users.setdefault(container_id, {})[user.uid] = user

    def add_group(self, container_id: str, gid: i64, name: str) -> None:
        """Take a group, in place of one with the same id."""
        groups = self._groups.get(container_id)
        if self._admit(len(container_id) + len(name), groups is not None and gid in groups):
            self._groups.setdefault(container_id, {})[gid] = name

    def remove_user(self, container_id: str, uid: i64) -> None:
        """Forget a user."""
        users = self._users.get(container_id)
        if users is not None and users.pop(uid, None) is not None:
            self._count -= 1
            if not users:
                del self._users[container_id]

    def remove_group(self, container_id: str, gid: i64) -> None:
        """Forget a group."""
        groups = self._groups.get(container_id)
        if groups is not None and groups.pop(gid, None) is not None:
            self._count -= 1
            if not groups:
                del self._groups[container_id]

    def listed_user(self, container_id: str, uid: i64) -> User | None:
        """Return a user that the source listed, None for any other: event arguments do not even know root."""
        users = self._users.get(container_id)
        return None if users is None else users.get(uid)

    def listed_group(self, container_id: str, gid: i64) -> str | None:
        """Return the name of a group that the source listed, None for any other."""
        groups = self._groups.get(container_id)
        return None if groups is None else groups.get(gid)

    def user(self, container_id: str, uid: i64) -> User | None:
        """Return a user, None when the id is not known."""
        found = self.listed_user(container_id, uid)
        return _ROOT if found is None and uid == 0 else found

    def group(self, container_id: str, gid: i64) -> str | None:
        """Return the name of a group, None when the id is not known."""
        found = self.listed_group(container_id, gid)
        return _ROOT_GROUP if found is None and gid == 0 else found

    def users_of(self, container_id: str) -> list[User]:
        """Return the users of the host or of a container."""
        return list(self._users.get(container_id, {}).values())

    def groups_of(self, container_id: str) -> list[tuple[int, str]]:
        """Return (gid, name) of the groups of the host or of a container."""
        return list(self._groups.get(container_id, {}).items())
