"""The fields of class `evt` that every event has, whatever its source: number, times, source."""

from __future__ import annotations

from typing import Final

from tercel.events.names import native_syscall_name, syscall_name
from tercel.events.table import EVENT_BY_ENUM
from tercel.events.types import (
    ES_METAEVENT,
    PF_10_PADDED_DEC,
    PF_DEC,
    PF_ID,
    PT_ABSTIME,
    PT_BOOL,
    PT_CHARBUF,
    PT_RELTIME,
    PT_UINT64,
)
from tercel.fields.base import FF_HIDDEN, FF_REMEMBERS, SCOPE_EVENT, Extractor, FieldGroup, FieldSpec
from tercel.fields.times import (
    clock_seconds_text,
    clock_text,
    datetime_seconds_text,
    datetime_text,
    iso8601_text,
)
from tercel.state.context import Context

_BILLION: Final = 1_000_000_000
_UNSIGNED: Final = (1 << 64) - 1
_ASYNC_EVENT: Final = EVENT_BY_ENUM["ASYNCEVENT_E"]
_ASYNC_NAME: Final = 1
_GENERIC: Final = (EVENT_BY_ENUM["GENERIC_E"], EVENT_BY_ENUM["GENERIC_X"])
# Types whose events do not all have one name.
NAMED_APART: Final = frozenset({*_GENERIC, _ASYNC_EVENT})


def event_name(ctx: Context) -> str:
    """Return the event's name: for generic events the system call's, for asynchronous ones their own."""
    event = ctx.event
    kind = event.info.id
    if kind in _GENERIC:
        return syscall_name(event.uint16(0)) or _native_name(ctx)
    if kind == _ASYNC_EVENT:
        return event.text(_ASYNC_NAME)
    return event.info.name


def _native_name(ctx: Context) -> str:
    """Return the name of a call that was recorded without its portable number: from the number of the machine's own.

    Only entries carry that number; the architecture is taken to be x86_64, which all such recordings are.
    """
    event = ctx.event
    return (native_syscall_name(event.uint16(1)) if event.nparams > 1 else "") or "unknown"


class Num(Extractor):
    """evt.num."""

    def extract(self, ctx: Context) -> object:
        """Return the position in the stream."""
        return ctx.event.num


class TimeText(Extractor):
    """A form of the event's time; JSON has nanoseconds whatever the form."""

    def json_value(self, ctx: Context) -> object:
        """Return nanoseconds since the epoch."""
        return ctx.event.ts


class Clock(TimeText):
    """evt.time."""

    def extract(self, ctx: Context) -> object:
        """Return the local time of day with nanoseconds."""
        return clock_text(ctx.event.ts)


class ClockSeconds(TimeText):
    """evt.time.s."""

    def extract(self, ctx: Context) -> object:
        """Return the local time of day."""
        return clock_seconds_text(ctx.event.ts)


class Iso8601(TimeText):
    """evt.time.iso8601."""

    def extract(self, ctx: Context) -> object:
        """Return date and time of UTC."""
        return iso8601_text(ctx.event.ts)


class DateTime(TimeText):
    """evt.datetime."""

    def extract(self, ctx: Context) -> object:
        """Return local date and time with nanoseconds."""
        return datetime_text(ctx.event.ts)


class DateTimeSeconds(TimeText):
    """evt.datetime.s."""

    def extract(self, ctx: Context) -> object:
        """Return local date and time."""
        return datetime_seconds_text(ctx.event.ts)


class RawTime(Extractor):
    """evt.rawtime."""

    def extract(self, ctx: Context) -> object:
        """Return nanoseconds since the epoch."""
        return ctx.event.ts


class RawTimeSeconds(Extractor):
    """evt.rawtime.s."""

    def extract(self, ctx: Context) -> object:
        """Return whole seconds since the epoch."""
        return ctx.event.ts // _BILLION


class RawTimeNanoseconds(Extractor):
    """evt.rawtime.ns."""

    def extract(self, ctx: Context) -> object:
        """Return the nanoseconds beyond the whole second."""
        return ctx.event.ts % _BILLION


def since_first(ctx: Context) -> int:
    """Return nanoseconds since the first event of the recording; 0 for what was put before it."""
    ts: int = ctx.event.ts
    return difference(ts, ctx.first_ts) if ctx.first_ts else 0


def difference(later: int, earlier: int) -> int:
    """Return nanoseconds between two events; where their order is not that of time, Falco's number without a sign."""
    return later - earlier & _UNSIGNED


class RelTime(Extractor):
    """evt.reltime."""

    def extract(self, ctx: Context) -> object:
        """Return nanoseconds since the first event."""
        return since_first(ctx)


