"""Parameters that the recorded exit of a call lacks and its entry has.

Falco supplies them to the exits of old captures, so that its conditions and alerts know the descriptor of a `read`
exit: version 0.40 to five calls, later versions, whose rules know exits only, to all. The capture tool shows exits as
they were recorded. The parameters stand behind the recorded ones, in the order of the event table.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from tercel.events.convert import SOURCE_ENTER, plan_for
from tercel.events.event import Event
from tercel.events.table import EVENT_BY_ENUM, EVENTS
from tercel.fields.options import EXITS_CONTINUED, EXITS_RECORDED, RenderOptions
from tercel.state.context import Context

# What Falco 0.40 continues. Exit event: parameters as recorded, and the parameters of the entry that continue them.
_CONTINUED: Final[dict[int, tuple[int, tuple[int, ...]]]] = {
    EVENT_BY_ENUM["SYSCALL_READ_X"]: (2, (0, 1)),
    EVENT_BY_ENUM["SYSCALL_PREAD_X"]: (2, (0, 1, 2)),
    EVENT_BY_ENUM["SOCKET_SOCKET_X"]: (1, (0, 1, 2)),
    EVENT_BY_ENUM["SOCKET_BIND_X"]: (2, (0,)),
    EVENT_BY_ENUM["SOCKET_LISTEN_X"]: (1, (0, 1)),
}


def _continuation(event: Event, exits: int) -> tuple[int, ...]:
    """Return the parameters of the entry that stand behind the event's own; a negative one stands for nothing."""
    if event.info.is_enter or exits == EXITS_RECORDED:
        return ()
    if exits == EXITS_CONTINUED:
        row = _CONTINUED.get(event.info.id)
        return row[1] if row is not None and row[0] == event.nparams else ()
    return _present(event.info.id, event.nparams)


@cache
def _present(type_id: int, nparams: int) -> tuple[int, ...]:
    """Return what continues an exit up to the present layout; nothing where the layout has another order."""
    plan = plan_for(type_id, nparams)
    own = list(range(nparams))
    if plan.target != type_id or plan.sources[:nparams] != own:
        return ()
    return tuple((SOURCE_ENTER - source) // 2 if source <= SOURCE_ENTER else -1 for source in plan.sources[nparams:])


def param_count(ctx: Context, options: RenderOptions) -> int:
    """Return how many parameters the event shows."""
    event = ctx.event
    count: int = event.nparams
    return min(count + len(_continuation(event, options.exits)), event.info.nparams)


def param_value(ctx: Context, index: int, options: RenderOptions) -> bytes:
    """Return the bytes of a parameter, from the entry of the call where the exit was recorded without it."""
    event = ctx.event
    count: int = event.nparams
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
