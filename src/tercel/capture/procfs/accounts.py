"""Users and groups from the files that hold them; nothing else is asked, since a directory service may never answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tercel.capture.procfs.files import read_table, text
from tercel.state.model import User

_LONGEST: Final = 16 << 20
_LARGEST_ID: Final = 0xFFFF_FFFF
# Names that begin so are remarks for NIS.
_NIS: Final = ("+", "-")


def _rows(path: str, columns: int) -> Iterator[list[str]]:
    for line in text(read_table(path, None, _LONGEST)).split("\n"):
        row = line.split(":")
        if len(row) >= columns and row[0] and not row[0].startswith(_NIS):
            yield row


def _id(value: str) -> int:
    """Return an id, -1 for what is none."""
    number = int(value) if value.isascii() and value.isdigit() and len(value) < 11 else -1
    return number if number <= _LARGEST_ID else -1


def read_users(host_root: str) -> list[User]:
    """Return the users of etc/passwd, the first of each id."""
    users: dict[int, User] = {}
    for row in _rows(f"{host_root}/etc/passwd", 7):
        uid = _id(row[2])
        gid = _id(row[3])
        if uid >= 0 and gid >= 0 and uid not in users:
            users[uid] = User(uid, gid, row[0], row[5], row[6])
    return list(users.values())


def read_groups(host_root: str) -> list[tuple[int, str]]:
    """Return (gid, name) of the groups of etc/group, the first of each id."""
    groups: dict[int, str] = {}
    for row in _rows(f"{host_root}/etc/group", 3):
        gid = _id(row[2])
        if gid >= 0:
            groups.setdefault(gid, row[0])
    return list(groups.items())