class RelTimeSeconds(Extractor):
    """evt.reltime.s."""

    def extract(self, ctx: Context) -> object:
        """Return whole seconds since the first event."""
        return since_first(ctx) // _BILLION


class RelTimeNanoseconds(Extractor):
    """evt.reltime.ns."""

    def extract(self, ctx: Context) -> object:
        """Return the nanoseconds of evt.reltime beyond the whole second."""
        return since_first(ctx) % _BILLION


class Absent(Extractor):
    """A field of plugin events: events of other sources have none."""

    def extract(self, ctx: Context) -> object:
        """Return nothing."""
        return None


class Source(Extractor):
    """evt.source."""

    def extract(self, ctx: Context) -> object:
        """Return the name of the event's source."""
        return ctx.source or None


class IsAsync(Extractor):
    """evt.is_async."""

    def extract(self, ctx: Context) -> object:
        """Return whether no thread but the sensor or the kernel itself made the event."""
        return ctx.event.info.source == ES_METAEVENT


class AsyncType(Extractor):
    """evt.asynctype."""

    def extract(self, ctx: Context) -> object:
        """Return the name of an asynchronous event."""
        return event_name(ctx) if ctx.event.info.source == ES_METAEVENT else None


class Hostname(Extractor):
    """evt.hostname."""

    def extract(self, ctx: Context) -> object:
        """Return the host's name as the source recorded it."""
        return ctx.machine.info.hostname


class Counter(Extractor):
    """util.cnt."""

    def __init__(self, spec: FieldSpec, arg: str | None, text: str) -> None:
        """Start counting."""
        super().__init__(spec, arg, text)
        self.count: int = 0

    def extract(self, ctx: Context) -> object:
        """Return how often this field has been asked for, this time included."""
        self.count += 1
        return self.count


def _event(name: str, kind: int, doc: str, print_format: int = 0, flags: int = 0) -> FieldSpec:
    return FieldSpec(name, kind, SCOPE_EVENT, doc, flags, print_format)


GROUPS: Final = [
    FieldGroup(
        "evt",
        "What every event has, whichever source it comes from.",
        [
            (_event("evt.num", PT_UINT64, "Position of the event in the stream, from 1.", PF_ID), Num),
            (_event("evt.time", PT_CHARBUF, "Local time of day with nanoseconds."), Clock),
            (_event("evt.time.s", PT_CHARBUF, "Local time of day, whole seconds."), ClockSeconds),
            (_event("evt.time.iso8601", PT_CHARBUF, "Date and time of UTC with nanoseconds, ISO 8601."), Iso8601),
            (_event("evt.datetime", PT_CHARBUF, "Local date and time with nanoseconds."), DateTime),
            (_event("evt.datetime.s", PT_CHARBUF, "Local date and time, whole seconds."), DateTimeSeconds),
            (_event("evt.rawtime", PT_ABSTIME, "Nanoseconds since the epoch.", PF_DEC), RawTime),
            (_event("evt.rawtime.s", PT_ABSTIME, "Whole seconds since the epoch.", PF_DEC), RawTimeSeconds),
            (
                _event("evt.rawtime.ns", PT_ABSTIME, "Nanoseconds of the time beyond the second.", PF_10_PADDED_DEC),
                RawTimeNanoseconds,
            ),
            (_event("evt.reltime", PT_RELTIME, "Nanoseconds since the first event.", PF_10_PADDED_DEC), RelTime),
            (_event("evt.reltime.s", PT_RELTIME, "Whole seconds since the first event.", PF_DEC), RelTimeSeconds),
            (
                _event("evt.reltime.ns", PT_RELTIME, "Nanoseconds of evt.reltime beyond the second.", PF_10_PADDED_DEC),
                RelTimeNanoseconds,
            ),
            (_event("evt.pluginname", PT_CHARBUF, "Name of the plugin that a plugin event belongs to."), Absent),
            (_event("evt.plugininfo", PT_CHARBUF, "The plugin's own summary of a plugin event."), Absent),
            (_event("evt.source", PT_CHARBUF, "Name of the source that the event comes from."), Source),
            (_event("evt.is_async", PT_BOOL, "Whether the event was put into the stream from outside it."), IsAsync),
            (_event("evt.asynctype", PT_CHARBUF, "Name of such an event, for example container."), AsyncType),
            (_event("evt.hostname", PT_CHARBUF, "Name of the host that the events come from."), Hostname),
        ],
        ("*",),
    ),
    FieldGroup(
        "util",
        "Helpers for trying out formats.",
        [
            (
                _event("util.cnt", PT_UINT64, "Counts how often it was printed.", PF_ID, FF_HIDDEN | FF_REMEMBERS),
                Counter,
            )
        ],
        ("*",),
    ),
]
