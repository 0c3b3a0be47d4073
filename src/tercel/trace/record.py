"""One recording: events of the machine in, capture files out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from tercel.capture.source import remarks
from tercel.events.event import MalformedEventError
from tercel.fields.registry import Registry
from tercel.filters.filter import compile_filter
from tercel.state.machine import Machine
from tercel.trace.keeping import is_for_state, keep_for_state
from tercel.trace.live import Lifetime, begin_time, lost_events
from tercel.trace.rotation import Rotation

if TYPE_CHECKING:
    from collections.abc import Callable

    from tercel.capture.source import Source
    from tercel.events.event import Event
    from tercel.filters.filter import Filter
    from tercel.trace.live import Live, Watching
    from tercel.trace.rotation import RotationOptions

# What was gathered is handed to the file at least this often, in ns.
_FLUSH_EVERY: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class RecordOptions:
    """What a recording is asked to do.

    `limit` ends it after so many events that passed the filter, `duration` after so many seconds; 0 is never.
    """

    files: RotationOptions
    filter: str = ""
    limit: int = 0
    duration: int = 0


class Recording:
    """Records what the options ask for; `started` is called once the first file has been begun."""

    def __init__(self, options: RecordOptions, watching: Watching, started: Callable[[], object]) -> None:
        """Compile the filter; raises FilterError."""
        self.matched = 0
        self.malformed = 0
        self.losses: list[str] = []
        self._options = options
        self._watching = watching
        self._started = started
        self._filter: Filter | None = compile_filter(options.filter, Registry.syscall()) if options.filter else None
        self._machine = Machine()
        self._rotation = Rotation(options.files, self._machine)
        self._remarks: list[str] = []
        self._flushed_at = 0

    def run(self) -> None:
        """Record; raises CaptureError when capture cannot start or a file cannot be written."""
        with self._watching.open(self._machine) as capture:
            try:
                self._record(capture)
            finally:
                self.losses = capture.losses()
                self.malformed += capture.malformed
                self._remarks = remarks([capture.stats])
                self._rotation.close()

    @property
    def has_begun(self) -> bool:
        """Whether there is a file."""
        return self._rotation.files > 0

    def summary(self) -> str:
        """Return a sentence about what was written and what was lost."""
        files = self._rotation.files
        names = f"to {files} file" + ("" if files == 1 else "s")
        return f"{self._rotation.events} events written, {lost_events(self.losses)} lost, {names}"

    def remarks(self) -> list[str]:
        """Return a sentence for each kind of thing that was lost or passed over."""
        undecoded = [f"{self.malformed} events have values that could not be decoded"] if self.malformed else []
        return [*self.losses, *self._rotation.remarks(), *undecoded, *self._remarks]

    def _record(self, capture: Live) -> None:
        # The state is there with the first events, and is written as it was before them.
        going = capture.fill()
        self._rotation.open(begin_time(capture.reader, self._watching.clock))
        self._started()
        lifetime = Lifetime(self._watching, self._options.duration)
        while going:
            self._rotation.keep_up(capture, self._watching.clock)
            if not self._window(capture.reader):
                return
            self._flush_now_and_then()
            lifetime.end_if_due(capture)
            going = capture.fill()

    def _window(self, reader: Source) -> bool:
        """Record the events that are in memory; return whether to go on."""
        limit = self._options.limit
        record = self._take if self._filter is None else partial(self._choose, self._filter)
        while reader.advance():
            record(reader.event)
            if limit and self.matched >= limit:
                return False
        return True

    def _take(self, event: Event) -> None:
        """Record an event that no filter looks at."""
        self._rotation.before(event)
        try:
            self._machine.skim(event)
            self._rotation.write(event)
            self.matched += not event.flags
        except MalformedEventError:
            self.malformed += 1

    def _choose(self, condition: Filter, event: Event) -> None:
        """Record an event if the condition lets it through or the state needs it."""
        self._rotation.before(event)
        try:
            ctx = self._machine.process(event)
            is_match = not is_for_state(event) and condition.matches(ctx)
            self.matched += is_match
            if ctx.malformed is not None:
                ctx.malformed = None
                self.malformed += 1
            if is_match or keep_for_state(event):
                self._rotation.write(event)
        except MalformedEventError:
            self.malformed += 1

    def _flush_now_and_then(self) -> None:
        now = self._watching.clock()
        if now - self._flushed_at >= _FLUSH_EVERY:
            self._flushed_at = now
            self._rotation.flush()
