"""What a trace run is asked to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TraceOptions:
    """The options of `tercel trace`, checked by the command line; without captures this machine is watched.

    `limit` ends the run after so many events that passed the filter (0: none), `display_filter` makes the filter decide
    only about printing, `duration` ends it after so many seconds of event time (live: of the clock too).
    """

    captures: tuple[str, ...]
    filter: str = ""
    format: str = ""
    write: str = ""
    compress: bool = False
    limit: int = 0
    duration: int = 0
    json: bool = False
    quiet: bool = False
    internal: bool = False
    display_filter: bool = False
    time_mode: str = "h"
    buffer_format: int = 0
    full_buffers: bool = False
    unbuffered: bool = False
