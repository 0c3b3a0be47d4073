"""Where the checks look: the file trees below a prefix, so that another machine's can be examined."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from tercel.sensor.kernel import EARLIEST, KernelVersion, parse_release


class Mount(NamedTuple):
    """A line of /proc/PID/mounts."""

    target: str
    type: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """The places that the checks read.

    `root` stands before every path. `host_root` stands before what belongs to the machine rather than to the
    container that the sensor may run in: the processes, and the sockets of container engines.
    """

    root: str = ""
    host_root: str = field(default_factory=lambda: os.environ.get("HOST_ROOT", "").rstrip("/"))
    machine: str = field(default_factory=lambda: os.uname().machine)
    library: str = "libbpf.so.1"

    def path(self, path: str) -> str:
        """Return where a path of this system is."""
        return self.root + path

    def host_path(self, path: str) -> str:
        """Return where a path of the machine is."""
        return self.root + self.host_root + path

    def read(self, path: str) -> str | None:
        """Return the content of a small file without its last line's end, or nothing when it cannot be read."""
        try:
            with open(self.path(path), encoding="utf-8", errors="replace") as file:
                return file.read().rstrip("\n")
        except OSError:
            return None

    def number(self, path: str) -> int | None:
        """Return the number that a file holds, or nothing."""
        text = (self.read(path) or "").strip()
        return int(text) if text.isdecimal() else None

    def release(self) -> str:
        """Return the kernel's release."""
        return self.read("/proc/sys/kernel/osrelease") or ""

    def kernel(self) -> KernelVersion:
        """Return the kernel's version; one that cannot be told counts as the oldest."""
        try:
            return parse_release(self.release())
        except ValueError:
            return EARLIEST

    def mounts(self) -> Iterator[Mount]:
        """Return what is mounted, as this process sees it."""
        for line in (self.read("/proc/self/mounts") or "").splitlines():
            parts = line.split(" ")
            if len(parts) >= 4:
                yield Mount(parts[1], parts[2], tuple(parts[3].split(",")))
