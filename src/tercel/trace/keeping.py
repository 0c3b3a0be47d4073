"""Which events a capture of chosen events must hold besides those, for its readers to know what the recorder knew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tercel.capture.savefile.blocks import DUMP_STATE_ONLY
from tercel.events.table import EVENTS
from tercel.events.types import EF_MODIFIES_STATE
from tercel.state.dispatch import META_HANDLERS, PARSERS

if TYPE_CHECKING:
    from tercel.events.event import Event

# By event type: whether the state may differ afterwards. Such events are recorded whatever the filter says, for
# readers to take in and not to show.
CHANGES_STATE: Final[bytes] = bytes(
    bool(info.flags & EF_MODIFIES_STATE) or PARSERS[info.id] is not None or META_HANDLERS[info.id] is not None
    for info in EVENTS
)


def is_for_state(event: Event) -> bool:
    """Return whether a recorder's filter rejected the event: it is there for the state alone."""
    return bool(event.flags & DUMP_STATE_ONLY)


def keep_for_state(event: Event) -> bool:
    """Mark a rejected event as one for the state alone; return whether it is, and not of no use at all."""
    if not CHANGES_STATE[event.type_id]:
        return False
    event.flags |= DUMP_STATE_ONLY
    return True
