"""What of ours is in the kernel, and how it is taken out.

Programs and maps live as long as some process holds them, so nothing is installed and nothing is left behind: taking
the probe out means ending the sensor that loaded it.
"""

from __future__ import annotations

import os
import select
import signal
from dataclasses import dataclass
from time import monotonic
from typing import Final

from tercel.sensor.bpf_holders import Holder, find_holders
from tercel.sensor.bpf_objects import Link, Map, Program, links, maps, programs

PREFIX: Final = "tercel_"
_INIT: Final = 1


@dataclass(frozen=True, slots=True)
class Inventory:
    """Our programs, maps and links, the processes that hold them, and how many could not be looked into."""

    programs: list[Program]
    maps: list[Map]
    links: list[Link]
    holders: list[Holder]
    closed: int


def our_programs() -> list[Program]:
    """Return the programs of ours that are loaded; raise OSError without CAP_SYS_ADMIN."""
    return [program for program in programs() if program.name.startswith(PREFIX)]


def inventory(proc: str = "/proc") -> Inventory:
    """Return what of ours is in the kernel; raise OSError without CAP_SYS_ADMIN."""
    ours = our_programs()
    known = {program.id for program in ours}
    used = {identity for program in ours for identity in program.maps}
    # The name tells a map whose programs have gone, the programs tell maps that other tools would not know by name.
    own_maps = [one for one in maps() if one.id in used or one.name.startswith(PREFIX)]
    map_ids = {one.id for one in own_maps}
    search = find_holders(proc)
    holders = [holder for holder in search.holders if holder.programs & known or holder.maps & map_ids]
    return Inventory(ours, own_maps, [link for link in links() if link.program in known], holders, search.closed)


def terminate(holders: list[Holder], seconds: float) -> list[Holder]:
    """Ask processes to end (SIGTERM), wait so long for them, and return those that are still there.

    Neither the calling process nor the first of all is asked: that one may only be keeping descriptors for others.
    """
    deadline = monotonic() + seconds
    asked = [(holder, _ask(holder.pid)) for holder in holders]
    left = []
    for holder, descriptor in asked:
        if descriptor is None:
            continue
        if descriptor < 0 or not _ends(descriptor, deadline):
            left.append(holder)
        if descriptor >= 0:
            os.close(descriptor)
    return left


def _ask(pid: int) -> int | None:
    """Send the signal; return a descriptor that tells when the process ended, -1 if it may not be asked.

    Returns nothing when it has ended already. The descriptor is opened first: an id may be given to another process.
    """
    if pid in {_INIT, os.getpid()}:
        return -1
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return None
    try:
        signal.pidfd_send_signal(descriptor, signal.SIGTERM)
    except ProcessLookupError:
        os.close(descriptor)
        return None
    except PermissionError:
        os.close(descriptor)
        return -1
    return descriptor


def _ends(descriptor: int, deadline: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(max(0, int((deadline - monotonic()) * 1000))))
