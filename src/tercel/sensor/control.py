"""Signals: noted when they arrive, acted upon between batches of events."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Final, Self

_STOP: Final = (signal.SIGINT, signal.SIGTERM)


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

    def take_reopen(self, action: Callable[[], object]) -> None:
        """Run the action once if reopening was asked for since the last call."""
        if self._reopen:
            self._reopen = False
            action()

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
        if self.stopped_by:
            # The second request does not wait for anything.
            raise KeyboardInterrupt
        self.stopped_by = signal.Signals(number).name

    def _ask_reopen(self, _number: int, _frame: FrameType | None) -> None:
        self._reopen = True
