"""Which processes hold BPF programs and maps open: what nobody holds, the kernel removes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

_FILES: Final = "anon_inode:bpf"
# The keys of /proc/PID/fdinfo/N that tell what a descriptor leads to. A link names its program.
_PROGRAM_KEY: Final = "prog_id"
_MAP_KEY: Final = "map_id"


@dataclass(frozen=True, slots=True)
class Holder:
    """A process and the ids of the programs (also through links) and maps that it holds."""

    pid: int
    command: tuple[str, ...]
    programs: frozenset[int]
    maps: frozenset[int]

    @property
    def words(self) -> str:
        """The command line in one piece."""
        return " ".join(self.command)


@dataclass(frozen=True, slots=True)
class Search:
    """The processes found to hold something, and how many could not be looked into."""

    holders: list[Holder]
    closed: int


def find_holders(proc: str = "/proc") -> Search:
    """Look through all processes that `proc` shows."""
    holders = []
    closed = 0
    for name in sorted(filter(str.isdecimal, os.listdir(proc)), key=int):
        try:
            holder = _holder(f"{proc}/{name}", int(name))
        except PermissionError:
            closed += 1
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended
        else:
            if holder.programs or holder.maps:
                holders.append(holder)
    return Search(holders, closed)


def command_of(directory: str) -> tuple[str, ...]:
    """Return the arguments of the process that a directory of /proc describes."""
    with open(f"{directory}/cmdline", "rb") as file:
        content = file.read()
    return tuple(os.fsdecode(word) for word in content.rstrip(b"\0").split(b"\0"))


def _holder(directory: str, pid: int) -> Holder:
    held: dict[str, set[int]] = {_PROGRAM_KEY: set(), _MAP_KEY: set()}
    for number in os.listdir(f"{directory}/fd"):
        try:
            if os.readlink(f"{directory}/fd/{number}").startswith(_FILES):
                _add(held, f"{directory}/fdinfo/{number}")
        except FileNotFoundError:
            continue  # it was closed
    return Holder(pid, command_of(directory), frozenset(held[_PROGRAM_KEY]), frozenset(held[_MAP_KEY]))


def _add(held: dict[str, set[int]], path: str) -> None:
    """Note what one descriptor leads to."""
    with open(path, encoding="ascii", errors="replace") as file:
        for line in file:
            key, _, value = line.partition(":")
            if key in held and value.strip().isdecimal():
                held[key].add(int(value))
