"""Parameters that the recorded exit of a call lacks and its entry has.

Falco supplies them to the exits of old captures, so that its conditions and alerts know the descriptor of a `read`
exit: version 0.40 to five calls, later versions, whose rules know exits only, to all. The capture tool shows exits as
they were recorded. The parameters stand behind the recorded ones, in the order of the event table.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from tercel.events.convert import SOURCE_ENTER, plan_for
from tercel.events.event import Event
from tercel.events.table import EVENT_BY_ENUM, EVENTS
from tercel.fields.options import EXITS_CONTINUED, EXITS_RECORDED, RenderOptions
from tercel.state.context import Context

# What Falco 0.40 continues. Exit event: parameters as recorded, and the parameters of the entry that continue them.
_CONTINUED: Final[dict[int, tuple[int, list[int]]]] = {
    EVENT_BY_ENUM["SYSCALL_READ_X"]: (2, [0, 1]),
    EVENT_BY_ENUM["SYSCALL_PREAD_X"]: (2, [0, 1, 2]),
    EVENT_BY_ENUM["SOCKET_SOCKET_X"]: (1, [0, 1, 2]),
    EVENT_BY_ENUM["SOCKET_BIND_X"]: (2, [0]),
    EVENT_BY_ENUM["SOCKET_LISTEN_X"]: (1, [0, 1]),
}
_IS_CONTINUED: Final[list[bool]] = [info.id in _CONTINUED for info in EVENTS]
_NOTHING: Final[list[int]] = []

# What continues exits up to the present layout, by type and number of parameters.
_PRESENT: Final[dict[int, list[int]]] = {}


def _continuation(event: Event, exits: int) -> list[int]:
    """Return the parameters of the entry that stand behind the event's own; a negative one stands for nothing."""
    if exits == EXITS_CONTINUED:
        if not _IS_CONTINUED[event.type_id]:
            return _NOTHING
        count, sources = _CONTINUED[event.type_id]
        return sources if count == event.nparams else _NOTHING
    # An event of more parameters than its type has is damaged.
    if exits == EXITS_RECORDED or event.info.is_enter or event.nparams >= event.info.nparams:
        return _NOTHING
    key = event.type_id << 16 | event.nparams
    found = _PRESENT.get(key)
    if found is None:
        found = _present(event.type_id, event.nparams)
        _PRESENT[key] = found
    return found


def _present(type_id: int, nparams: int) -> list[int]:
    """Return what continues an exit up to the present layout; nothing where the layout has another order."""
    plan = plan_for(type_id, nparams)
    own = list(range(nparams))
    if plan.target != type_id or plan.sources[:nparams] != own:
        return _NOTHING
    return [(SOURCE_ENTER - source) // 2 if source <= SOURCE_ENTER else -1 for source in plan.sources[nparams:]]


def param_count(ctx: Context, options: RenderOptions) -> int:
    """Return how many parameters the event shows."""
    event = ctx.event
    count: int = event.nparams
    return min(count + len(_continuation(event, options.exits)), event.info.nparams)


def param_value(ctx: Context, index: i64, options: RenderOptions) -> bytes:
    """Return the bytes of a parameter, from the entry of the call where the exit was recorded without it."""
    event = ctx.event
    count: i64 = event.nparams
    if index < count:
        return event.param(index)
    sources = _continuation(event, options.exits)
    if index - count >= len(sources) or sources[index - count] < 0:
        return b""
    enter = ctx.enter
    if enter is None:
        size = EVENTS[event.info.id].params[index].size
        return bytes(size) if size > 0 and options.exits == EXITS_CONTINUED else b""
    return enter.param(sources[index - count])
