"""The running machine as a source of events: waits, reads, notices losses, ends when it is told to."""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING, Final

from tercel.capture.ebpf.loader import RING_MAP, VITAL_MAP, Counts, LiveOptions, Probe
from tercel.capture.ebpf.marker import loss_records
from tercel.capture.ebpf.ring import Ring, RingSource
from tercel.capture.source import CaptureError

if TYPE_CHECKING:
    from collections.abc import Callable

# Nanoseconds between two looks at the rings while events come: no alert waits longer than this.
_PAUSE: Final = 3_000_000
# How often nothing is found before a reader that is to end does.
_PATIENCE: Final = 3
# The same for an end in front of a record that is still being written, by a processor that is given no time.
_LONG_PATIENCE: Final = 300
# Seconds after which a sleeping reader returns anyway, for those who look after signals in between.
_SLEEP: Final = 0.25
# Nanoseconds between two looks at how many events were lost.
_LOOK: Final = 100_000_000


class LiveSource(RingSource):
    """Events of this machine as they happen.

    `lost` is called with (begin, end, number): between these times, in ns since the epoch, so many events were lost.
    It is called before the first event after the loss; the stream holds a pair of drop events for it, too.
    """

    def __init__(self, options: LiveOptions, host_root: str = "") -> None:
        """Load the probe; nothing is reported before `start`. Raises CaptureError."""
        self.probe = Probe(options, host_root)
        try:
            large = Ring(*self.probe.ring(RING_MAP))
            vital = Ring(*self.probe.ring(VITAL_MAP))
        except OSError as error:
            self.probe.close()
            raise CaptureError(f"the rings cannot be mapped: {error.strerror}") from error
        super().__init__(large, vital)
        self.lost: Callable[[int, int, int], object] | None = None
        self.losses = 0
        self._switch, self._switch_at = self.probe.wakeup_switch()
        self._poll = select.epoll()
        for name in (RING_MAP, VITAL_MAP):
            self._poll.register(self.probe.ring(name)[0], select.EPOLLIN)
        self._quiet = 0
        self._stopping = False
        self._ended = False
        self._last_fill = 0
        self._next_look = 0
        self._known_drops = 0
        self._sound_until = 0
        self.wakeups = 0

    def select(self, wanted: frozenset[str]) -> frozenset[str]:
        """Have these system calls reported from now on; return those that this machine does not have."""
        return self.probe.select(wanted)

    def start(self) -> None:
        """Begin to report."""
        self._sound_until = self.now()
        self.probe.attach()

    def stop(self) -> None:
        """Report nothing more; what is in the rings is still handed out, then `fill` returns False."""
        if not self._stopping:
            self._stopping = True
            self._quiet = 0
            self.probe.detach()

    def counts(self) -> Counts:
        """Return what the probe counted."""
        return self.probe.counts()

    def now(self) -> int:
        """Return the time by the clock of the events, in ns since the epoch."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) + self.probe.boot_ns

    def fill(self) -> bool:
        """Bring the next events into memory, waiting for them a quarter of a second at most; False at the end."""
        if self._ended:
            return False
        self._pace()
        now = self.now()
        self._notice_losses(now)
        if self.refill(now):
            self._quiet = 0
            return True
        self._quiet += 1
        if self._stopping and self._is_through():
            self._ended = True
            return False
        if self._stopping:
            _rest(_PAUSE)
        else:
            self._sleep()
        return True

    def _is_through(self) -> bool:
        """Return whether nothing more can come after `stop`: programs that ran at that moment had time to end."""
        if self.large.waiting() or self.vital.waiting():
            return self._quiet > _LONG_PATIENCE
        return self._quiet > _PATIENCE

    def _pace(self) -> None:
        """Leave the machine to others for a moment when the rings are nearly empty: many small looks cost more."""
        if self._stopping or self._quiet or _is_filling(self.large) or _is_filling(self.vital):
            return
        elapsed = self.now() - self._last_fill
        if elapsed < _PAUSE:
            _rest(_PAUSE - elapsed)
        self._last_fill = self.now()

    def _sleep(self) -> None:
        """Sleep until the probe says that there is a record."""
        self._set_wakeup(1)
        try:
            # What came before the switch was thrown is found by the system call itself.
            if self._poll.poll(_SLEEP):
                self.wakeups += 1
        finally:
            self._set_wakeup(0)

    def _set_wakeup(self, value: int) -> None:
        self._switch[self._switch_at : self._switch_at + 4] = value.to_bytes(4, "little")

    def _notice_losses(self, now: int) -> None:
        """Look after losses every now and then, and at the end, and put markers of them into the stream."""
        if now < self._next_look and not self._stopping:
            return
        self._next_look = now + _LOOK
        drops = self.probe.total_drops()
        begin, self._sound_until = self._sound_until, now
        if drops == self._known_drops:
            return
        count = drops - self._known_drops
        self._known_drops = drops
        self.losses += count
        if self.lost is not None:
            self.lost(begin, now, count)
        self.marks.put(loss_records(begin, now, count))

    def close(self) -> None:
        """Take the probe out of the kernel and give everything back."""
        self._ended = True
        self._poll.close()
        super().close()
        self.probe.close()


def _is_filling(ring: Ring) -> bool:
    return bool(ring.waiting() * 8 > ring.size)


def _rest(ns: int) -> None:
    time.sleep(ns / 1e9)  # noqa: TID251 - what is waited for is that others had their turn
