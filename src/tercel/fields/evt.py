"""The fields of class `evt` that belong to system calls; parameters are in `evt_args`, single calls in `evt_calls`."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from tercel.events.table import EVENTS
from tercel.events.types import (
    EC_FILE,
    EC_IO_OTHER,
    EC_IO_READ,
    EC_IPC,
    EC_MEMORY,
    EC_NET,
    EC_OTHER,
    EC_PROCESS,
    EC_PROCESSING,
    EC_SCHEDULER,
    EC_SIGNAL,
    EC_SLEEP,
    EC_SYSTEM,
    EC_TIME,
    EC_USER,
    EC_WAIT,
    EF_READS_FROM_FD,
    EF_WAITS,
    EF_WRITES_TO_FD,
    ES_SYSCALL,
    PF_10_PADDED_DEC,
    PF_DEC,
    PF_DIR,
    PF_ID,
    PF_NA,
    PT_BOOL,
    PT_CHARBUF,
    PT_INT16,
    PT_RELTIME,
    PT_UINT32,
    PT_UINT64,
)
from tercel.fields import evt_args, evt_calls, evt_cut
from tercel.fields.base import (
    FF_DEPRECATED,
    FF_HIDDEN,
    FF_PRINT_ONLY,
    FF_REMEMBERS,
    SCOPE_EVENT,
    VARIES,
    Extractor,
    FieldGroup,
    FieldSpec,
)
from tercel.fields.evt_args import event_fd
from tercel.fields.evt_meta import NAMED_APART, TimeText, difference, event_name, since_first
from tercel.fields.options import TIME_ABSOLUTE, TIME_DELTA_CALL, TIME_DELTA_SHOWN, TIME_RELATIVE
from tercel.fields.times import clock_text, duration_text
from tercel.state import model
from tercel.state.context import Context

_BILLION: Final = 1_000_000_000


class Latency(Extractor):
    """evt.latency."""

    def extract(self, ctx: Context) -> object:
        """Return nanoseconds from the call's entry to its exit; 0 for entries."""
        return difference(ctx.latency, 0)


class LatencySeconds(Extractor):
    """evt.latency.s."""

    def extract(self, ctx: Context) -> object:
        """Return the whole seconds of evt.latency."""
        return difference(ctx.latency, 0) // _BILLION


class LatencyNanoseconds(Extractor):
    """evt.latency.ns."""

    def extract(self, ctx: Context) -> object:
        """Return the nanoseconds of evt.latency beyond the second."""
        return difference(ctx.latency, 0) % _BILLION


class LatencyQuantized(Extractor):
    """evt.latency.quantized."""

    def extract(self, ctx: Context) -> object:
        """Return the column of a screen of no width: 1 for any latency."""
        return 1 if ctx.thread is not None and ctx.latency else None


class LatencyHuman(Extractor):
    """evt.latency.human."""

    def __init__(self, spec: FieldSpec, arg: str | None, text: str) -> None:
        """Start with nothing shown."""
        super().__init__(spec, arg, text)
        self.last: str = ""

    def extract(self, ctx: Context) -> object:
        """Return evt.latency with the unit that fits it.

        An event without a thread has no latency of its own; as with Falco the text of the last one stays.
        """
        if ctx.thread is not None:
            self.last = duration_text(difference(ctx.latency, 0))
        return self.last


class DeltaTime(Extractor):
    """evt.deltatime."""

    def __init__(self, spec: FieldSpec, arg: str | None, text: str) -> None:
        """Start without a previous event."""
        super().__init__(spec, arg, text)
        self.previous: int = 0

    def delta(self, ctx: Context) -> int:
        """Return nanoseconds since this field was last asked for, 0 at first."""
        ts: int = ctx.event.ts
        previous = self.previous
        self.previous = ts
        return difference(ts, previous) if previous else 0

    def extract(self, ctx: Context) -> object:
        """Return the time since the event for which this field was last asked for."""
        return self.delta(ctx)


class DeltaTimeSeconds(DeltaTime):
    """evt.deltatime.s."""

    def extract(self, ctx: Context) -> object:
        """Return the whole seconds of the difference."""
        return self.delta(ctx) // _BILLION


class DeltaTimeNanoseconds(DeltaTime):
    """evt.deltatime.ns."""

    def extract(self, ctx: Context) -> object:
        """Return the nanoseconds of the difference beyond the second."""
        return self.delta(ctx) % _BILLION


