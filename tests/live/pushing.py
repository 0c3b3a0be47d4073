"""A probe that judges calls by policies made by hand, and programs that make calls and tell what became of them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tercel.capture.ebpf.guards import Guard, GuardDrop, GuardEffect, GuardKind, Masks, Trie
from tercel.capture.ebpf.live import LiveSource
from tercel.capture.ebpf.loader import LiveOptions
from tercel.capture.ebpf.rows import system_calls
from tercel.capture.savefile.blocks import DUMP_STATE_ONLY, MARKED
from tercel.events.event import Event

ALL: Final = (1 << 32) - 1
# What every program of the tests begins with: calls by name, marks, and numbers of which nothing is known.
_PRELUDE: Final = Path(__file__).with_name("pushing_prelude.py").read_text()
# No descriptor: the calls that tell where a program's part begins and ends.
MARK: Final = -77
_SECONDS: Final = 10.0

OPEN: Final = Guard(GuardKind.OPEN, path=1, flags=2, dirfd=0)
CLOSE: Final = Guard(GuardKind.CLOSE, GuardDrop.FAILED | GuardDrop.UNKNOWN, fd=0)
COPY: Final = Guard(GuardKind.COPY, GuardDrop.FAILED | GuardDrop.UNKNOWN, fd=0)
FCNTL: Final = Guard(GuardKind.COPY, GuardDrop.FAILED | GuardDrop.UNKNOWN | GuardDrop.COMMAND, fd=0, flags=1)
USE: Final = Guard(GuardKind.ON_FD, GuardDrop.FAILED | GuardDrop.UNKNOWN, fd=0)
MAKES: Final = Guard(effect=GuardEffect.MAKES)
ACCEPTS: Final = Guard(effect=GuardEffect.ACCEPTS)
# Opens of which none is needed, and what keeps descriptors right.
GUARDS: Final = {
    "openat": OPEN,
    "close": CLOSE,
    "dup": COPY,
    "dup2": COPY,
    "dup3": COPY,
    "fcntl": FCNTL,
    "read": USE,
    "write": USE,
    "socket": MAKES,
    "accept": ACCEPTS,
    "accept4": ACCEPTS,
    "connect": Guard(effect=GuardEffect.CONNECTS, fd=0),
    "memfd_create": MAKES,
    "eventfd2": MAKES,
    "pidfd_open": MAKES,
    "pidfd_getfd": MAKES,
    "pipe2": Guard(effect=GuardEffect.MAKES_PAIR, fd=0),
    "socketpair": Guard(effect=GuardEffect.MAKES_PAIR, fd=3),
    "close_range": Guard(effect=GuardEffect.CLOSES_RANGE),
}
_LIFE: Final = frozenset({"clone", "clone3", "fork", "vfork", "execve", "execveat"})
# Where clone says whose child somebody is.
_PARENT: Final = 5


def trie(paths: dict[bytes, Masks]) -> Trie:
    """Return the trie of these texts, each with its masks."""
    made = Trie()
    for text, masks in paths.items():
        made.masks[made.state(text)] = masks
    return made


class Judged:
    """The probe, attached, and the events of one program after the other."""

    def __init__(self) -> None:
        """Load the probe."""
        self.source = LiveSource(LiveOptions(ring_bytes=16 << 20, vital_bytes=16 << 20))
        self.probe = self.source.probe
        self.select(*GUARDS)
        self.source.start()

    def select(self, *names: str) -> None:
        """Have these calls reported, and what the tests need."""
        self.source.select(_LIFE | {"flock", *names})

    def run(self, script: str) -> list[str]:
        """Run a program; return what was told of it between its marks, see `told`."""
        with started(script) as actor:
            said = actor.communicate(timeout=_SECONDS)[1]
        assert actor.returncode == 0, said.decode()
        return self._between(actor.pid)

    def _between(self, pid: int) -> list[str]:
        """Return what was told of a process and its children from its one mark to the next."""
        seen: list[str] = []
        family, marks = {pid}, 0
        for event in self._events():
            name = event.info.name
            if name in _LIFE:
                if event.tid in family and event.int64(0) > 0:
                    family.add(event.int64(0))
                elif event.int64(0) == 0 and event.int64(_PARENT) in family:
                    family.add(event.tid)
            elif name == "flock" and event.int64(1) == MARK and event.tid == pid:
                marks += 1
                if marks > 1:
                    return seen
            elif marks and event.tid in family:
                seen.append(told(event))
        raise AssertionError(f"the end of the program was not told; until then: {seen}")

    def _events(self) -> Iterator[Event]:
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end and self.source.fill():
            while self.source.advance():
                yield self.source.event

    def close(self) -> None:
        """Take the probe out."""
        self.source.close()


@contextmanager
def started(script: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program; its text has what the prelude defines."""
    numbers = {call.name: call.native for call in system_calls() if call.native >= 0}
    text = f"{_PRELUDE}\nNUMBERS.update({numbers})\n{script}\n"
    words = [sys.executable, "-I", "-S", "-c", text]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe) as actor:
        yield actor


# Where an event has its path, and its descriptor.
_PATHS: Final = {"openat": 2, "openat2": 2, "open": 1, "unlink": 1, "stat": 1, "chmod": 1}


def told(event: Event) -> str:
    """Return an event in short: name, path, `!` for failure, `*` for a mark, `state` for what was dropped before."""
    words = [event.info.name]
    place = _PATHS.get(event.info.name)
    if place is not None:
        words.append(event.param(place).rstrip(b"\0").decode("utf-8", "replace"))
    if event.int64(0) < 0:
        words.append("!")
    if event.flags & MARKED:
        words.append("*")
    if event.flags & DUMP_STATE_ONLY:
        words.append("state")
    return " ".join(words)
