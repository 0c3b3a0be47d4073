"""Which fields show more than their own event: the order of all events, all of a process's descriptors, or one of them.

Where a rule prints such a field or asks for it, more has to be reported than the events that the rule matches. A field
that is not known to keep to its event counts as one that does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tercel.events.table import EVENTS
from tercel.events.types import PT_FD, PT_FDLIST, PT_FSRELPATH
from tercel.fields.base import SCOPE_EVENT, SCOPE_FD, VARIES

if TYPE_CHECKING:
    from tercel.fields.base import Extractor

# The position and the times of an event among all others.
_SEQUENCE: Final = frozenset(
    {
        "evt.num",
        "evt.reltime",
        "evt.reltime.s",
        "evt.reltime.ns",
        "util.cnt",
    }
)
# All descriptors of a process, or some by their numbers, whatever the event is about.
_TABLE: Final = frozenset({"proc.fdopencount", "proc.fdusage", "fd.types"})
_TABLE_GROUPS: Final = ("fdlist.", "proc.stdin.", "proc.stdout.", "proc.stderr.")
LIMITS: Final = frozenset({"proc.fdlimit", "proc.fdusage"})

# Fields of an event that keep to it: they are made of the event's own bytes, or of what is no descriptor.
_OWN: Final = frozenset(
    {
        "evt.type",
        "syscall.type",
        "evt.type.is",
        "evt.dir",
        "evt.res",
        "evt.rawres",
        "evt.failed",
        "evt.cpu",
        "evt.source",
        "evt.is_async",
        "evt.asynctype",
        "evt.hostname",
        "evt.count",
        "evt.count.exit",
        "evt.buffer",
        "evt.is_open_read",
        "evt.is_open_write",
        "evt.is_open_exec",
        "evt.is_open_create",
        "evt.is_wait",
        "evt.truncated",
        "evt.is_truncated",
        "evt.around",
    }
)
_OWN_GROUPS: Final = (
    "evt.time",
    "evt.rawtime",
    "evt.datetime",
    "evt.plugin",
    "proc.",
    "thread.",
    "user.",
    "group.",
    "container.",
    "k8s.",
    "mesos.",
)
_PARAMETERS: Final = frozenset({"evt.arg", "evt.rawarg"})
_OF_DESCRIPTORS: Final = frozenset({PT_FD, PT_FDLIST, PT_FSRELPATH})


def shows_sequence(field: Extractor) -> bool:
    """Return whether a field's value depends on which events came before."""
    return field.remembers or field.spec.name in _SEQUENCE


def shows_table(field: Extractor) -> bool:
    """Return whether a field looks at descriptors that the event is not about."""
    name = field.spec.name
    return name in _TABLE or name.startswith(_TABLE_GROUPS)


def shows_descriptor(field: Extractor, type_id: int) -> bool:
    """Return whether a field's value may depend on the descriptor that an event of a type is about."""
    if field.fixed(type_id) is not VARIES:
        return False
    name = field.spec.name
    if field.scope == SCOPE_FD or name.startswith("fd."):
        return True
    if field.scope != SCOPE_EVENT or name in _OWN or name.startswith(_OWN_GROUPS):
        return shows_table(field)
    if name in _PARAMETERS:
        return _names_descriptor(field.arg or "", type_id)
    return True


def _names_descriptor(arg: str, type_id: int) -> bool:
    params = EVENTS[type_id].params
    if arg.isdecimal():
        index = int(arg)
        return index < len(params) and params[index].type in _OF_DESCRIPTORS
    return any(param.name == arg and param.type in _OF_DESCRIPTORS for param in params)
