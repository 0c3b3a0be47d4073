"""What an event says of a descriptor that is not in the table, mostly because the call that makes it failed."""

from __future__ import annotations

from typing import Final

from tercel.events.convert import Resolved
from tercel.events.table import EVENT_COUNT, EVENT_IDS
from tercel.fields.options import ALERT_OPTIONS
from tercel.fields.param_state import directory_of
from tercel.fields.params import argument_text
from tercel.state.context import Context
from tercel.state.paths import join


def _exits(*names: str) -> frozenset[int]:
    return frozenset(number for name in names for number in EVENT_IDS.get(name, []) if number % 2)


# Exits whose second parameter names the descriptor.
_BY_PARAMETER: Final = 1
_NAMED_BY_PARAMETER: Final = _exits("open", "creat", "accept", "accept4", "connect")
# Exits that carry a directory's descriptor and a path relative to it.
_BY_PATH: Final = 2
_NAMED_BY_PATH: Final = _exits("openat", "openat2")
_WAYS: Final[list[int]] = [
    _BY_PARAMETER * (number in _NAMED_BY_PARAMETER) + _BY_PATH * (number in _NAMED_BY_PATH)
    for number in range(EVENT_COUNT)
]

# Letters by the name of the event; other calls say nothing.
_TYPE_CHARS: Final[dict[str, str]] = {
    "openat": "f",
    "openat2": "f",
    "creat": "f",
    "socket": "4",
    "accept": "4",
    "accept4": "4",
    "pipe": "p",
    "pipe2": "p",
    "eventfd": "e",
    "eventfd2": "e",
    "signalfd": "s",
    "signalfd4": "s",
    "timerfd_create": "t",
    "inotify_init": "i",
    "inotify_init1": "i",
}
_UNKNOWN_CHAR: Final = "o"


def type_from_event(ctx: Context) -> str:
    """Return the letter of the type of descriptor that the event would make or use."""
    return _TYPE_CHARS.get(ctx.event.info.name, _UNKNOWN_CHAR)


def name_from_event(ctx: Context, wants_raw: bool) -> str | None:
    """Return the name that an exit event gives the descriptor, empty when it gives none; None for entries."""
    event = ctx.event
    if event.info.is_enter:
        return None
    way = _WAYS[event.type_id]
    if way == _BY_PARAMETER:
        return argument_text(ctx, 1, ALERT_OPTIONS)
    return _path_name(ctx, wants_raw) if way == _BY_PATH else ""


def _path_name(ctx: Context, wants_raw: bool) -> str | None:
    """Return the path of openat's exit; until 2020 it stood in the entry alone."""
    params = present_params(ctx)
    if not params.has(2):
        return None
    path = params.text(2)
    if wants_raw:
        return path
    return join("" if path[:1] == "/" else directory_of(ctx, params.int64(1)), path)


def present_params(ctx: Context) -> Resolved:
    """Return the event's parameters in the present layout."""
    params = Resolved(ctx.event)
    params.bind(ctx.event, None)
    if not params.is_identity:
        params.enter = ctx.enter
    return params
