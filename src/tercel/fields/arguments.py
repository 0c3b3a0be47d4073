"""Finding an event's parameter by name or position, and taking its typed value."""

from __future__ import annotations

import struct
from typing import Final

from mypy_extensions import i64

from tercel.events import types
from tercel.events.names import dynamic_table
from tercel.events.table import EVENT_COUNT, EVENTS, EventInfo
from tercel.fields.converted import param_count, param_value
from tercel.fields.options import RenderOptions
from tercel.fields.param import signed, unsigned
from tercel.state.context import Context

_NOT_LOOKED_UP: Final = -2

_SIGNED: Final = frozenset(
    {
        types.PT_INT8,
        types.PT_INT16,
        types.PT_INT32,
        types.PT_INT64,
        types.PT_ERRNO,
        types.PT_FD,
        types.PT_FD32,
        types.PT_PID,
        types.PT_PID32,
    }
)
_TEXTS: Final = frozenset({types.PT_CHARBUF, types.PT_FSPATH, types.PT_FSRELPATH})
_BYTES: Final = frozenset(
    {
        types.PT_BYTEBUF,
        types.PT_SOCKADDR,
        types.PT_SOCKTUPLE,
        types.PT_FDLIST,
        types.PT_IPV4ADDR,
        types.PT_IPV6ADDR,
        types.PT_IPADDR,
        types.PT_CHARBUFARRAY,
        types.PT_CHARBUF_PAIR_ARRAY,
    }
)


class ParamIndex:
    """Where each event type keeps the parameter of a name."""

    def __init__(self, name: str) -> None:
        """Start with nothing looked up."""
        self.name: str = name
        self._found: list[int] = [_NOT_LOOKED_UP] * EVENT_COUNT

    def of(self, info: EventInfo) -> int:
        """Return the parameter's index in events of this type, or -1."""
        return self.at(info.id)

    def at(self, type_id: i64) -> i64:
        """Return the parameter's index in events of a type, given by its id, or -1."""
        index: i64 = self._found[type_id]
        if index == _NOT_LOOKED_UP:
            index = EVENTS[type_id].param_index(self.name)
            self._found[type_id] = index
        return index


def is_param_name(name: str) -> bool:
    """Return whether any event type has a parameter of this name."""
    return any(info.param_index(name) >= 0 for info in EVENTS)


def has_param(ctx: Context, index: i64, options: RenderOptions) -> bool:
    """Return whether the event carries the parameter, however empty."""
    if index < 0:
        return False
    event = ctx.event
    if index < event.nparams:
        return index < event.info.nparams
    return index < param_count(ctx, options)


def text_of(value: bytes) -> str:
    """Return a NUL-terminated string's text; bytes that are not UTF-8 become surrogates."""
    text = value.decode("utf-8", "surrogateescape")
    end = text.find("\x00")
    return text if end < 0 else text[:end]


def typed_value(ctx: Context, index: int, options: RenderOptions) -> object:
    """Return a parameter as the Python value of its type, None when it is empty."""
    value = param_value(ctx, index, options)
    kind = param_type(ctx, index, options)
    if ctx.event.info.params[index].type == types.PT_DYN:
        value = value[1:]
    if kind in _TEXTS:
        return text_of(value)
    if kind in _BYTES:
        return value
    if not value:
        return None
    if kind == types.PT_BOOL:
        return any(value)
    if kind == types.PT_DOUBLE:
        return float(struct.unpack("<d", value)[0]) if len(value) == 8 else None
    return signed(value) if kind in _SIGNED else unsigned(value)


def param_type(ctx: Context, index: int, options: RenderOptions) -> int:
    """Return the PT_ number of a parameter's value; for DYN the type that its first byte selects."""
    info = ctx.event.info.params[index]
    if info.type != types.PT_DYN:
        return info.type
    value = param_value(ctx, index, options)
    variants = dynamic_table(info.table.removeprefix("dyn:"))
    return variants[value[0]][0] if value and value[0] < len(variants) else types.PT_BYTEBUF
