"""The control groups of a process as (controller, path), from /proc/PID/cgroup."""

from __future__ import annotations

from typing import Final

from tercel.capture.procfs.files import read_or_empty, text, without_deleted

# Names of controllers that differ between both versions of cgroups.
_NAMES: Final[dict[str, str]] = {"io": "blkio", "mem": "memory", "perf": "perf_event"}
# Where the second version's hierarchy may be, alone or beside the first one's.
_MOUNTS: Final = ("/sys/fs/cgroup/cgroup.controllers", "/sys/fs/cgroup/unified/cgroup.controllers")
# Taken when the hierarchy cannot be looked at.
_USUAL: Final = ("cpuset", "cpu", "io", "memory", "pids")
# A machine has few sets of cgroups beside its threads; these are remembered.
_KEPT: Final = 4096
# The controllers of a process and their paths; the system has no longer paths.
LONGEST: Final = 1 << 16

Pairs = list[tuple[str, str]]


class CgroupReader:
    """Takes cgroup files apart; the same file gives the same list, which must not be changed."""

    def __init__(self, host_root: str = "") -> None:
        """Look at nothing yet."""
        self._host_root: str = host_root
        self._known: dict[bytes, Pairs] = {}
        self._unified: tuple[str, ...] | None = None

    def pairs(self, data: bytes) -> Pairs:
        """Return the pairs of a file."""
        found = self._known.get(data)
        if found is None:
            found = self._parse(data)
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[data] = found
        return found

    def _parse(self, data: bytes) -> Pairs:
        pairs: Pairs = []
        unified = ""
        for line in text(data).split("\n"):
            number, _, rest = line.partition(":")
            controllers, colon, path = rest.partition(":")
            if not colon:
                continue
            path = _within(without_deleted(path))
            if controllers:
                pairs.extend([(_NAMES.get(name, name), path) for name in controllers.split(",")])
            elif number == "0":
                unified = path
        if unified:
            pairs.extend([(_NAMES.get(name, name), unified) for name in self._unified_controllers(is_alone=not pairs)])
        return pairs

    def _unified_controllers(self, *, is_alone: bool) -> tuple[str, ...]:
        """Return the controllers of the second version's hierarchy, which has none beside a complete first one."""
        if self._unified is None:
            found = [read_or_empty(self._host_root + path) for path in _MOUNTS]
            self._unified = tuple(text(b" ".join(found)).split())
        return self._unified or (_USUAL if is_alone else ())


def _within(path: str) -> str:
    """Return a path of a group that is beside the reader's own, without the steps upwards in front."""
    while path.startswith("/../"):
        path = path[3:]
    return path
