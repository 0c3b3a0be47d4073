"""Parameters that the recorded exit of a call lacks and its entry has.

Falco supplies them to the exits of old captures, so that its conditions and alerts know the descriptor of a `read`
exit; the capture tool shows exits as they were recorded. The parameters stand behind the recorded ones, in the order
of the event table.
"""

from __future__ import annotations

from typing import Final

from tercel.events.table import EVENT_BY_ENUM, EVENTS
from tercel.fields.options import RenderOptions
from tercel.state.context import Context

# Exit event: parameters as recorded, and the parameters of the entry that continue them.
_CONTINUED: Final[dict[int, tuple[int, tuple[int, ...]]]] = {
    EVENT_BY_ENUM["SYSCALL_READ_X"]: (2, (0, 1)),
    EVENT_BY_ENUM["SYSCALL_PREAD_X"]: (2, (0, 1, 2)),
    EVENT_BY_ENUM["SOCKET_SOCKET_X"]: (1, (0, 1, 2)),
    EVENT_BY_ENUM["SOCKET_BIND_X"]: (2, (0,)),
    EVENT_BY_ENUM["SOCKET_LISTEN_X"]: (1, (0, 1)),
}


def param_count(ctx: Context, options: RenderOptions) -> int:
    """Return how many parameters the event shows."""
    event = ctx.event
    count: int = event.nparams
    if options.continue_exits:
        row = _CONTINUED.get(event.info.id)
        if row is not None and row[0] == count:
            return count + len(row[1])
    return min(count, event.info.nparams)


def param_value(ctx: Context, index: int, options: RenderOptions) -> bytes:
    """Return the bytes of a parameter, from the entry of the call where the exit was recorded without it."""
    event = ctx.event
    if index < event.nparams or not options.continue_exits:
        return event.param(index)
    row = _CONTINUED.get(event.info.id)
    if row is None or row[0] != event.nparams or index - row[0] >= len(row[1]):
        return b""
    enter = ctx.enter
    if enter is None:
        size = EVENTS[event.info.id].params[index].size
        return bytes(size) if size > 0 else b""
    return enter.param(row[1][index - row[0]])
