"""The entries of calls that their exits need: kept where they are as long as the bytes around them are read anyway.

A source reads windows of many events. An entry stays in its window until the next one begins; then the few that still
wait for their exits are copied, so that no thread holds on to a window.
"""

from __future__ import annotations

from mypy_extensions import i64

from tercel.events.event import Event
from tercel.events.table import EVENTS
from tercel.state.limits import MAX_ENTER_SIZE, Counters, is_too_long
from tercel.state.model import ThreadInfo


class Entries:
    """Keeps each thread's last entry."""

    def __init__(self, counters: Counters) -> None:
        """Start with nothing kept."""
        self.counters: Counters = counters
        self._window: bytes = b""
        # The threads whose entries may be in the window.
        self._threads: list[ThreadInfo] = []
        self._view: Event = Event(b"", 0, 0, 0, EVENTS[0], 0, -1)

    def clear(self) -> None:
        """Forget the window."""
        self._window = b""
        self._threads = []
        self._view.data = b""

    def keep(self, event: Event, thread: ThreadInfo, known: i64) -> None:
        """Keep an entry; `known` is the number of threads in the table, which decides how long one may be."""
        size: i64 = event.size
        if size > MAX_ENTER_SIZE or is_too_long(size, known):
            self.counters.enters_refused += 1
            self.drop(thread)
            return
        data = event.data
        if data is not self._window:
            self._turn_to(data)
        if thread.enter_data is not data:
            thread.enter_data = data
            self._threads.append(thread)
        thread.enter_start = event.start
        thread.enter_size = size
        thread.enter_header = event.header_size
        thread.enter_nparams = event.nparams
        thread.enter_num = event.num
        thread.enter_cpu = event.cpu

    def drop(self, thread: ThreadInfo) -> None:
        """Forget a thread's entry."""
        thread.enter_size = 0
        if thread.enter_data is not self._window:
            thread.enter_data = b""

    def _turn_to(self, data: bytes) -> None:
        """Copy what is still needed of the window before, and let go of it."""
        for thread in self._threads:
            start: i64 = thread.enter_start
            size: i64 = thread.enter_size
            thread.enter_data = thread.enter_data[start : start + size] if size else b""
            thread.enter_start = 0
        self._threads.clear()
        self._window = data

    def of(self, thread: ThreadInfo) -> Event:
        """Return the thread's last entry, which must have been kept; it is valid until another one is asked for."""
        view = self._view
        view.data = thread.enter_data
        view.move(thread.enter_start, thread.enter_header, thread.enter_nparams, thread.last_type, thread.enter_size)
        view.num = thread.enter_num
        view.cpu = thread.enter_cpu
        return view
