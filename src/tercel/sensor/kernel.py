"""The kernel's version, as far as it decides what a sensor needs."""

from __future__ import annotations

import os
import re
from typing import Final, NamedTuple

_RELEASE: Final = re.compile(r"(\d+)\.(\d+)")


class KernelVersion(NamedTuple):
    """A kernel version; fixes of a series change nothing that is asked here."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


# Older than every kernel, and newer than all of them.
EARLIEST: Final = KernelVersion(0, 0)
LATEST: Final = KernelVersion(1 << 16, 0)


def parse_release(release: str) -> KernelVersion:
    """Return the version that a release such as `6.1.0-42-amd64` begins with; raise ValueError without one."""
    match = _RELEASE.match(release.strip())
    if match is None:
        raise ValueError(f"'{release.strip()}' is no kernel release: expected one such as 6.1.0")
    return KernelVersion(int(match[1]), int(match[2]))


def running_kernel() -> KernelVersion:
    """Return the version of the kernel that runs."""
    return parse_release(os.uname().release)
