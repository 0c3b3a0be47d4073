"""The running sensor as the kernel sees it: what each of its threads may do."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tercel.alerts.jsontext import text_line
from tercel.sensor.bpf_holders import command_of, find_holders
from tercel.sensor.capabilities import names
from tercel.sensor.privileges import kept_mask
from tercel.sensor.threads import ThreadSets, sets_of_threads

_COMMANDS: Final = frozenset({"run", "record", "trace"})
_SCRIPTS: Final = ("tercel/__main__.py", "tercel/cli/main.py")
# The interpreter and its options come before the program's own name.
_LEADING_WORDS: Final = 6
# So many capabilities are told by name.
_FEW: Final = 8


class NotRunningError(Exception):
    """Raised when there is no such process, or no running sensor is found; the text is the whole message."""


@dataclass(frozen=True, slots=True)
class Sensor:
    """A running sensor and its threads."""

    pid: int
    command: tuple[str, ...]
    threads: list[ThreadSets]

    def excess(self) -> list[ThreadSets]:
        """Return the threads that may do, or may have programs do, more than a running sensor keeps."""
        beyond = ~kept_mask()
        return [thread for thread in self.threads if (thread.permitted | thread.for_programs) & beyond]


def find_sensors(pid: int = 0, proc: str = "/proc") -> list[Sensor]:
    """Return the process with a pid, or all sensors that capture; raise NotRunningError when there is none."""
    if pid:
        return [_described(pid, proc)]
    search = find_holders(proc)
    found = [_described(holder.pid, proc) for holder in search.holders if is_sensor(holder.command)]
    if not found:
        hidden = f" (processes that could not be looked into: {search.closed})" if search.closed else ""
        raise NotRunningError(f"no sensor that captures is running{hidden}")
    return found


def is_sensor(command: Sequence[str]) -> bool:
    """Return whether a command line is one of ours that captures."""
    for at, word in enumerate(command[:_LEADING_WORDS]):
        ours = os.path.basename(word) == "tercel" or word.endswith(_SCRIPTS)
        if ours and command[at + 1 : at + 2] and command[at + 1] in _COMMANDS:
            return True
    return False


def running_text(sensors: list[Sensor]) -> str:
    """Return a line per thread: its id, its name, and what it and its programs may do."""
    lines = []
    for sensor in sensors:
        lines.append(f"{sensor.pid}: {text_line(' '.join(sensor.command))}")
        lines += [
            f"  {thread.tid:<9}{text_line(thread.name):17}may {_listed(thread.effective)}; "
            f"its programs at most {_listed(thread.for_programs)}"
            for thread in sensor.threads
        ]
        excess = len(sensor.excess())
        who = f"{excess} of {len(sensor.threads)} threads" if excess else "No thread"
        lines.append(f"  {who} may do more than a running sensor needs.")
    return "\n".join(lines)


def running_json(sensors: list[Sensor]) -> list[dict[str, object]]:
    """Return the sensors, ready for JSON."""
    return [
        {
            "pid": sensor.pid,
            "command": list(sensor.command),
            "reduced": not sensor.excess(),
            "threads": [
                {
                    "tid": thread.tid,
                    "name": thread.name,
                    "effective": names(thread.effective),
                    "permitted": names(thread.permitted),
                    "inheritable": names(thread.inheritable),
                    "bounding": names(thread.bounding),
                    "ambient": names(thread.ambient),
                    "no_new_privileges": thread.no_new_privileges,
                }
                for thread in sensor.threads
            ],
        }
        for sensor in sensors
    ]


def _listed(bits: int) -> str:
    if bits.bit_count() > _FEW:
        return f"{bits.bit_count()} capabilities"
    return ", ".join(names(bits)) or "nothing"


def _described(pid: int, proc: str) -> Sensor:
    try:
        return Sensor(pid, command_of(f"{proc}/{pid}"), sets_of_threads(pid, proc))
    except (FileNotFoundError, ProcessLookupError):
        raise NotRunningError(f"there is no process {pid}") from None
