"""Open files have the flags that the call which opened them would have told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tercel.capture.procfs import openflags
from tercel.capture.procfs.descriptors import _FdInfoFile


@pytest.mark.parametrize(
    ("native", "portable"),
    [
        (os.O_RDONLY, 1),
        (os.O_WRONLY, 2),
        (os.O_RDWR, 3),
        (os.O_WRONLY | os.O_APPEND, 2 | 8),
        (os.O_RDONLY | os.O_DSYNC, 1 | 16),
        (os.O_RDONLY | os.O_SYNC, 1 | 16 | 128),
        (os.O_RDONLY | os.O_NONBLOCK | os.O_DIRECT, 1 | 64 | 512),
        (os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, 1 | 1024 | 4096),
        (os.O_RDWR | os.O_TMPFILE, 3 | 1024 | 8192),
        (3, 0),
        (1 << 60, 1),
    ],
)
def test_flags_have_the_numbers_of_the_format(native: int, portable: int) -> None:
    """A rule that asks for files open for writing must not depend on the machine."""
    assert openflags.portable(native) == portable
    assert openflags.portable(native) == portable


def test_the_kernels_own_largefile_is_not_told(tmp_path: Path) -> None:
    """The kernel sets O_LARGEFILE on every file of a program of 64 bits; no call asked for it."""
    number = os.open(tmp_path / "x", os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
    try:
        with open(f"/proc/self/fdinfo/{number}", "rb") as file:
            assert _FdInfoFile(file.read()).flags == 3 | 8 | 4096
    finally:
        os.close(number)


def test_few_combinations_are_remembered() -> None:
    """Hostile programs may set any; the memory stays bounded."""
    for native in range(0, 10_000 << 20, 1 << 20):
        openflags.portable(native)
    assert len(openflags._KNOWN) <= openflags._KEPT
