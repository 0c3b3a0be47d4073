"""The event types of the capture format, read once from `tables/events.txt`.

`EVENTS[id]` is the row of an event type; ids are dense, an even id is the entry of a system call and the odd
id after it its exit. Parameters are parsed when first asked for, so that start-up pays only for the heads.
"""

from __future__ import annotations

import os
from typing import Final

from tercel.events.types import (
    CATEGORIES,
    EF_LARGE_PAYLOAD,
    EVENT_FLAGS,
    EVENT_SOURCES,
    PARAM_FORMATS,
    PARAM_SIZES,
    PARAM_TYPES,
    PF_NA,
)


def table_rows(name: str) -> list[str]:
    """Return the lines of a vocabulary table that are not comments."""
    with open(os.path.join(os.path.dirname(__file__), "tables", name), encoding="ascii") as file:
        return [line for line in file.read().splitlines() if line and line[0] != "#"]


_TYPE_NUMBERS: Final[dict[str, int]] = {name: number for number, name in enumerate(PARAM_TYPES)}
_FORMAT_NUMBERS: Final[dict[str, int]] = {name: number for number, name in enumerate(PARAM_FORMATS)}


class ParamInfo:
    """One parameter of an event type.

    `type` and `format` are PT_ and PF_ numbers, `size` the bytes of its value or -1; `table` names its flag
    table (or, with `dyn:`, the table that its first byte selects from), `dirfd` is the index of the parameter that
    holds the directory of a relative path, else -1.
    """

    def __init__(self, word: str) -> None:
        """Parse `name:TYPE[:FORMAT[:table]]`."""
        parts = word.split(":", 3)
        self.name: str = parts[0]
        self.type: int = _TYPE_NUMBERS[parts[1]]
        self.format: int = _FORMAT_NUMBERS[parts[2]] if len(parts) > 2 else PF_NA
        extra = parts[3] if len(parts) > 3 else ""
        self.dirfd: int = int(extra[6:]) if extra.startswith("dirfd=") else -1
        self.table: str = "" if self.dirfd >= 0 else extra
        self.size: int = PARAM_SIZES[self.type]


class EventInfo:
    """One event type: id, names, direction, category, source, flags and parameters."""

    def __init__(self, row: str) -> None:
        """Parse a row of `tables/events.txt`."""
        words = row.split(" ")
        self.id: int = int(words[0])
        self.enum: str = words[1]
        self.name: str = words[2]
        self.is_enter: bool = words[3] == ">"
        self.category: int = CATEGORIES[words[4]]
        self.source: int = EVENT_SOURCES[words[5]]
        self.flags: int = 0
        if words[6] != "-":
            for flag in words[6].split(","):
                self.flags |= EVENT_FLAGS[flag]
        self.length_size: int = 4 if self.flags & EF_LARGE_PAYLOAD else 2
        self._words: list[str] = words[7:]
        self.nparams: int = len(self._words)
        self._params: list[ParamInfo] | None = None

    @property
    def params(self) -> list[ParamInfo]:
        """The parameters in the order in which events carry them."""
        params = self._params
        if params is None:
            params = [ParamInfo(word) for word in self._words]
            self._params = params
        return params

    @property
    def direction(self) -> str:
        """`>` for the entry of a system call (and events that have no pair), `<` for its exit."""
        return ">" if self.is_enter else "<"

    def param_index(self, name: str) -> int:
        """Return the index of the parameter called `name`, or -1."""
        for index, param in enumerate(self.params):
            if param.name == name:
                return index
        return -1


EVENTS: Final[list[EventInfo]] = [EventInfo(row) for row in table_rows("events.txt")]
EVENT_COUNT: Final[int] = len(EVENTS)


def _index_names() -> dict[str, list[int]]:
    names: dict[str, list[int]] = {}
    for info in EVENTS:
        names.setdefault(info.name, []).append(info.id)
    return names


# Ids of all event types of a name: both directions, all versions.
EVENT_IDS: Final[dict[str, list[int]]] = _index_names()
EVENT_BY_ENUM: Final[dict[str, int]] = {info.enum: info.id for info in EVENTS}
