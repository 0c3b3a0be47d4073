"""Capture files that follow each other: a new one by size, time or number of events, the oldest let go.

Names are those of sysdig: the name that was asked for with a counter behind it, or, for files by time, with the time
filled in where the name has `%` patterns. Every file begins with the state of its first moment and is read alone.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tercel.capture.savefile.blocks import DUMP_STATE_ONLY
from tercel.capture.savefile.classic import ClassicConverter, ClassicState
from tercel.capture.savefile.writer import SavefileWriter
from tercel.capture.source import CaptureError, StateSource
from tercel.state.saved import SavedState
from tercel.trace.live import begin_time
from tercel.trace.prelude import prelude

if TYPE_CHECKING:
    from collections.abc import Callable

    from tercel.events.event import Event
    from tercel.state.machine import Machine
    from tercel.trace.live import Live

_SECOND: Final = 1_000_000_000
# How much is written between two looks at how large a compressed file has become.
_LOOK: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class RotationOptions:
    """Where to write and when to begin another file; 0 is never, and `keep` 0 keeps all files.

    `size` is in bytes, `seconds` are of event time. `classic` writes what sysdig 0.29 reads.
    """

    path: str
    compress: bool = False
    size: int = 0
    seconds: int = 0
    events: int = 0
    keep: int = 0
    classic: bool = False

    @property
    def rotates(self) -> bool:
        """Whether there may be more than one file."""
        return bool(self.size or self.seconds or self.events)


class Rotation:
    """Writes events to one file after the other; raises CaptureError with the path of what cannot be written.

    For each event call `before` ahead of the machine's taking it in, and `write` afterwards if it is to be kept.
    `events` counts what was written, `files` the files that were begun.
    """

    def __init__(self, options: RotationOptions, machine: Machine) -> None:
        """Prepare; nothing is created yet."""
        self.events = 0
        self.files = 0
        self._options = options
        self._rotates = options.rotates
        self._machine = machine
        self._classic = ClassicConverter() if options.classic else None
        self._writer: SavefileWriter | None = None
        # The files that were begun and are still there, oldest first, where they are not told apart by a counter.
        self._names: list[str] = []
        self._repairs = 0
        self._since = 0
        self._events_before = 0
        self._state_size = 0
        self._size = 0
        self._looked_at = 0

    def open(self, now: int) -> None:
        """Begin the first file at a time in ns since the epoch."""
        self._begin(now)
        self._since = 0

    def before(self, event: Event) -> None:
        """Begin another file if an event is the first that does not belong to this one."""
        if not self._rotates:
            return
        if not self._since:
            self._since = event.ts
        if self._is_full(event.ts):
            # What the event before this one left to be removed belongs to the file before.
            self._machine.known_thread(event.tid)
            self._finish()
            self._begin(event.ts)

    def write(self, event: Event) -> None:
        """Write an event; raises MalformedEventError when it is to be converted and cannot be."""
        writer = self._writer
        if writer is None:
            return
        if self._classic is None:
            writer.write_event(event)
        else:
            writer.write_events(self._classic.convert(event))
        self.events += 1

    def keep_up(self, capture: Live, clock: Callable[[], int]) -> None:
        """Begin another section of the file if the state was read again: no event tells how it came to be so."""
        if capture.repairs != self._repairs and self._writer is not None:
            self._repairs = capture.repairs
            self._write_state(self._writer, begin_time(capture.reader, clock), DUMP_STATE_ONLY)

    def flush(self) -> None:
        """Hand what was gathered to the file."""
        if self._writer is not None:
            self._writer.flush()

    def close(self) -> None:
        """Finish the last file."""
        self._finish()

    def remarks(self) -> list[str]:
        """Return a sentence about events that could not be told in the form that was asked for."""
        return [] if self._classic is None else self._classic.remarks()

    def _is_full(self, ts: int) -> bool:
        options = self._options
        if options.seconds and ts - self._since >= options.seconds * _SECOND:
            return True
        if options.events and self.events - self._events_before >= options.events:
            return True
        return bool(options.size) and self._is_large()

    def _is_large(self) -> bool:
        """Return whether the file has its size; at least half of it are events, however large the state is."""
        writer = self._writer
        if writer is None or writer.bytes < 2 * self._state_size:
            return False
        if not self._options.compress:
            return writer.bytes > self._options.size
        if writer.bytes - self._looked_at >= _LOOK:
            self._looked_at = writer.bytes
            writer.flush()
            self._size = os.path.getsize(writer.path)
        return self._size > self._options.size

    def _begin(self, ts: int) -> None:
        writer = self._writer = SavefileWriter(self._next_name(ts), self._options.compress)
        self.files += 1
        self._write_state(writer, ts, 0)
        writer.flush()
        self._since = ts
        self._events_before = self.events
        self._state_size = writer.bytes
        self._size = self._looked_at = 0

    def _write_state(self, writer: SavefileWriter, ts: int, flags: int) -> None:
        state: StateSource = SavedState(self._machine)
        writer.write_header(state if self._classic is None else ClassicState(state))
        for event in prelude(self._machine, ts):
            event.flags = flags
            writer.write_events([event] if self._classic is None else self._classic.convert(event))

    def _finish(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()

    def _next_name(self, ts: int) -> str:
        options = self._options
        if not options.rotates:
            return options.path
        if not (options.seconds and "%" in options.path):
            index = self.files % options.keep if options.keep else self.files
            return options.path + str(index).zfill(len(str(options.keep)) if options.size and options.keep else 0)
        name = time.strftime(options.path, time.localtime(ts // _SECOND))
        if name in self._names:
            # The pattern says too little to tell the files apart.
            name += str(self.files)
        self._names.append(name)
        if options.keep and len(self._names) > options.keep:
            _remove(self._names.pop(0))
        return name


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise CaptureError(f"cannot remove: {error.strerror or error}", -1, path) from error
