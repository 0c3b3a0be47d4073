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
# Characters of alerts that may wait then: a single one can be as long as the largest event.
PATIENT_SIZE: Final = 16 << 20
# Seconds after which a producer that is made to wait looks whether it still has to.
NAP: Final = 0.1


class OutputQueue:
    """Hands every alert to every channel, each served by a thread of its own.

    A full queue either makes the producer wait (`patient`: replaying a file loses nothing) or drops the new alert
    and counts it (`drops`). A capacity of 0 means unbounded, except that a patient queue has a bound of its own.
    `report` is called, from any thread, with what went wrong: when a channel begins to fail, and at the end with how
    many alerts that cost. The patient wait no longer when `stopped` says so.
    """

    def __init__(
        self,
        channels: Sequence[Channel],
        report: Callable[[str], None],
        *,
        capacity: int = 0,
        timeout: float = 2.0,
        patient: bool = False,
        stopped: Callable[[], bool] = bool,
    ) -> None:
        """Prepare a worker per channel; nothing runs before `start`."""
        if patient and capacity <= 0:
            capacity = PATIENT_CAPACITY
        self._report = report
        self._workers = [_Worker(channel, report, capacity, timeout, stopped, patient=patient) for channel in channels]

    def start(self) -> None:
        """Open the channels; one that cannot be opened is reported and left out."""
        for worker in self._workers:
            worker.start()

    @property
    def drops(self) -> int:
        """How many alerts were dropped because a channel's queue was full."""
        return sum(worker.drops for worker in self._workers)

    @property
    def deserted(self) -> bool:
        """Whether nobody is left at the other end of any channel."""
        return bool(self._workers) and all(worker.deserted for worker in self._workers)

    def put(self, alert: Alert) -> None:
        """Give an alert to every channel."""
        for worker in self._workers:
            worker.put(alert)

    def reopen(self) -> None:
        """Have every channel reopen its destination after what it already has to deliver."""
        for worker in self._workers:
            worker.ask_reopen()

    def close(self) -> bool:
        """Deliver everything that waits, then close the channels.

        Gives up on a channel that makes no progress, and returns whether there was none such.
        """
        for worker in self._workers:
            worker.ask_stop()
        stuck = [worker for worker in self._workers if not worker.join()]
        if stuck:
            self._report("output channels still blocked, discarding all remaining notifications")
        return not stuck


class _Worker:
    """One channel, its queue and its thread."""

    def __init__(
        self,
        channel: Channel,
        report: Callable[[str], None],
        capacity: int,
        timeout: float,
        stopped: Callable[[], bool],
        *,
        patient: bool,
    ) -> None:
        self.drops = 0
        self.deserted = False
        self._lost = 0
        self._size = 0
        self._failing = False
        self._stopped = stopped
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
            if self._is_full() and not self._make_room():
                return
            waiting.append(alert)
            self._size += len(alert.line)
            if len(waiting) == 1:
                self._changed.notify_all()

    def _is_full(self) -> bool:
        if self._patient and self._size >= PATIENT_SIZE:
            return True
        return self._capacity > 0 and len(self._waiting) >= self._capacity

    def _make_room(self) -> bool:
        """Wait for room if that is allowed; otherwise count the drop."""
        if not self._patient:
            if self.drops == 0:
                self._report("Outputs queue out of memory. Drop event and continue on ...")
            self.drops += 1
            return False
        waited = 0.0
        while self._is_full() and self._thread.is_alive():
            if self._stopped():
                self.drops += 1
                return False
            if self._changed.wait(NAP):
                continue
            waited += NAP
            if waited >= self._timeout and not self._late:
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
            if batch:
                self._deliver(batch, usable=usable)
            self._done += len(batch)
            if reopen and usable:
                self._attempt(self._channel.reopen, "reopen")
            if stop and not batch:
                break
        if usable:
            self._attempt(self._channel.close, "close")
        if self._lost and not self.deserted:
            self._report(f"Error: {self._lost} alerts could not be delivered to output {self._channel.name}")

    def _deliver(self, batch: list[Alert], *, usable: bool) -> None:
        if not usable or self.deserted or not self._attempt(lambda: self._channel.send(batch), "send to"):
            self._lost += len(batch)

    def _take(self) -> tuple[list[Alert], bool, bool]:
        """Wait for something to do and take it: alerts, whether to reopen, whether to stop."""
        with self._changed:
            while not (self._waiting or self._reopen or self._stop):
                self._changed.wait()
            waiting = self._waiting
            batch = [waiting.popleft() for _ in range(min(len(waiting), BATCH))]
            self._size -= sum([len(alert.line) for alert in batch])
            # Reopening waits until what was queued before the request is delivered.
            reopen = self._reopen and not waiting
            if reopen:
                self._reopen = False
            self._changed.notify_all()
            return batch, reopen, self._stop

    def _attempt(self, action: Callable[[], object], verb: str) -> bool:
        try:
            action()
        except BrokenPipeError:
            # Whoever read this has gone (`tercel ... | head`), which is no trouble of ours.
            self.deserted = True
            return False
        except (OSError, ValueError) as error:
            # One report says it; a full disk fails every batch.
            if not self._failing:
                self._report(f"Error: cannot {verb} output {self._channel.name}: {error}")
            self._failing = True
            return False
        self._failing = False
        return True
