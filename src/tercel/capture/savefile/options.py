"""pcapng options of section headers and event blocks, of which comments matter most."""

from __future__ import annotations

from typing import Final

from tercel.events.event import Event

OPTION_END: Final = 0
OPTION_COMMENT: Final = 1
OPTION_APPLICATION: Final = 4
_HEADER: Final = 4


def parse_options(data: bytes) -> list[tuple[int, bytes]]:
    """Return (code, value) of the options up to their end; bytes that are no options end the list early."""
    options: list[tuple[int, bytes]] = []
    at = 0
    while at + _HEADER <= len(data):
        code = int.from_bytes(data[at : at + 2], "little")
        size = int.from_bytes(data[at + 2 : at + 4], "little")
        if code == OPTION_END or at + _HEADER + size > len(data):
            break
        options.append((code, data[at + _HEADER : at + _HEADER + size]))
        at += _HEADER + (size + 3 & ~3)
    return options


def build_options(options: list[tuple[int, bytes]]) -> bytes:
    """Return options as they stand in a block, their end included; nothing for none."""
    if not options:
        return b""
    parts: list[bytes] = []
    for code, value in options:
        head = code.to_bytes(2, "little") + len(value).to_bytes(2, "little")
        parts.append(head + value + bytes(-len(value) & 3))
    return b"".join(parts) + bytes(_HEADER)


def option_texts(data: bytes, code: int) -> list[str]:
    """Return the texts of all options of a code."""
    return [value.decode("utf-8", "replace") for found, value in parse_options(data) if found == code]


def event_comments(event: Event) -> list[str]:
    """Return the comments that were attached to an event."""
    return option_texts(event.options, OPTION_COMMENT) if event.options else []
