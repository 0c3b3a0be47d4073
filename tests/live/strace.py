"""Compares the system calls that strace saw with the events of a capture, thread by thread.

Both watch the same run: strace prints calls as they complete, the capture has an event for each. What one of the two
cannot have is left out on both sides: the child's return from a clone, calls that never return, signal returns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tercel.events.event import Event
from tercel.events.names import syscalls
from tercel.events.table import EVENT_BY_ENUM, EVENTS
from tests.live.compare import WANTED, mark_of

_LINE: Final = re.compile(r"^(\d+) +(.*)$")
_CALL: Final = re.compile(r"^([a-z_0-9]+)\(")
_RESUMED: Final = re.compile(r"^<\.\.\. ([a-z_0-9]+) resumed>")
_NO_RETURN: Final = re.compile(r" = \?$")
_UNFINISHED: Final = re.compile(r"<(unfinished|pid changed to \d+) \.\.\.>\)?( = \?)?$")
# Another thread's program took the place of what the leader was doing, whatever that was.
_SUPERSEDED: Final = re.compile(r"^\+\+\+ superseded by execve")
# It was killed, perhaps at the beginning of a call that strace had not told of yet.
_KILLED: Final = re.compile(r"^\+\+\+ killed by SIGKILL")
ANY: Final = "*"
_MARK: Final = re.compile(r"^close\(-(1\d{6})\b")
_MARK_BASE: Final = 1_000_000

_BIRTHS: Final = frozenset({"clone", "clone3", "fork", "vfork"})
# One call, an event for each message.
_SEVERAL: Final = frozenset({"sendmmsg", "recvmmsg"})
# The kernel reports their end under no number.
_NEVER: Final = frozenset({"rt_sigreturn", "exit", "exit_group"})
_GENERIC: Final = EVENT_BY_ENUM["GENERIC_X"]
_WANTED: Final = frozenset(EVENT_BY_ENUM[enum] for enum in WANTED)
_TRACEPOINTS: Final = frozenset({EVENT_BY_ENUM["PROCEXIT_1_E"], EVENT_BY_ENUM["SIGNALDELIVER_E"]})
# Some entries have no name, their exits have.
_EVENT_NAMES: Final = {call.name: EVENTS[call.enter_id | 1].name for call in syscalls() if call.enter_id >= 0}


@dataclass(frozen=True)
class Seen:
    """One call: its name as events have it, the number of a marker; whether it may be missing on the other side."""

    name: str
    mark: int = 0
    is_unsure: bool = False


def event_name(call: str) -> str:
    """Return the name that events have for a system call; a program that begins is reported in one way."""
    return "execve" if call == "execveat" else _EVENT_NAMES.get(call, call)


def _call_of(text: str) -> tuple[str, bool] | None:
    """Return the call that a line completes and whether it never returned, None for lines that complete none."""
    match = _RESUMED.match(text) or _CALL.match(text)
    if match is None:
        return None
    is_lost = bool(_NO_RETURN.search(text))
    if _UNFINISHED.search(text) and not is_lost:
        return None
    return match[1], is_lost


def parse_strace(lines: Iterable[str]) -> dict[int, list[Seen]]:
    """Return the completed calls of each thread in what `strace -f -o FILE` wrote."""
    threads: dict[int, list[Seen]] = {}
    marks: dict[int, int] = {}
    for line in lines:
        match = _LINE.match(line.rstrip("\n"))
        if match is None:
            continue
        tid, text = int(match[1]), match[2]
        mark = _MARK.match(text)
        if mark:
            # A marker too may be printed in two parts, of which only the first has the descriptor.
            marks[tid] = int(mark[1]) - _MARK_BASE
        seen = threads.setdefault(tid, [])
        is_told = bool(seen) and seen[-1].is_unsure
        if _SUPERSEDED.match(text) or (_KILLED.match(text) and not is_told):
            seen.append(Seen(ANY, 0, is_unsure=True))
        found = _call_of(text)
        if found and found[0] not in _NEVER:
            seen.append(Seen(event_name(found[0]), marks.pop(tid, 0), found[1]))
    return threads


def _generic_name(event: Event) -> str:
    number = event.uint16(0)
    return syscalls()[number].name if number < len(syscalls()) else f"call {number}"


def _is_child_return(event: Event, name: str) -> bool:
    return name in _BIRTHS and event.int64(0) == 0


def calls_of(events: list[Event]) -> list[Seen]:
    """Return the completed calls that a thread's events tell of."""
    found: list[Seen] = []
    for event in events:
        if event.type_id not in _WANTED or event.type_id in _TRACEPOINTS:
            continue
        name = _generic_name(event) if event.type_id == _GENERIC else event.info.name
        if name in _NEVER or _is_child_return(event, name):
            continue
        found.append(Seen(event_name(name), mark_of(event)))
    return found


def _without_repeats(seen: Iterable[Seen]) -> list[Seen]:
    kept: list[Seen] = []
    for one in seen:
        if not (kept and one.name in _SEVERAL and kept[-1].name == one.name):
            kept.append(one)
    return kept


def _from_exec(seen: list[Seen]) -> list[Seen]:
    """Leave out what a process did before its program began, when strace itself ran in it."""
    at = next((at for at, one in enumerate(seen) if one.name == "execve"), 0)
    return seen[at:]


def differences(traced: dict[int, list[Seen]], recorded: dict[int, list[Event]]) -> list[str]:
    """Return, by thread, where the two sequences part; nothing when they are the same."""
    found = []
    for number, (tid, calls) in enumerate(traced.items()):
        events = calls_of(recorded.get(tid, []))
        difference = _difference(
            _without_repeats(calls), _without_repeats(_from_exec(events) if number == 0 else events)
        )
        if difference:
            found.append(f"thread {tid}: {difference}")
    return found


def _text(seen: list[Seen], at: int) -> str:
    names = [f"mark {one.mark}" if one.mark else one.name for one in seen[max(at - 4, 0) : at + 4]]
    return " ".join(names) or "nothing"


def _is_next(seen: list[Seen], at: int, wanted: Seen) -> bool:
    return at < len(seen) and (seen[at].name, seen[at].mark) == (wanted.name, wanted.mark)


def _difference(traced: list[Seen], recorded: list[Seen]) -> str:
    """Walk along both; what strace is not sure of may be missing in the capture, or be of any name."""
    at = 0
    for number, wanted in enumerate(traced):
        if wanted.name == ANY:
            following = traced[number + 1 : number + 2]
            at += not (following and _is_next(recorded, at, following[0]))
        elif _is_next(recorded, at, wanted):
            at += 1
        elif not wanted.is_unsure:
            return f"strace has [{_text(traced, number)}], the capture has [{_text(recorded, at)}] after {at} calls"
    if at < len(recorded):
        return f"strace has no more than {len(traced)} calls, the capture has [{_text(recorded, at)}] after {at} calls"
    return ""
