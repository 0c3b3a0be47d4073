"""The fields of class `syslog`: what a write to the system log says."""

from __future__ import annotations

from typing import Final

from tercel.events.types import EF_WRITES_TO_FD, PF_DEC, PF_NA, PT_CHARBUF, PT_UINT32
from tercel.fields.arguments import ParamIndex
from tercel.fields.base import FF_DEPRECATED, SCOPE_EVENT, Extractor, FieldGroup, FieldSpec
from tercel.state.context import Context

FACILITIES: Final = (
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "clock", "authpriv", "ftp",
    "ntp", "audit", "alert", "cron", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
)  # fmt: skip
SEVERITIES: Final = ("emerg", "alert", "crit", "err", "warn", "notice", "info", "debug")

_DATA: Final = ParamIndex("data")
# `<` and the priority: facility * 8 + severity, at most 191.
_MAX_PRIORITY: Final = 191


class Message:
    """One record of the system log: `<priority>text`."""

    def __init__(self, priority: int, text: str) -> None:
        """Keep the values."""
        self.priority: int = priority
        self.text: str = text

    @property
    def facility(self) -> int:
        """The number of the part of the system that speaks."""
        return self.priority >> 3

    @property
    def severity(self) -> int:
        """The number of the severity, 0 the worst."""
        return self.priority & 7


def parse(data: bytes) -> Message | None:
    """Return the record in a buffer, None when it does not begin with a priority."""
    if data[:1] != b"<":
        return None
    end = data.find(b">", 1, 6)
    digits = data[1:end] if end > 1 else b""
    if not digits.isdigit() or int(digits) > _MAX_PRIORITY:
        return None
    return Message(int(digits), data[end + 1 :].rstrip(b"\x00\n").decode("utf-8", "surrogateescape"))


def message(ctx: Context) -> Message | None:
    """Return what the event wrote to the system log, None for every other event."""
    event = ctx.event
    fd = ctx.fd
    if fd is None or event.info.is_enter or not event.info.flags & EF_WRITES_TO_FD or "/dev/log" not in fd.name:
        return None
    return parse(event.param(_DATA.of(event.info)))


class Facility(Extractor):
    """syslog.facility."""

    def extract(self, ctx: Context) -> object:
        """Return the facility's number."""
        found = message(ctx)
        return None if found is None else found.facility


class FacilityName(Extractor):
    """syslog.facility.str."""

    def extract(self, ctx: Context) -> object:
        """Return the facility's name."""
        found = message(ctx)
        return None if found is None else FACILITIES[found.facility]


class Severity(Extractor):
    """syslog.severity."""

    def extract(self, ctx: Context) -> object:
        """Return the severity's number."""
        found = message(ctx)
        return None if found is None else found.severity


class SeverityName(Extractor):
    """syslog.severity.str."""

    def extract(self, ctx: Context) -> object:
        """Return the severity's name."""
        found = message(ctx)
        return None if found is None else SEVERITIES[found.severity]


class Text(Extractor):
    """syslog.message."""

    def extract(self, ctx: Context) -> object:
        """Return the text behind the priority."""
        found = message(ctx)
        return None if found is None else found.text


def _field(name: str, kind: int, doc: str) -> FieldSpec:
    return FieldSpec(name, kind, SCOPE_EVENT, doc, FF_DEPRECATED, PF_DEC if kind == PT_UINT32 else PF_NA)


GROUPS: Final = [
    FieldGroup(
        "syslog",
        "What a write to the system log (/dev/log) says.",
        [
            (_field("syslog.facility.str", PT_CHARBUF, "Name of the part of the system that speaks."), FacilityName),
            (_field("syslog.facility", PT_UINT32, "Its number."), Facility),
            (_field("syslog.severity.str", PT_CHARBUF, "Name of the severity."), SeverityName),
            (_field("syslog.severity", PT_UINT32, "Its number, 0 the worst."), Severity),
            (_field("syslog.message", PT_CHARBUF, "Text of the message."), Text),
        ],
    )
]
