"""The queue between the event loop, which must not wait, and the outputs, which may."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tercel.alerts.alert import Alert
    from tercel.outputs.channel import Channel

# How many alerts a worker takes at once, and how many may wait when the producer may be made to wait.
BATCH: Final = 512
PATIENT_CAPACITY: Final = 16_384


class OutputQueue:
    """Hands every alert to every channel, each served by a thread of its own.

    A full queue either makes the producer wait (`patient`: replaying a file loses nothing) or drops the new alert
    and counts it (`drops`). A capacity of 0 means unbounded, except that a patient queue has a bound of its own.
    `report` is called, from any thread, with what went wrong.
    """

    def __init__(
        self,
        channels: Sequence[Channel],
        report: Callable[[str], None],
        *,
        capacity: int = 0,
        timeout: float = 2.0,
        patient: bool = False,
    ) -> None:
        """Prepare a worker per channel; nothing runs before `start`."""
        if patient and capacity == 0:
            capacity = PATIENT_CAPACITY
        self._report = report
        self._timeout = timeout
        self._workers = [_Worker(channel, report, capacity, timeout, patient=patient) for channel in channels]

    def start(self) -> None:
        """Open the channels; one that cannot be opened is reported and left out."""
        for worker in self._workers:
            worker.start()

    @property
    def drops(self) -> int:
        """How many alerts were dropped because a channel's queue was full."""
        return sum(worker.drops for worker in self._workers)

    def put(self, alert: Alert) -> None:
        """Give an alert to every channel."""
        for worker in self._workers:
            worker.put(alert)

    def reopen(self) -> None:
        """Have every channel reopen its destination after what it already has to deliver."""
        for worker in self._workers:
            worker.ask_reopen()

    def close(self) -> None:
        """Deliver everything that waits, then close the channels; gives up on one that makes no progress."""
        for worker in self._workers:
            worker.ask_stop()
        stuck = [worker for worker in self._workers if not worker.join()]
        if stuck:
            self._report("output channels still blocked, discarding all remaining notifications")


class _Worker:
    """One channel, its queue and its thread."""

    def __init__(
        self,
        channel: Channel,
        report: Callable[[str], None],
        capacity: int,
        timeout: float,
        *,
        patient: bool,
    ) -> None:
        self.drops = 0
        self._channel = channel
        self._report = report
        self._capacity = capacity
        self._timeout = timeout
        self._patient = patient
        self._waiting: deque[Alert] = deque()
        self._changed = threading.Condition()
        self._stop = False
        self._reopen = False
        self._done = 0
        self._late = False
        # A daemon, so that a blocked destination cannot keep the process from ending.
        self._thread = threading.Thread(target=self._run, name=f"tercel-{channel.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, alert: Alert) -> None:
        waiting = self._waiting
        with self._changed:
            if self._capacity and len(waiting) >= self._capacity and not self._make_room():
                return
            waiting.append(alert)
            if len(waiting) == 1:
                self._changed.notify_all()

    def _make_room(self) -> bool:
        """Wait for room if that is allowed; otherwise count the drop."""
        if not self._patient:
            if self.drops == 0:
                self._report("Outputs queue out of memory. Drop event and continue on ...")
            self.drops += 1
            return False
        while len(self._waiting) >= self._capacity and self._thread.is_alive():
            if not self._changed.wait(self._timeout) and not self._late:
                self._late = True
                self._report(f'"{self._channel.name}" output timeout, all output channels are blocked')
        return True

    def ask_reopen(self) -> None:
        with self._changed:
            self._reopen = True
            self._changed.notify_all()

    def ask_stop(self) -> None:
        with self._changed:
            self._stop = True
            self._changed.notify_all()

    def join(self) -> bool:
        """Wait for the thread as long as it gets on with its work; return whether it ended."""
        done = -1
        while self._thread.is_alive() and done != self._done:
            done = self._done
            self._thread.join(self._timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        usable = self._attempt(self._channel.open, "open")
        while True:
            batch, reopen, stop = self._take()
            if batch and usable:
                self._attempt(lambda batch=batch: self._channel.send(batch), "send to")  # type: ignore[misc]
            self._done += len(batch)
            if reopen and usable:
                self._attempt(self._channel.reopen, "reopen")
            if stop and not batch:
                break
        if usable:
            self._attempt(self._channel.close, "close")

    def _take(self) -> tuple[list[Alert], bool, bool]:
        """Wait for something to do and take it: alerts, whether to reopen, whether to stop."""
        with self._changed:
            while not (self._waiting or self._reopen or self._stop):
                self._changed.wait()
            waiting = self._waiting
            batch = [waiting.popleft() for _ in range(min(len(waiting), BATCH))]
            # Reopening waits until what was queued before the request is delivered.
            reopen = self._reopen and not waiting
            if reopen:
                self._reopen = False
            self._changed.notify_all()
            return batch, reopen, self._stop

    def _attempt(self, action: Callable[[], object], verb: str) -> bool:
        try:
            action()
        except (OSError, ValueError) as error:
            self._report(f"Error: cannot {verb} output {self._channel.name}: {error}")
            return False
        return True