class OutputTime(TimeText):
    """evt.outputtime."""

    def __init__(self, spec: FieldSpec, arg: str | None, text: str) -> None:
        """Start without an event shown before."""
        super().__init__(spec, arg, text)
        self.previous: int = 0

    def extract(self, ctx: Context) -> object:
        """Return the event's time in the form that the options ask for."""
        ts: int = ctx.event.ts
        mode = self.options.time_mode
        if mode == TIME_ABSOLUTE:
            return f"{ts // _BILLION}.{ts % _BILLION:09d}"
        if mode == TIME_RELATIVE:
            return _seconds(since_first(ctx))
        if mode == TIME_DELTA_CALL:
            return _seconds(ctx.latency)
        if mode == TIME_DELTA_SHOWN:
            previous = self.previous
            self.previous = ts
            return _seconds(ts - previous if previous else 0)
        return clock_text(ts)


def _seconds(ns: int) -> str:
    return f"{ns // _BILLION}.{ns % _BILLION:09d}"


class Dir(Extractor):
    """evt.dir."""

    def extract(self, ctx: Context) -> object:
        """Return `>` for entries, `<` for exits."""
        return ">" if ctx.event.info.is_enter else "<"

    def fixed(self, type_id: i64) -> object:
        """Return the same: the type has the direction."""
        return ">" if EVENTS[type_id].is_enter else "<"


class Type(Extractor):
    """evt.type."""

    def extract(self, ctx: Context) -> object:
        """Return the event's name."""
        return event_name(ctx)

    def fixed(self, type_id: i64) -> object:
        """Return the type's name, unless its events have names of their own."""
        return VARIES if type_id in NAMED_APART else EVENTS[type_id].name


class SyscallType(Extractor):
    """syscall.type."""

    def extract(self, ctx: Context) -> object:
        """Return the system call's name."""
        return event_name(ctx) if ctx.event.info.source == ES_SYSCALL else None

    def fixed(self, type_id: i64) -> object:
        """Return the type's name, unless its events have names of their own."""
        if EVENTS[type_id].source != ES_SYSCALL:
            return None
        return VARIES if type_id in NAMED_APART else EVENTS[type_id].name


_CATEGORIES: Final[dict[int, str]] = {
    EC_OTHER: "other",
    EC_FILE: "file",
    EC_NET: "net",
    EC_IPC: "IPC",
    EC_MEMORY: "memory",
    EC_PROCESS: "process",
    EC_SLEEP: "sleep",
    EC_SYSTEM: "system",
    EC_SIGNAL: "signal",
    EC_USER: "user",
    EC_TIME: "time",
    EC_PROCESSING: "processing",
    EC_WAIT: "wait",
    EC_SCHEDULER: "scheduler",
}
_FD_CATEGORIES: Final[dict[int, str]] = {
    model.FD_FILE: "file",
    model.FD_FILE_V2: "file",
    model.FD_DIRECTORY: "file",
    model.FD_IPV4_SOCK: "net",
    model.FD_IPV6_SOCK: "net",
    model.FD_IPV4_SERVSOCK: "net",
    model.FD_IPV6_SERVSOCK: "net",
    model.FD_FIFO: "ipc",
    model.FD_UNIX_SOCK: "ipc",
    model.FD_EVENT: "ipc",
    model.FD_SIGNALFD: "ipc",
    model.FD_INOTIFY: "ipc",
}


class Category(Extractor):
    """evt.category."""

    def extract(self, ctx: Context) -> object:
        """Return the kind of call; input and output by what is behind the descriptor."""
        category = ctx.event.info.category
        if EC_IO_READ <= category <= EC_IO_OTHER:
            fd = event_fd(ctx)
            return "unknown" if fd is None else _FD_CATEGORIES.get(fd.kind, "unknown")
        return _CATEGORIES.get(category, "unknown")


class Cpu(Extractor):
    """evt.cpu."""

    def extract(self, ctx: Context) -> object:
        """Return the CPU that recorded the event."""
        return ctx.event.cpu


class IsIo(Extractor):
    """evt.is_io."""

    def extract(self, ctx: Context) -> object:
        """Return whether the event reads or writes a descriptor."""
        return bool(ctx.event.info.flags & (EF_READS_FROM_FD | EF_WRITES_TO_FD))


class IsIoRead(Extractor):
    """evt.is_io_read."""

    def extract(self, ctx: Context) -> object:
        """Return whether the event reads a descriptor."""
        return bool(ctx.event.info.flags & EF_READS_FROM_FD)


class IsIoWrite(Extractor):
    """evt.is_io_write."""

    def extract(self, ctx: Context) -> object:
        """Return whether the event writes a descriptor."""
        return bool(ctx.event.info.flags & EF_WRITES_TO_FD)


class IoDir(Extractor):
    """evt.io_dir."""

    def extract(self, ctx: Context) -> object:
        """Return the direction of input or output."""
        flags = ctx.event.info.flags
        if flags & EF_WRITES_TO_FD:
            return "write"
        return "read" if flags & EF_READS_FROM_FD else None


