"""Signals: noted when they arrive, acted upon between batches of events."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, Self

_STOP: Final = (signal.SIGINT, signal.SIGTERM)
# Seconds for whoever was asked to stop to do so between two batches; a read from a silent pipe would never end.
_GRACE: Final = 0.5


class ReadingStoppedError(BaseException):
    """Ends reading in the middle; no handler of errors may take it for one."""


class Control:
    """Remembers that somebody asked the sensor to stop or to reopen its outputs.

    Used as a context manager: the former handlers come back at the end. Outside the main thread, where Python takes no
    signals, it does nothing.
    """

    def __init__(self) -> None:
        """Start with nothing asked for."""
        self.stopped_by = ""
        self._reopen = False
        self._former: dict[int, object] = {}
        self._reading = False
        self._insisting = False
        self._timer: threading.Timer | None = None
        self._end = 0.0

    def __enter__(self) -> Self:
        """Take over SIGINT, SIGTERM and SIGUSR1."""
        if threading.current_thread() is threading.main_thread():
            for number in _STOP:
                self._former[number] = signal.signal(number, self._ask_stop)
            self._former[signal.SIGUSR1] = signal.signal(signal.SIGUSR1, self._ask_reopen)
        return self

    def __exit__(self, *_: object) -> None:
        """Give the signals back."""
        for number, handler in self._former.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Run a block that reads; soon after somebody asked to stop it is left, wherever it waits."""
        self._reading = True
        try:
            yield
        except ReadingStoppedError:
            pass
        finally:
            self._reading = False
            if self._timer is not None:
                # A signal that came later would meet whatever handler is in force then.
                self._timer.cancel()
                self._timer.join()

    def take_reopen(self, action: Callable[[], object]) -> None:
        """Run the action once if reopening was asked for since the last call."""
        if self._reopen:
            self._reopen = False
            action()

    def stop_after(self, seconds: float) -> None:
        """Have `is_over` say so after a time."""
        self._end = time.monotonic() + seconds

    def is_over(self) -> bool:
        """Return whether somebody asked to stop, or the time that was set is over."""
        return bool(self.stopped_by) or (self._end > 0 and time.monotonic() >= self._end)

    def wait(self, seconds: float) -> None:
        """Wait until somebody asks to stop, at most so long."""
        end = time.monotonic() + seconds
        while not self.stopped_by:
            left = end - time.monotonic()
            if left <= 0:
                return
            # Short naps: waiting on a lock that a signal handler sets could block for ever.
            time.sleep(min(left, 0.1))

    def _ask_stop(self, number: int, _frame: FrameType | None) -> None:
        if self._insisting:
            self._insisting = False
            if self._reading:
                raise ReadingStoppedError
            return
        if self.stopped_by:
            # The second request does not wait for anything.
            raise KeyboardInterrupt
        self.stopped_by = signal.Signals(number).name
        if self._reading:
            self._timer = threading.Timer(_GRACE, self._insist, [number])
            self._timer.start()

    def _insist(self, number: int) -> None:
        """Send the signal once more: only a signal wakes a thread that waits for input."""
        if self._reading:
            self._insisting = True
            signal.pthread_kill(threading.main_thread().ident or 0, number)

    def _ask_reopen(self, _number: int, _frame: FrameType | None) -> None:
        self._reopen = True
