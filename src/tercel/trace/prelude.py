"""State that a capture's lists have no room for, as the events that stand at its beginning: containers, their users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tercel.capture.savefile.compose import compose
from tercel.capture.savefile.encode import encoded, number
from tercel.events.table import EVENT_BY_ENUM
from tercel.state.container_table import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tercel.events.event import Event
    from tercel.state.machine import Machine
    from tercel.state.model import Container, User

_NO_THREAD = -1


def prelude(machine: Machine, ts: int) -> Iterator[Event]:
    """Yield an event for each container that is known and each of its users and groups, all at the given time."""
    for container in machine.container_table.by_id.values():
        yield _container(container, ts)
        for user in machine.accounts.users_of(container.id):
            yield _user(user, container.id, ts)
        for gid, name in machine.accounts.groups_of(container.id):
            params = [number(gid, 4), _text(name), _text(container.id)]
            yield compose(EVENT_BY_ENUM["GROUP_ADDED_E"], params, ts, _NO_THREAD)


def _container(container: Container, ts: int) -> Event:
    """Return what the engine told of a container, or its few facts where the oldest kind of event told them."""
    if container.raw_json:
        return compose(EVENT_BY_ENUM["CONTAINER_JSON_2_E"], [_text(container.raw_json)], ts, _NO_THREAD)
    kind = KINDS.index(container.kind) if container.kind in KINDS else len(KINDS)
    params = [_text(container.id), number(kind, 4), _text(container.name), _text(container.image)]
    return compose(EVENT_BY_ENUM["CONTAINER_E"], params, ts, _NO_THREAD)


def _user(user: User, container_id: str, ts: int) -> Event:
    texts = [_text(text) for text in (user.name, user.homedir, user.shell, container_id)]
    params = [number(user.uid, 4), number(user.gid, 4), *texts]
    return compose(EVENT_BY_ENUM["USER_ADDED_E"], params, ts, _NO_THREAD)


def _text(text: str) -> bytes:
    return encoded(text) + b"\x00"
