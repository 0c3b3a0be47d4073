"""Metadata of containers, in each form in which captures have carried it since 2014."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tercel.events.convert import Resolved
from tercel.state.container_table import KINDS
from tercel.state.model import Container, ThreadInfo

if TYPE_CHECKING:
    from collections.abc import Callable

    from tercel.state.machine import Machine

_ADDED: Final = "container"
_REMOVED: Final = "container_removed"


def _take(m: Machine, container: Container) -> None:
    m.container_table.add(container)
    m.epoch += 1
    m.context.thread = stand_in(container.id)


def stand_in(container_id: str) -> ThreadInfo:
    """Return a thread that stands for a container where an event has none of its own."""
    thread = ThreadInfo(-1)
    thread.vtid = -2
    thread.vpid = -2
    thread.comm = "container:" + container_id
    thread.exe = thread.comm
    thread.container_id = container_id
    return thread


def parse_container(m: Machine, args: Resolved) -> None:
    """Take the oldest form: id, type, name and image as parameters."""
    event = args.event
    number = event.uint32(1)
    container = Container(event.text(0), KINDS[number] if number < len(KINDS) else "")
    container.name = event.text(2)
    container.image = event.text(3)
    container.has_metadata = True
    if container.id:
        _take(m, container)


def parse_container_json(m: Machine, args: Resolved) -> None:
    """Take an engine's JSON object."""
    container = m.container_table.read(args.event.param(0).rstrip(b"\x00"))
    if container is not None:
        _take(m, container)


def parse_async(m: Machine, args: Resolved) -> None:
    """Take what a helper of the recorder reported: containers that came or went."""
    name = args.event.text(1)
    if name not in (_ADDED, _REMOVED):
        return
    container = m.container_table.read(args.event.param(2).rstrip(b"\x00"))
    if container is None:
        return
    if name == _ADDED:
        _take(m, container)
    else:
        m.container_table.remove(container.id)
        m.epoch += 1


HANDLERS: Final[dict[str, Callable[[Machine, Resolved], None]]] = {
    "CONTAINER_E": parse_container,
    "CONTAINER_JSON_E": parse_container_json,
    "CONTAINER_JSON_2_E": parse_container_json,
    "ASYNCEVENT_E": parse_async,
}
