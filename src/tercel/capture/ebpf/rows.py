"""The table of what the probe reports, in the form that the probe reads."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tercel.capture.ebpf.btf import BtfError
from tercel.capture.source import CaptureError
from tercel.events.table import EVENT_BY_ENUM, EVENTS, table_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tercel.capture.ebpf.btf import Btf

RESULT_ARGUMENT: Final = 7
COMPAT: Final = 1 << 16
# Rows that belong to tracepoints, in the order of `enum fixed_row`; the other rows follow.
FIXED: Final = ("PROCEXIT_1_E", "SIGNALDELIVER_E", "SYSCALL_EXECVE_19_X", "SYSCALL_CLONE_20_X")
# What is captured by tracepoints, by the names that selections give them: the setting that switches it on.
TRACEPOINTS: Final[dict[str, str]] = {"sched_process_exit": "wants_exit", "signal_deliver": "wants_signal"}
EXEC_CALLS: Final = frozenset({"execve", "execveat"})
CLONE_CALLS: Final = frozenset({"clone", "clone3", "fork", "vfork"})
# Columns of the architectures in events/tables/syscalls.txt.
_ARCHITECTURES: Final[dict[str, int]] = {"x86_64": 3, "aarch64": 4}
# The call after which the probe looks for requests whose completion nobody was told of, reported or not.
REQUESTING_CALL: Final = "io_uring_enter"
UNREPORTED: Final = 0xFFFF
# Calls that 32-bit x86 programs have only as parts of socketcall: `enum pseudo_call` numbers them.
_BUNDLED: Final = frozenset({"send", "recv"})


@dataclass(frozen=True, slots=True)
class RowSource:
    """A line of `rows.txt`: the event, its class, whether it is vital, whether it is of many messages, its steps."""

    event: int
    event_class: str
    is_vital: bool
    is_many: bool
    steps: tuple[str, ...]


def row_sources() -> list[RowSource]:
    """Return the table as it is written."""
    with open(os.path.join(os.path.dirname(__file__), "rows.txt"), encoding="ascii") as file:
        lines = [line.split() for line in file.read().splitlines() if line and line[0] != "#"]
    return [
        RowSource(EVENT_BY_ENUM[event], event_class.rstrip("!*"), "!" in event_class, "*" in event_class, tuple(steps))
        for event, event_class, *steps in lines
    ]


@dataclass(frozen=True, slots=True)
class SystemCall:
    """A system call: its name, the number that captures give it, the exit event that reports it, its native numbers.

    -1 stands for no native number; `compat` are the numbers of 32-bit programs.
    """

    name: str
    code: int
    event: int
    native: int
    compat: tuple[int, ...]


_GENERIC_EXIT: Final = EVENT_BY_ENUM["GENERIC_X"]


def system_calls(machine: str = "") -> list[SystemCall]:
    """Return the system calls of an architecture, this machine's without a name; raises CaptureError."""
    machine = machine or platform.machine()
    column = _ARCHITECTURES.get(machine)
    if column is None:
        raise CaptureError(f"live capture knows the system calls of {' and '.join(_ARCHITECTURES)}, not of {machine}")
    compat, bundled = (compat_numbers(), _BUNDLED) if machine == "x86_64" else ({}, frozenset())
    found = []
    for row in table_rows("syscalls.txt"):
        words = row.split()
        native = -1 if words[column] == "-" else int(words[column])
        event = _GENERIC_EXIT if words[2] == "-" else int(words[2]) + 1
        numbers = tuple(compat.get(words[1], ()))
        if native >= 0 or numbers or words[1] in bundled:
            found.append(SystemCall(words[1], int(words[0]), event, native, numbers))
    return found


def compat_numbers() -> dict[str, list[int]]:
    """Return the numbers that 32-bit x86 programs call by, by name (arch/x86/entry/syscalls/syscall_32.tbl).

    Calls that were widened have two: the present one and that of old programs.
    """
    found: dict[str, list[int]] = {}
    for row in table_rows("ia32.txt"):
        number, name = row.split()
        found.setdefault(name, []).append(int(number))
    return found


class RowTable:
    """The rows as the probe has them, and which system call is reported by which."""

    def __init__(self, btf: Btf) -> None:
        """Pack the table for a probe with these types; raises BtfError when they do not fit."""
        self._steps = btf.enum("step_code")
        self._conversions = btf.enum("conversion")
        self._classes = btf.enum("event_class")
        self._layout = btf.layout("row")
        self._places = self._layout.member("step")
        self._step_layout = btf.element(self._places)
        sources = row_sources()
        by_event = {source.event: source for source in sources}
        fixed = [by_event[EVENT_BY_ENUM[name]] for name in FIXED]
        self.data = b"".join(self._row(source) for source in (*fixed, *sources))
        # Rows of system calls by event; rows of tracepoints come first and are not looked up.
        self.row_of = {source.event: len(fixed) + i for i, source in enumerate(sources)}
        self.pseudo = {name.removeprefix("CALL_").lower(): number for name, number in btf.enum("pseudo_call").items()}
        self.classes = {number: name.removeprefix("CLASS_").lower() for name, number in self._classes.items()}

    def _row(self, source: RowSource) -> bytes:
        """Return a row as the probe reads it."""
        event = EVENTS[source.event]
        if len(source.steps) > self._places.count:
            raise BtfError(f"{event.enum} has {len(source.steps)} steps, the probe takes {self._places.count}")
        head = self._layout.pack(
            type=event.id,
            nparams=event.nparams,
            steps=len(source.steps),
            event_class=_known(self._classes, f"CLASS_{source.event_class.upper()}"),
            is_critical=int(source.is_vital),
            is_many=int(source.is_many),
        )
        steps = b"".join(self._step(text) for text in source.steps)
        start = self._places.offset
        return head[:start] + steps + head[start + len(steps) :]

    def _step(self, text: str) -> bytes:
        name, *numbers = text.split(":")
        a, b, c = ([self._number(number) for number in numbers] + [0, 0, 0])[:3]
        code = _known(self._steps, f"STEP_{name.upper()}")
        # Where a step has three numbers, the third one is a conversion.
        return self._step_layout.pack(code=code, a=a, b=b | c << 8)

    def _number(self, text: str) -> int:
        if text.isdecimal():
            return int(text)
        return RESULT_ARGUMENT if text == "result" else _known(self._conversions, text.upper())


def _known(names: dict[str, int], name: str) -> int:
    number = names.get(name)
    if number is None:
        raise BtfError(f"the probe is of another version: it has no {name}")
    return number


def selected_rows(table: RowTable, calls: Iterable[SystemCall], wanted: frozenset[str]) -> dict[int, tuple[int, int]]:
    """Return row plus one and code of the calls that are wanted, by native number.

    The calls of 32-bit programs are found by `COMPAT | number`.
    """
    found: dict[int, tuple[int, int]] = {}
    for call in calls:
        row = table.row_of.get(call.event)
        if call.name not in wanted or row is None:
            continue
        if call.name in table.pseudo:
            found[table.pseudo[call.name]] = (row + 1, call.code)
        elif call.native >= 0:
            found[call.native] = (row + 1, call.code)
        for number in call.compat:
            found[COMPAT | number] = (row + 1, call.code)
    return found


def looked_at(calls: Iterable[SystemCall]) -> dict[int, tuple[int, int]]:
    """Return in the same form the calls that the probe looks at in any case, without reporting them."""
    places = [
        place
        for call in calls
        if call.name == REQUESTING_CALL
        for place in (call.native, *(COMPAT | number for number in call.compat))
    ]
    return dict.fromkeys(places, (UNREPORTED, 0))
