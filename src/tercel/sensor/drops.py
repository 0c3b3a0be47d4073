"""Watches how many events the source lost, once a second of event time, and acts as the configuration says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tercel.sensor.config import Config

SECOND: Final = 1_000_000_000
RULE: Final = "Falco internal: syscall event drop"
NEVER: Final = (1 << 63) - 1


class TokenBucket:
    """Lets through a burst and then a steady rate; time is the events' own."""

    def __init__(self, rate: float, burst: float, now: int) -> None:
        """Start full at `now` (ns)."""
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._seen = now

    def take(self, now: int) -> bool:
        """Take one token if there is one at `now`."""
        self._tokens = min(self._burst, self._tokens + self._rate * max(0, now - self._seen) / SECOND)
        self._seen = max(now, self._seen)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class DropError(RuntimeError):
    """Events were lost and the configuration asks to exit then."""


@dataclass(frozen=True, slots=True)
class Drops:
    """What a source counted up to now: events, and lost ones by the counters that alerts name."""

    events: int = 0
    lost: int = 0
    by_counter: dict[str, int] = field(default_factory=dict)

    def since(self, earlier: Drops) -> Drops:
        """Return what came after an earlier count."""
        counters = {name: count - earlier.by_counter.get(name, 0) for name, count in self.by_counter.items()}
        return Drops(self.events - earlier.events, self.lost - earlier.lost, counters)

    def fields(self) -> dict[str, str]:
        """Return the fields of an alert about them, texts as Falco has them."""
        counters = {name: str(count) for name, count in self.by_counter.items()}
        return {"n_evts": str(self.events), "n_drops": str(self.lost), **counters}


_PRETENDED: Final = Drops(0, 1, {"n_drops_buffer_total": 0})


class DropMonitor:
    """Counts the seconds in which events were lost and the actions that this caused.

    A capture file never loses anything by itself: without `simulate_drops` there is nothing to watch there. `counts`
    is asked by a live source.
    """

    def __init__(
        self,
        config: Config,
        log: Callable[[str, str], None],
        alert: Callable[[int, str, dict[str, str]], None],
        counts: Callable[[], Drops] | None = None,
    ) -> None:
        """Act through `log` (level, text) and `alert` (time, message, fields)."""
        self.occurrences = 0
        self.actions_taken = 0
        self._simulates = config.flag("syscall_event_drops.simulate_drops")
        self.next_check = 0 if self._simulates or counts is not None else NEVER
        self._actions = config.texts("syscall_event_drops.actions") or ["ignore"]
        self._threshold = config.fraction("syscall_event_drops.threshold")
        self._rate = config.fraction("syscall_event_drops.rate")
        self._burst = config.fraction("syscall_event_drops.max_burst")
        self._bucket: TokenBucket | None = None
        self._log = log
        self._alert = alert
        self._counts = counts
        self._known = Drops()

    def look(self, now: int) -> int:
        """Look after the drops when it is time, and return from when on it will be time again."""
        if now > self.next_check:
            self.check(now)
        return self.next_check

    def check(self, now: int) -> None:
        """Look after the drops of the last second; called with the first event after `next_check`."""
        first = self._bucket is None
        self.next_check = now + SECOND
        if self._bucket is None:
            self._bucket = TokenBucket(self._rate, self._burst, now)
        drops = self._last_drops()
        # What is pretended begins with the second look; what a source lost before the first one was lost all the same.
        if (first and self._simulates) or drops.lost <= 0:
            return
        self.occurrences += 1
        if not self._simulates and drops.lost < self._threshold * max(drops.events, 1):
            self._log("debug", f"{drops.lost} system calls dropped in last second, fewer than the threshold")
            return
        if not self._bucket.take(now):
            self._log("debug", "Syscall event drop but token bucket depleted, skipping actions")
            return
        self.actions_taken += 1
        for action in self._actions:
            self._act(action, now, drops)

    def _last_drops(self) -> Drops:
        if self._simulates or self._counts is None:
            return _PRETENDED
        counted = self._counts()
        drops, self._known = counted.since(self._known), counted
        return drops

    def _act(self, action: str, now: int, drops: Drops) -> None:
        message = f"{RULE}. {drops.lost} system calls dropped in last second."
        if action == "log":
            self._log("debug", message)
        elif action == "alert":
            self._alert(now, message, drops.fields())
        elif action == "exit":
            self._log("critical", message)
            self._log("critical", "Exiting.")
            raise DropError("Drop manager internal error")

    def summary(self) -> str:
        """Return the closing text for standard error."""
        return (
            "Syscall event drop monitoring:\n"
            f"   - event drop detected: {self.occurrences} occurrences\n"
            f"   - num times actions taken: {self.actions_taken}\n"
        )
