"""When the pid namespaces of a machine began: with their first processes."""

from __future__ import annotations

import os

from tercel.capture.procfs.files import namespace, read_or_empty
from tercel.capture.procfs.status import NS_PER_TICK, read_stat, read_status


class PidNamespaces:
    """The first processes of pid namespaces, by the namespaces' numbers.

    The kernel gives a number again once its namespace is gone, so a known process is looked at before it is believed.
    """

    def __init__(self, proc: str) -> None:
        """Know none; `proc` is the directory of the processes."""
        self._proc: str = proc
        self._first: dict[int, tuple[int, int]] = {}
        self._missing: set[int] = set()

    def forget_missing(self) -> None:
        """Look again, next time, for what could not be found."""
        self._missing.clear()

    def note(self, number: int, pid: int, start: int) -> None:
        """Note the first process of a namespace and when it started."""
        self._first[number] = (pid, start)

    def knows(self, number: int) -> bool:
        """Return whether the first process of a namespace has been seen."""
        return number in self._first

    def start(self, number: int, boot_ts: int) -> int:
        """Return when a namespace began, 0 when its first process cannot be found."""
        found = self._first.get(number)
        if found is not None and namespace("pid", None, f"{self._proc}/{found[0]}/") == number:
            return found[1]
        if number == 0 or number in self._missing:
            return 0
        found = self._search(number, boot_ts)
        if found is None:
            self._missing.add(number)
            return 0
        self._first[number] = found
        return found[1]

    def _search(self, number: int, boot_ts: int) -> tuple[int, int] | None:
        try:
            pids = sorted([int(name) for name in os.listdir(self._proc) if name.isdecimal()])
        except OSError:
            return None
        for pid in pids:
            directory = f"{self._proc}/{pid}/"
            if namespace("pid", None, directory) == number:
                status = read_status(read_or_empty(f"{directory}status"))
                stat = read_stat(read_or_empty(f"{directory}stat"))
                if status is not None and stat is not None and status.vpid == 1:
                    return pid, boot_ts + stat.start * NS_PER_TICK
        return None
