"""Every field of the registry, bound to arguments that it takes."""

from __future__ import annotations

from functools import cache
from typing import Final

from tercel.events.event import MalformedEventError
from tercel.events.table import EVENTS
from tercel.fields.base import FF_ARG_DOTTED, FF_ARG_INDEX, FF_ARG_KEY, FF_ARG_REQUIRED, Extractor, FieldSpec
from tercel.state.context import Context
from tests.unit.pushdown.made import EXITS, REGISTRY

_KEYS: Final = {
    "evt.abspath": ("src", "dst"),
    "evt.around": ("1700000000000000000",),
    "evt.type.is": ("open", "3", "293"),
    "proc.env": ("HOME", "0"),
    "proc.aenv": ("HOME", "1"),
    "thread.cgroup": ("cpu",),
    "container.label": ("app",),
    "k8s.pod.label": ("app",),
}
MALFORMED: Final = "malformed"


@cache
def parameters() -> tuple[str, ...]:
    """Return the names of all parameters that exits of system calls have."""
    return tuple(sorted({param.name for type_id in EXITS for param in EVENTS[type_id].params}))


def _texts(spec: FieldSpec) -> list[str]:
    arguments: tuple[str, ...] = _KEYS.get(spec.name, ())
    if spec.name in {"evt.arg", "evt.rawarg"}:
        arguments = parameters()
    elif not arguments and spec.flags & FF_ARG_INDEX:
        arguments = ("0", "1", "3", "5")
    elif not arguments and spec.flags & FF_ARG_KEY:
        arguments = ("app",)
    is_dotted = spec.flags & FF_ARG_DOTTED and not spec.flags & FF_ARG_INDEX
    found = [] if spec.flags & FF_ARG_REQUIRED else [spec.name]
    found += [f"{spec.name}.{one}" if is_dotted else f"{spec.name}[{one}]" for one in arguments]
    if spec.name in {"evt.arg", "evt.rawarg"}:
        found = [f"{spec.name}.{one}" for one in arguments]
    if spec.name == "evt.arg":
        found += [f"evt.arg[{number}]" for number in range(10)]
    return found


@cache
def field_texts() -> tuple[str, ...]:
    """Return all fields as conditions and outputs write them."""
    return tuple(text for spec in REGISTRY.specs() for text in _texts(spec))


@cache
def plain_texts() -> tuple[str, ...]:
    """Return the fields that can do without an argument."""
    return tuple(spec.name for spec in REGISTRY.specs() if not spec.flags & FF_ARG_REQUIRED)


def value(field: Extractor, ctx: Context) -> object:
    """Return what conditions see; bytes that fit no type are no value for them."""
    try:
        return field.extract(ctx)
    except MalformedEventError:
        return None


def shown(field: Extractor, ctx: Context) -> str | None:
    """Return what outputs show, and leave the context as it was: some fields turn it to another descriptor."""
    fd, named, number = ctx.fd, ctx.named_fd, ctx.fd_num
    try:
        return field.shown(ctx)
    except MalformedEventError:
        return MALFORMED
    finally:
        ctx.fd, ctx.named_fd, ctx.fd_num = fd, named, number
