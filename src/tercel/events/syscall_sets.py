"""Sets of system calls, and the calls behind event types: what decides which calls a live sensor captures.

Kernel events that are no calls stand among them under their own names, `sched_process_exit` for `procexit`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

from tercel.events.names import syscall_numbers, syscalls
from tercel.events.table import EVENT_IDS, table_rows

STATE: Final = "state"
IO: Final = "io"
NET: Final = "net"
_REPAIR: Final = "repair"
# Calls that work on descriptors.
_ON_FILES: Final = ("file", IO, "io_other")

PROCESS_EXIT: Final = "sched_process_exit"
# Events of the kernel that happen all the time, whatever processes do.
CONSTANT: Final[frozenset[str]] = frozenset({"sched_switch", "page_fault_user", "page_fault_kernel"})


@cache
def _sets() -> dict[str, frozenset[str]]:
    members: dict[str, list[str]] = {}
    current: list[str] = []
    for row in table_rows("syscall_sets.txt"):
        if row.endswith(":"):
            current = members.setdefault(row[:-1], [])
        else:
            current.extend(row.split(" "))
    return {name: frozenset(calls) for name, calls in members.items()}


def syscall_set(name: str) -> frozenset[str]:
    """Return the names of the calls in a set of the table."""
    return _sets()[name]


def ignored_calls() -> frozenset[str]:
    """Return the calls that are left out unless all are asked for: frequent, and without use for the state."""
    return syscall_set(IO) - syscall_set(STATE)


def repaired(names: frozenset[str]) -> frozenset[str]:
    """Return some calls together with the least that the state needs to understand them."""
    added = set(syscall_set(_REPAIR))
    if names & syscall_set(NET):
        added |= {"socket", "getsockopt", "close"}
    if names & {"accept", "accept4", "listen"}:
        added.add("bind")
    if any(names & syscall_set(name) for name in _ON_FILES):
        added.add("close")
    return names | added


def calls_of_events(event_ids: Iterable[int]) -> frozenset[str]:
    """Return the calls that have one of some event types for their own."""
    wanted = frozenset(event_ids)
    return frozenset(
        [
            call.name
            for call in syscalls()
            if call.enter_id > 0 and (call.enter_id in wanted or call.enter_id + 1 in wanted)
        ]
    )


def calls_named(name: str) -> frozenset[str]:
    """Return the call of a name, else those of the event types of that name; nothing when there are none."""
    if syscall_numbers().get(name):
        return frozenset((name,))
    return calls_of_events(EVENT_IDS.get(name, ()))


def native_numbers(names: Iterable[str], arch: str) -> frozenset[int]:
    """Return the numbers that some calls have on an architecture; those that it does not have are left out."""
    wanted = frozenset(names)
    found: set[int] = set()
    for call in syscalls():
        if call.name in wanted:
            found.update(call.native.get(arch, ()))
    return frozenset(found)
