"""This machine watched from inside a test: the same parts as the sensor's, without rules, and what they knew."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from tercel.events.names import syscalls
from tercel.sensor.live import LiveCapture, LiveRequest
from tercel.state.context import Context
from tercel.state.machine import Machine

STORM: Final = Path(__file__).with_name("storm.c")
# The mark of the kernel's own threads in their flags.
_KERNEL: Final = 0x00200000
# What happens all the time and says nothing about processes.
_UNUSUAL: Final = frozenset({"unknown", "sched_switch", "page_fault_user", "page_fault_kernel"})


@cache
def usual_calls() -> frozenset[str]:
    """Return the names of the calls that have events of their own."""
    return frozenset(call.name for call in syscalls() if not call.is_generic) - _UNUSUAL


def request(ring: int = 8 << 20, vital: int = 2 << 20) -> LiveRequest:
    """Return a request for the usual calls with rings of these sizes."""
    return LiveRequest(usual_calls(), buffer_bytes=ring, vital_bytes=vital)


class Seen:
    """What became of the events: how many there were, and those whose thread was not known, by type."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self.events = 0
        self.nameless: Counter[str] = Counter()

    def take(self, ctx: Context) -> None:
        """Count an event."""
        self.events += 1
        thread = ctx.thread
        if ctx.event.tid > 0 and (thread is None or thread.is_invalid or not thread.comm):
            self.nameless[ctx.event.info.name] += 1


def follow(capture: LiveCapture, machine: Machine, going: Callable[[], bool], take: Callable[[Context], object]) -> None:
    """Hand each event to the state and to `take`, until `going` says no."""
    reader = capture.reader
    while going() and capture.fill():
        while reader.advance():
            take(machine.process(reader.event))


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
    """Return the threads that run but are not in the table, and those in the table that do not run.

    What came or went meanwhile is in neither: it is asked for twice.
    """
    before, after = living(), living()
    missing = {tid: name for tid, name in before.items() if tid in after and tid not in machine.threads}
    extra = {
        tid: thread.comm for tid, thread in machine.threads.items() if tid not in before and tid not in after
    }
    return missing, extra
