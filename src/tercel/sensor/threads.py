"""The capability sets of every thread of a process, as /proc shows them."""

from __future__ import annotations

import os
from typing import Final, NamedTuple

_SETS: Final = ("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb")


class ThreadSets(NamedTuple):
    """A thread and its capability sets."""

    tid: int
    name: str
    effective: int
    permitted: int
    inheritable: int
    bounding: int
    ambient: int
    no_new_privileges: bool

    @property
    def for_programs(self) -> int:
        """The most that a program can have which the thread runs, set-uid or as uid 0."""
        return self.permitted if self.no_new_privileges else self.bounding


def sets_of_threads(pid: int, proc: str = "/proc") -> list[ThreadSets]:
    """Return the sets of every thread of a process; raise OSError when there is no such process."""
    tasks = os.listdir(f"{proc}/{pid}/task")
    found = (_sets_of(int(tid), f"{proc}/{pid}/task/{tid}/status") for tid in sorted(tasks, key=int))
    return [sets for sets in found if sets is not None]


def _sets_of(tid: int, path: str) -> ThreadSets | None:
    """Return the sets of one thread, or nothing if it ended in the meantime."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    except (FileNotFoundError, ProcessLookupError):
        return None
    effective, permitted, inheritable, bounding, ambient = (int(lines.get(name, "0"), 16) for name in _SETS)
    sealed = lines.get("NoNewPrivs") == "1"
    return ThreadSets(tid, lines.get("Name", ""), effective, permitted, inheritable, bounding, ambient, sealed)
