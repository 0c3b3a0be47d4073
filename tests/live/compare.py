"""Compares a capture with what test programs say that it must hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from tercel.capture.savefile.options import parse_options
from tercel.capture.savefile.reader import SavefileReader
from tercel.events import types
from tercel.events.event import Event
from tercel.events.table import EVENT_BY_ENUM, EVENTS
from tests.live.expectations import Expectation, check, raw

MARK_BASE: Final = 1_000_000
_CLOSE: Final = EVENT_BY_ENUM["SYSCALL_CLOSE_X"]
_CLOSE_FD: Final = EVENTS[_CLOSE].param_index("fd")
_LAST_MARK: Final = -2 * MARK_BASE
# The events that are asked for beside the exits of system calls.
_TRACEPOINTS: Final = frozenset({"PROCEXIT_1_E", "SIGNALDELIVER_E"})
# The option of an event's block that tells the true lengths of values that were cut: index and length, 32 bits each.
OPTION_TRUNCATED: Final = 0x8054
_CUT: Final = 8


@dataclass(frozen=True)
class Mismatch:
    """One thing that an event says differently, or an event that is not there."""

    expectation: Expectation
    param: str
    text: str

    def __str__(self) -> str:
        """Return case, event, parameter and difference in one line."""
        at = self.expectation
        where = f"{at.case} (tid {at.tid}, mark {at.mark}): {at.event}"
        return f"{where}{'.' + self.param if self.param else ''}: {self.text}"


@dataclass
class Tested:
    """What was compared of an event type."""

    params: set[str] = field(default_factory=set)
    events: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)


@dataclass
class Result:
    """All differences, and the same by event type."""

    mismatches: list[Mismatch] = field(default_factory=list)
    table: dict[str, Tested] = field(default_factory=dict)

    def add(self, mismatch: Mismatch) -> None:
        """Note a difference."""
        self.mismatches.append(mismatch)
        self.table[mismatch.expectation.enums[0]].mismatches.append(mismatch)

    def text(self) -> str:
        """Return every difference on a line of its own."""
        return "\n".join(str(mismatch) for mismatch in self.mismatches)

    def of(self, event: str) -> str:
        """Return the differences of an event type."""
        return "\n".join(str(mismatch) for mismatch in self.table[event].mismatches)


def mark_of(event: Event) -> int:
    """Return which marker an event is, 0 for any other."""
    if event.type_id != _CLOSE:
        return 0
    fd = event.int64(_CLOSE_FD)
    return -fd - MARK_BASE if _LAST_MARK < fd < -MARK_BASE else 0


def events_by_thread(path: str) -> dict[int, list[Event]]:
    """Return a capture's events by thread, in order."""
    threads: dict[int, list[Event]] = {}
    reader = SavefileReader(path)
    try:
        while reader.fill():
            while reader.advance():
                threads.setdefault(reader.event.tid, []).append(reader.event.copy())
    finally:
        reader.close()
    return threads


def stated_length(event: Event, index: int) -> int | None:
    """Return how long a value was that the event has only parts of, None where it does not say so."""
    for code, value in parse_options(event.options):
        if code == OPTION_TRUNCATED:
            for at in range(0, len(value) - _CUT + 1, _CUT):
                if int.from_bytes(value[at : at + 4], "little") == index:
                    return int.from_bytes(value[at + 4 : at + _CUT], "little")
    return None


class _Thread:
    """The events of a thread, passed from one expectation to the next."""

    def __init__(self, events: list[Event]) -> None:
        self._events = events
        self._marks = {mark: at for at, event in enumerate(events) if (mark := mark_of(event))}
        self._mark = 0
        self._next = 0
        self._unmarked = 0

    def _pass(self, expectation: Expectation, at: int) -> None:
        """Go on behind an event; what bears no mark has a place of its own, since it may be told late."""
        if expectation.mark:
            self._next = at
        else:
            self._unmarked = at

    def find(self, expectation: Expectation) -> Event | str:
        """Return the event that an expectation is about, or why there is none."""
        if expectation.mark and expectation.mark != self._mark:
            if expectation.mark not in self._marks:
                return "the marker before the event is not in the capture"
            self._mark = expectation.mark
            self._next = self._marks[self._mark] + 1
        wanted = {info.id for info in expectation.infos}
        seen: list[str] = []
        for at in range(self._next if expectation.mark else self._unmarked, len(self._events)):
            event = self._events[at]
            if event.type_id in wanted:
                self._pass(expectation, at + 1)
                return event
            if mark_of(event) and expectation.mark:
                break
            seen.append(event.info.enum)
        return f"no such event; there are {', '.join(seen[:8]) or 'none'} before the next marker"


def _compare_event(
    expectation: Expectation, event: Event, result: Result, length_of: Callable[[Event, int], int | None]
) -> None:
    info = event.info
    if event.nparams != info.nparams:
        result.add(Mismatch(expectation, "", f"expected {info.nparams} parameters, found {event.nparams}"))
    for index, param in enumerate(info.params):
        size = event.param_size(index)
        if size and param.size not in {types.VARIABLE_SIZE, size}:
            result.add(
                Mismatch(expectation, param.name, f"expected {param.size} bytes, found {raw(event.param(index))}")
            )
        if param.name not in expectation.params:
            continue
        expected = expectation.params[param.name]
        text = check(expected, param, event.param(index))
        if (
            isinstance(expected, dict)
            and "total" in expected
            and not text
            and length_of(event, index) != expected["total"]
        ):
            text = f"expected the event to state a length of {expected['total']}, found {length_of(event, index)}"
        if text:
            result.add(Mismatch(expectation, param.name, text))


def compare(
    expectations: Iterable[Expectation], path: str, length_of: Callable[[Event, int], int | None] = stated_length
) -> Result:
    """Compare each expectation with its thread's event; `length_of` tells the true length of a value that was cut."""
    threads = {tid: _Thread(events) for tid, events in events_by_thread(path).items()}
    result = Result()
    for expectation in expectations:
        tested = result.table.setdefault(expectation.enums[0], Tested())
        tested.params |= set(expectation.params)
        tested.events += 1
        thread = threads.get(expectation.tid)
        event = thread.find(expectation) if thread else "the capture has no event of this thread"
        if isinstance(event, str):
            result.add(Mismatch(expectation, "", event))
        else:
            _compare_event(expectation, event, result, length_of)
    return result


def is_wanted(enum: str) -> bool:
    """Return whether a sensor reports an event type at present: exits of system calls and two tracepoints."""
    info = EVENTS[EVENT_BY_ENUM[enum]]
    if enum in _TRACEPOINTS:
        return True
    is_past = info.flags & (types.EF_OLD_VERSION | types.EF_UNUSED)
    return not info.is_enter and info.source == types.ES_SYSCALL and not is_past


WANTED: Final[list[str]] = [info.enum for info in EVENTS if is_wanted(info.enum)]


def unchecked(expectations: Iterable[Expectation]) -> dict[str, list[str]]:
    """Return by event type the parameters that no expectation asks about; a type that none asks about has them all."""
    asked: dict[str, set[str]] = {enum: set() for enum in WANTED}
    seen = set()
    for expectation in expectations:
        asked.setdefault(expectation.enums[0], set()).update(expectation.params)
        seen.add(expectation.enums[0])
    missing = {
        enum: [param.name for param in EVENTS[EVENT_BY_ENUM[enum]].params if param.name not in params]
        for enum, params in asked.items()
    }
    return {enum: params for enum, params in missing.items() if params or enum not in seen}