class IsWait(Extractor):
    """evt.is_wait."""

    def extract(self, ctx: Context) -> object:
        """Return whether the call may wait."""
        return bool(ctx.event.info.flags & EF_WAITS)


class WaitLatency(Extractor):
    """evt.wait_latency."""

    def extract(self, ctx: Context) -> object:
        """Return how long a waiting call took."""
        info = ctx.event.info
        return difference(ctx.latency, 0) if info.flags & EF_WAITS and not info.is_enter else None


class Count(Extractor):
    """evt.count."""

    def extract(self, ctx: Context) -> object:
        """Return 1."""
        return 1


class CountExit(Extractor):
    """evt.count.exit."""

    def extract(self, ctx: Context) -> object:
        """Return 1 for exits."""
        return None if ctx.event.info.is_enter else 1


def _field(name: str, kind: int, doc: str, print_format: int = PF_NA, flags: int = 0) -> FieldSpec:
    return FieldSpec(name, kind, SCOPE_EVENT, doc, flags, print_format)


_OLD: Final = FF_DEPRECATED

GROUPS: Final = [
    FieldGroup(
        "evt",
        "What system calls and other events of the kernel have.",
        [
            (_field("evt.latency", PT_RELTIME, "Nanoseconds that the call took.", PF_DEC, _OLD), Latency),
            (_field("evt.latency.s", PT_RELTIME, "Its whole seconds.", PF_DEC, _OLD), LatencySeconds),
            (
                _field("evt.latency.ns", PT_RELTIME, "Its nanoseconds beyond the second.", PF_10_PADDED_DEC, _OLD),
                LatencyNanoseconds,
            ),
            (
                _field(
                    "evt.latency.quantized",
                    PT_UINT64,
                    "Column of the latency on a logarithmic scale as wide as the screen; 1 without a screen.",
                    PF_DEC,
                    FF_HIDDEN | _OLD,
                ),
                LatencyQuantized,
            ),
            (
                _field(
                    "evt.latency.human",
                    PT_CHARBUF,
                    "The latency with a unit: 2.46us.",
                    PF_NA,
                    _OLD | FF_REMEMBERS,
                ),
                LatencyHuman,
            ),
            (
                _field("evt.deltatime", PT_RELTIME, "Nanoseconds since the event before.", PF_DEC, FF_REMEMBERS),
                DeltaTime,
            ),
            (_field("evt.deltatime.s", PT_RELTIME, "Its whole seconds.", PF_DEC, FF_REMEMBERS), DeltaTimeSeconds),
            (
                _field(
                    "evt.deltatime.ns",
                    PT_RELTIME,
                    "Its nanoseconds beyond the second.",
                    PF_10_PADDED_DEC,
                    FF_REMEMBERS,
                ),
                DeltaTimeNanoseconds,
            ),
            (
                _field(
                    "evt.outputtime",
                    PT_CHARBUF,
                    "The time in the form that -t chose.",
                    PF_NA,
                    FF_PRINT_ONLY | FF_REMEMBERS,
                ),
                OutputTime,
            ),
            (_field("evt.dir", PT_CHARBUF, "> for the entry of a call, < for its exit.", PF_DIR, _OLD), Dir),
            (_field("evt.type", PT_CHARBUF, "Name of the event, for system calls the call's."), Type),
            (_field("syscall.type", PT_CHARBUF, "Name of the system call; none for other events."), SyscallType),
            (_field("evt.category", PT_CHARBUF, "Kind of event: file, net, process, memory …"), Category),
            (_field("evt.cpu", PT_INT16, "Number of the CPU that recorded the event.", PF_ID), Cpu),
            (_field("evt.is_io", PT_BOOL, "Whether the event reads or writes."), IsIo),
            (_field("evt.is_io_read", PT_BOOL, "Whether the event reads."), IsIoRead),
            (_field("evt.is_io_write", PT_BOOL, "Whether the event writes."), IsIoWrite),
            (_field("evt.io_dir", PT_CHARBUF, "read or write; none for other events."), IoDir),
            (_field("evt.is_wait", PT_BOOL, "Whether the call waits for something: poll, select …"), IsWait),
            (_field("evt.wait_latency", PT_RELTIME, "Nanoseconds that such a call took.", PF_DEC, _OLD), WaitLatency),
            (_field("evt.count", PT_UINT32, "1 for every event, for sums.", PF_DEC), Count),
            (_field("evt.count.exit", PT_UINT32, "1 for every exit, for sums.", PF_DEC), CountExit),
            *evt_args.ROWS,
            *evt_calls.ROWS,
            *evt_cut.ROWS,
        ],
    )
]
