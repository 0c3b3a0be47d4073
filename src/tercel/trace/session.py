"""One trace run: captures, or the events of this machine, in; lines or another capture out."""

from __future__ import annotations

import os
import sys
from typing import IO, TYPE_CHECKING, Final

from tercel.alerts.jsontext import clean, json_line
from tercel.api import Capture
from tercel.capture.source import CaptureError, remarks
from tercel.events.event import MalformedEventError
from tercel.events.types import EC_INTERNAL
from tercel.fields.options import line_options
from tercel.fields.registry import Registry
from tercel.filters.filter import compile_filter
from tercel.filters.format import OutputFormat
from tercel.state.machine import Machine
from tercel.state.saved import SavedState
from tercel.trace.keeping import is_for_state, keep_for_state
from tercel.trace.live import Lifetime, begin_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from tercel.capture.savefile.writer import SavefileWriter
    from tercel.capture.source import Source, SourceStats
    from tercel.events.event import Event
    from tercel.filters.filter import Filter
    from tercel.state.context import Context
    from tercel.trace.live import Live, Watching
    from tercel.trace.options import TraceOptions
    from tercel.trace.rotation import Rotation

# Buffers are cut to this many characters in lines, unless they are asked for whole.
_SCREEN: Final = 80
_SECOND: Final = 1_000_000_000
# How many events pass between two looks at whether to stop.
_SLICE: Final = 1024


