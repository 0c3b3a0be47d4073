"""Event times as text. Local time follows the time zone of the process (TZ), as with Falco and sysdig."""

from __future__ import annotations

import time
from typing import Final

_BILLION: Final = 1_000_000_000


class _ClockCache:
    """The last second's texts: consecutive events mostly fall into the same second."""

    def __init__(self) -> None:
        self.second: int = -1
        self.date: str = ""
        self.clock: str = ""


_LOCAL: Final = _ClockCache()
_UTC: Final = _ClockCache()


def _fill(cache: _ClockCache, second: int, parts: time.struct_time) -> None:
    cache.second = second
    cache.date = f"{parts.tm_year:04d}-{parts.tm_mon:02d}-{parts.tm_mday:02d}"
    cache.clock = f"{parts.tm_hour:02d}:{parts.tm_min:02d}:{parts.tm_sec:02d}"


def _local(ts: int) -> _ClockCache:
    second = ts // _BILLION
    if second != _LOCAL.second:
        _fill(_LOCAL, second, time.localtime(second))
    return _LOCAL


def _utc(ts: int) -> _ClockCache:
    second = ts // _BILLION
    if second != _UTC.second:
        _fill(_UTC, second, time.gmtime(second))
    return _UTC


def clock_text(ts: int) -> str:
    """Return the local time of day with nanoseconds."""
    return f"{_local(ts).clock}.{ts % _BILLION:09d}"


def clock_seconds_text(ts: int) -> str:
    """Return the local time of day."""
    return _local(ts).clock


def datetime_text(ts: int) -> str:
    """Return local date and time with nanoseconds."""
    local = _local(ts)
    return f"{local.date} {local.clock}.{ts % _BILLION:09d}"


def datetime_seconds_text(ts: int) -> str:
    """Return local date and time."""
    local = _local(ts)
    return f"{local.date} {local.clock}"


def iso8601_text(ts: int) -> str:
    """Return date and time of UTC with nanoseconds and an offset of zero."""
    utc = _utc(ts)
    return f"{utc.date}T{utc.clock}.{ts % _BILLION:09d}+0000"


def iso8601_zulu_text(ts: int) -> str:
    """Return date and time of UTC with nanoseconds and a Z."""
    utc = _utc(ts)
    return f"{utc.date}T{utc.clock}.{ts % _BILLION:09d}Z"


_UNITS: Final[tuple[tuple[int, str], ...]] = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us"))


def duration_text(ns: int) -> str:
    """Return a duration in the unit that fits it, with two decimals below ten: `2.46us`, `10ms`."""
    for size, unit in _UNITS:
        if ns >= size:
            whole = ns // size
            return f"{whole}.{ns % size * 100 // size:02d}{unit}" if whole < 10 else f"{whole}{unit}"
    return f"{ns}ns"
