"""Users and groups that come and go while events are recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tercel.events.convert import Resolved
from tercel.state.model import User

if TYPE_CHECKING:
    from collections.abc import Callable

    from tercel.state.machine import Machine


def parse_user_added(m: Machine, args: Resolved) -> None:
    """Take a user of the host or of a container."""
    user = User(args.uint32(0), args.uint32(1), args.text(2), args.text(3), args.text(4))
    m.accounts.add_user(args.text(5), user)
    m.epoch += 1


def parse_user_deleted(m: Machine, args: Resolved) -> None:
    """Forget a user."""
    m.accounts.remove_user(args.text(5), args.uint32(0))
    m.epoch += 1


def parse_group_added(m: Machine, args: Resolved) -> None:
    """Take a group of the host or of a container."""
    m.accounts.add_group(args.text(2), args.uint32(0), args.text(1))
    m.epoch += 1


def parse_group_deleted(m: Machine, args: Resolved) -> None:
    """Forget a group."""
    m.accounts.remove_group(args.text(2), args.uint32(0))
    m.epoch += 1


HANDLERS: Final[dict[str, Callable[[Machine, Resolved], None]]] = {
    "USER_ADDED_E": parse_user_added,
    "USER_DELETED_E": parse_user_deleted,
    "GROUP_ADDED_E": parse_group_added,
    "GROUP_DELETED_E": parse_group_deleted,
}