class Trace:
    """Prints or writes what the options ask for; `run` raises CaptureError after everything that could be read."""

    def __init__(
        self,
        options: TraceOptions,
        out: IO[str],
        stopped: Callable[[], bool],
        watching: Watching | None = None,
    ) -> None:
        """Compile filter and format; raises FilterError or FormatError.

        `stopped` is asked every now and then; `watching` serves a run without captures.
        """
        self.matched = 0
        self.malformed = 0
        self.events = 0
        self._options = options
        self._out = out
        self._stopped = stopped
        self._watching = watching
        self._first_ts = 0
        self._is_complete = False
        limit = 0 if options.full_buffers else _SCREEN
        rendering = line_options(options.buffer_format, limit, options.time_mode)
        registry = Registry.syscall(rendering)
        self._format = OutputFormat(options.format, registry)
        self._filter: Filter | None = compile_filter(options.filter, registry) if options.filter else None
        self._machine = Machine()
        self._sources: list[SourceStats] = []
        self._writer: SavefileWriter | None = None
        # What a live run is written to, and what it lost.
        self._rotation: Rotation | None = None
        self._losses: list[str] = []

    @property
    def reads_files(self) -> bool:
        """Whether the run ends by itself, with the last of its captures."""
        return bool(self._options.captures)

    def run(self) -> None:
        """Read every capture, or watch this machine if none is named."""
        try:
            if not self.reads_files and self._watching is not None:
                self._watch(self._watching)
            for path in self._options.captures:
                if not self._read(path):
                    break
        finally:
            if self._writer is not None:
                self._writer.close()
            if self._rotation is not None:
                self._rotation.close()
            self._out.flush()

    def remarks(self) -> list[str]:
        """Return a sentence for each kind of thing that was passed over."""
        undecoded = [f"{self.malformed} events could not be decoded and are left out"] if self.malformed else []
        return [*self._losses, *undecoded, *remarks(self._sources), *self._machine.counters.remarks()]

    def _read(self, path: str) -> bool:
        """Read one capture; return whether to go on."""
        capture = Capture(path, self._machine)
        self._sources.append(capture.stats)
        try:
            return self._follow(capture)
        finally:
            capture.close()
            self.events += capture.stats.events
            self.malformed += capture.malformed

    def _watch(self, watching: Watching) -> None:
        with watching.open(self._machine) as capture:
            self._sources.append(capture.stats)
            try:
                self._follow_live(capture, watching)
            finally:
                self._losses = capture.losses()
                self.events += capture.stats.events
                self.malformed += capture.malformed

    def _follow_live(self, capture: Live, watching: Watching) -> None:
        """Process events until somebody stops the run, and those that had been captured by then."""
        going = capture.fill()
        if self._options.write:
            self._open_rotation(begin_time(capture.reader, watching.clock))
        lifetime = Lifetime(watching, self._options.duration)
        while going:
            if self._rotation is not None:
                self._rotation.keep_up(capture, watching.clock)
            while self._slice(capture.reader):
                pass
            # Whoever looks on sees what happened, not what fitted into a buffer.
            self._out.flush()
            if self._is_complete:
                return
            lifetime.end_if_due(capture)
            going = capture.fill()

    def _follow(self, capture: Capture) -> bool:
        reader = capture.reader
        if self._options.write:
            # The state as it was before the first event, whichever events the filter lets through; the leading events
            # that belong to it follow.
            reader.read_metadata()
            self._open_writer(reader.options)
            capture.on_initial = self._write
        while capture.fill():
            going = True
            while going:
                going = self._slice(reader)
                if self._is_complete or self._stopped():
                    return False
        return True

    def _slice(self, reader: Source) -> bool:
        """Process some events of the window; return whether to go on with it."""
        lines: list[str] = []
        going = True
        for _ in range(_SLICE):
            going = reader.advance() and self._event(reader.event, lines)
            if not going:
                break
        if lines:
            self._out.write("".join(lines))
            if self._options.unbuffered:
                self._out.flush()
        return going

    def _event(self, event: Event, lines: list[str]) -> bool:
        """Process an event; return whether to go on."""
        if self._over(event):
            self._is_complete = True
            return False
        try:
            ctx = self._machine.process(event)
            if is_for_state(event):
                # The recorder's filter rejected it: it is there for the state.
                self._write(event)
            elif self._filter is None or self._filter.matches(ctx):
                self._take(ctx, event, lines)
            elif self._rotation is not None and keep_for_state(event):
                self._write(event)
        except MalformedEventError:
            self.malformed += 1
        self._is_complete = bool(self._options.limit) and self.matched >= self._options.limit
        return not self._is_complete

    def _over(self, event: Event) -> bool:
        if not self._first_ts:
            self._first_ts = event.ts
        duration = self._options.duration
        return bool(duration) and event.ts - self._first_ts >= duration * _SECOND

    def _take(self, ctx: Context, event: Event, lines: list[str]) -> None:
        self.matched += 1
        if self._options.write:
            self._write(event)
        elif not self._options.quiet and (self._options.internal or not event.info.category & EC_INTERNAL):
            line = self._line(ctx)
            if line is not None:
                lines.append(line)

    def _write(self, event: Event) -> None:
        if self._writer is not None:
            self._writer.write_event(event)
        elif self._rotation is not None:
            self._rotation.write(event)

    def _line(self, ctx: Context) -> str | None:
        if self._options.json:
            fields = self._format.fields(ctx)
            if None in fields.values() and not self._format.prints_missing:
                return None
            return json_line(fields) + "\n"
        text = self._format.text(ctx)
        return None if text is None else clean(text) + "\n"

    def _refuse_own_input(self) -> None:
        """Raise CaptureError when the file to write is one that is read: it would be emptied before it was read."""
        target = self._options.write
        for path in self._options.captures:
            try:
                is_same = os.path.isfile(target) and os.path.samefile(
                    sys.stdin.fileno() if path == "-" else path, target
                )
            except (OSError, ValueError):
                continue
            if is_same:
                raise CaptureError("cannot write to the capture that is read; name another file", -1, target)

    def _open_rotation(self, now: int) -> None:
        from tercel.trace.rotation import Rotation, RotationOptions

        self._rotation = Rotation(RotationOptions(self._options.write, self._options.compress), self._machine)
        self._rotation.open(now)

    def _open_writer(self, options: bytes) -> None:
        from tercel.capture.savefile.writer import SavefileWriter

        if self._writer is None:
            self._refuse_own_input()
            self._writer = SavefileWriter(self._options.write, compress=self._options.compress)
        self._writer.write_header(SavedState(self._machine), options)
