"""The reference of event types as text, Markdown and JSON, generated from the vocabulary."""

from __future__ import annotations

from typing import Final

from tercel.events.names import flag_table, syscalls
from tercel.events.table import EVENTS, EventInfo, ParamInfo
from tercel.events.types import (
    EF_OLD_VERSION,
    EF_UNUSED,
    ES_METAEVENT,
    ES_PLUGIN,
    ES_SYSCALL,
    ES_TRACEPOINT,
    PARAM_TYPES,
)

# The version of the event table, as drivers and captures state it.
SCHEMA_VERSION: Final = "4.5.1"

_SECTIONS: Final[tuple[tuple[int, str], ...]] = (
    (ES_SYSCALL, "Syscall events"),
    (ES_TRACEPOINT, "Tracepoint events"),
    (ES_PLUGIN, "Plugin events"),
    (ES_METAEVENT, "Metaevents"),
)
_GENERIC: Final = "syscall"


class Entry:
    """One line of the listing: direction, name, parameters, and whether present recordings have it."""

    def __init__(self, direction: str, name: str, params: list[ParamInfo], available: bool) -> None:
        """Keep the values."""
        self.direction: str = direction
        self.name: str = name
        self.params: list[ParamInfo] = params
        self.available: bool = available


def sections() -> list[tuple[str, list[Entry]]]:
    """Return the event types by where they come from, in the order of the table."""
    return [(title, _entries(source)) for source, title in _SECTIONS]


def _entries(source: int) -> list[Entry]:
    entries = [_entry(info) for info in EVENTS if info.source == source and _is_listed(info)]
    if source == ES_SYSCALL:
        for call in syscalls():
            if call.is_generic and call.number:
                entries.extend(Entry(direction, call.name, [], True) for direction in (">", "<"))
    return entries


def _is_listed(info: EventInfo) -> bool:
    return not info.flags & EF_UNUSED and info.name not in {"NA", _GENERIC}


def _entry(info: EventInfo) -> Entry:
    # Entries of calls are flagged old because new drivers send exits alone; recordings still have them.
    superseded = info.flags & EF_OLD_VERSION and any(
        other.name == info.name and other.is_enter == info.is_enter and other.id > info.id for other in EVENTS
    )
    return Entry(info.direction, info.name, info.params, not superseded)


def type_name(param: ParamInfo) -> str:
    """Return the name of a parameter's type."""
    return PARAM_TYPES[param.type]


def _param_flags(param: ParamInfo) -> list[str]:
    if not param.table or param.table.startswith("dyn:"):
        return []
    return [name for _, name in flag_table(param.table)]


def text_listing() -> str:
    """Return the event types as lines of text."""
    lines = [f"The events below are valid for the event schema version {SCHEMA_VERSION}.", ""]
    for title, entries in sections():
        lines.extend([f"## {title}", ""])
        for entry in entries:
            params = ", ".join(f"{type_name(param)} **{param.name}**" for param in entry.params)
            lines.append(f"{entry.direction} {entry.name}({params}){'' if entry.available else '  (old captures)'}")
        lines.append("")
    return "\n".join(lines).rstrip("\n")


def markdown_listing() -> str:
    """Return the event types as one Markdown table for each section."""
    lines = [f"The events below are valid for the event schema version {SCHEMA_VERSION}.", ""]
    for title, entries in sections():
        lines.extend([f"## {title}", "", "Current | Dir | Name | Params", ":---|:---|:---|:---"])
        for entry in entries:
            params = ", ".join(f"{type_name(param)} **{param.name}**" for param in entry.params)
            lines.append(f"{'Yes' if entry.available else 'No'} | `{entry.direction}` | `{entry.name}` | {params}")
        lines.append("")
    return "\n".join(lines).rstrip("\n")


def json_listing() -> dict[str, object]:
    """Return the event types as a value for JSON."""
    listing: dict[str, object] = {"schema_version": SCHEMA_VERSION}
    for title, entries in sections():
        listing[title] = [
            {
                "name": entry.name,
                "dir": entry.direction,
                "available": entry.available,
                "params": [_json_param(param) for param in entry.params],
            }
            for entry in entries
        ]
    return listing


def _json_param(param: ParamInfo) -> dict[str, object]:
    value: dict[str, object] = {"type": type_name(param), "name": param.name}
    flags = _param_flags(param)
    if flags:
        value["flags"] = flags
    return value
