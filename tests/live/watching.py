"""This machine watched from inside a test: the same parts as the sensor's, without rules, and what they knew."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from tercel.sensor.live import LiveCapture, LiveRequest
from tercel.state.context import Context
from tercel.state.machine import Machine

STORM: Final = Path(__file__).with_name("storm.c")
# What tells of the life of processes.
PROCESS_CALLS: Final = frozenset({"clone", "clone3", "fork", "vfork", "execve", "execveat", "sched_process_exit"})
_BIRTHS: Final = frozenset({"clone", "clone3", "fork", "vfork"})
_LIFE: Final = _BIRTHS | {"execve", "execveat", "procexit"}
# The mark of the kernel's own threads in their flags.
_KERNEL: Final = 0x00200000


def request_for(*calls: str, ring: int = 8 << 20, vital: int = 16 << 20) -> LiveRequest:
    """Return a request for the life of processes and these calls: what others do on the machine costs little then."""
    return LiveRequest(PROCESS_CALLS | {*calls}, buffer_bytes=ring, vital_bytes=vital)


class Seen:
    """What became of the events: how many there were, and what was told of threads that were not known."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self.events = 0
        self._life: dict[int, list[str]] = {}
        self._nameless: set[int] = set()

    def take(self, ctx: Context) -> None:
        """Count an event and note what it says of the life of threads."""
        self.events += 1
        event = ctx.event
        thread = ctx.thread
        is_known = thread is not None and not thread.is_invalid and thread.comm != ""
        if event.tid > 0 and not is_known:
            self._nameless.add(event.tid)
        if not is_known or event.info.name in _LIFE:
            result = event.int64(0, -1) if event.info.name in _LIFE else 0
            self._life.setdefault(event.tid, []).append(f"{event.ts} {event.info.name}={result}")
            if event.info.name in _BIRTHS and result > 0:
                self._life.setdefault(result, []).append(f"{event.ts} told by {event.tid}")

    @property
    def nameless(self) -> dict[int, list[str]]:
        """Return what was told of the threads that some event had and that were not known then."""
        return {tid: self._life[tid] for tid in self._nameless}

    def life(self, tids: Iterable[int]) -> dict[int, list[str]]:
        """Return what was told of the life of threads."""
        return {tid: self._life.get(tid, []) for tid in tids}


def follow(
    capture: LiveCapture, machine: Machine, going: Callable[[], bool], take: Callable[[Context], object]
) -> None:
    """Hand each event to the state and to `take`, until `going` says no."""
    reader = capture.reader
    while going() and capture.fill():
        while reader.advance():
            take(machine.process(reader.event))


def catch_up(capture: LiveCapture, machine: Machine, take: Callable[[Context], object]) -> None:
    """Go through everything that has happened up to now."""
    moment = time.time_ns()
    # What this does is later than the moment.
    subprocess.run(["true"], check=True)
    follow(capture, machine, lambda: capture.reader.event.ts < moment, take)


def drain(capture: LiveCapture, machine: Machine, take: Callable[[Context], object]) -> None:
    """Capture nothing more and go through what was captured."""
    capture.stop()
    follow(capture, machine, lambda: True, take)


def build(source: Path, target: Path) -> Path:
    """Compile a C program."""
    subprocess.run(["gcc", "-O1", "-Wall", "-pthread", "-o", str(target), str(source)], check=True)
    return target


def living() -> dict[int, str]:
    """Return the threads of all programs that run now, with their names; the kernel's own are left out."""
    found = {}
    for pid in os.listdir("/proc"):
        if pid.isdecimal():
            found.update(_threads_of(pid))
    return found


def _threads_of(pid: str) -> dict[int, str]:
    try:
        state, flags = _state_and_flags(f"/proc/{pid}/stat")
        if flags & _KERNEL or state in "ZX":
            return {}
        tids = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return {}
    return {int(tid): name for tid in tids if (name := _name(pid, tid))}


def _state_and_flags(path: str) -> tuple[str, int]:
    # The name in front, in parentheses, may hold anything.
    words = Path(path).read_text().rpartition(")")[2].split()
    return words[0], int(words[6])


def _name(pid: str, tid: str) -> str:
    try:
        return Path(f"/proc/{pid}/task/{tid}/comm").read_text().rstrip("\n")
    except OSError:
        return ""


def differences(machine: Machine) -> tuple[dict[int, str], dict[int, str]]:
    """Return the threads that run but are not in the table, and those in the table that do not run."""
    known = {tid: thread.comm for tid, thread in machine.threads.items()}
    now = living()
    missing = {tid: name for tid, name in now.items() if tid not in known}
    return missing, {tid: name for tid, name in known.items() if tid not in now}


def lasting_differences(
    capture: LiveCapture, machine: Machine, take: Callable[[Context], object]
) -> tuple[dict[int, str], dict[int, str]]:
    """Return the differences that stay when all events up to now have been gone through."""
    first = differences(machine)
    catch_up(capture, machine, take)
    second = differences(machine)
    missing, extra = (
        {tid: name for tid, name in after.items() if before.get(tid) == name}
        for before, after in zip(first, second, strict=True)
    )
    return missing, extra
