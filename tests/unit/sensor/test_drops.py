from __future__ import annotations

import pytest

from tercel.sensor.config_load import config_of_options
from tercel.sensor.drops import NEVER, SECOND, DropError, DropMonitor, Drops, TokenBucket


def test_a_bucket_lets_a_burst_through_and_then_its_rate() -> None:
    """Time is that of the events."""
    bucket = TokenBucket(rate=0.5, burst=2, now=0)
    assert [bucket.take(0) for _ in range(3)] == [True, True, False]
    assert not bucket.take(1 * SECOND)
    assert bucket.take(2 * SECOND)


def test_time_that_goes_back_gives_no_tokens() -> None:
    """Captures may be out of order."""
    bucket = TokenBucket(rate=1, burst=1, now=10 * SECOND)
    assert bucket.take(10 * SECOND)
    assert not bucket.take(9 * SECOND)


class Monitored:
    """A monitor of a source whose counters are set by hand, and what it did."""

    def __init__(self, *options: str, lives: bool = True) -> None:
        self.counted = Drops()
        self.logged: list[tuple[str, str]] = []
        self.alerts: list[tuple[int, str, dict[str, str]]] = []
        self.monitor = DropMonitor(
            config_of_options(list(options)),
            lambda level, text: self.logged.append((level, text)),
            lambda now, text, fields: self.alerts.append((now, text, fields)),
            (lambda: self.counted) if lives else None,
        )

    def count(self, events: int, lost: int, **by_counter: int) -> None:
        """Set the counters."""
        self.counted = Drops(events, lost, by_counter)


def test_counts_are_compared_with_those_before() -> None:
    """A counter that came up later began at zero."""
    since = Drops(100, 9, {"n_close": 5, "n_open": 4}).since(Drops(40, 2, {"n_close": 2}))
    assert since == Drops(60, 7, {"n_close": 3, "n_open": 4})
    assert since.fields() == {"n_evts": "60", "n_drops": "7", "n_close": "3", "n_open": "4"}


def test_what_a_live_source_lost_in_a_second_is_told() -> None:
    """With the counters by their names, and what was lost in that second only."""
    watched = Monitored("syscall_event_drops.actions[]=alert")
    watched.count(1_000, 0, n_drops_buffer_total=0)
    assert watched.monitor.look(SECOND) == 2 * SECOND
    watched.count(3_000, 800, n_drops_buffer_total=800)
    watched.monitor.look(2 * SECOND + 1)
    ((now, text, fields),) = watched.alerts
    assert (now, text) == (
        2 * SECOND + 1,
        "Falco internal: syscall event drop. 800 system calls dropped in last second.",
    )
    assert fields == {"n_evts": "2000", "n_drops": "800", "n_drops_buffer_total": "800"}
    assert (watched.monitor.occurrences, watched.monitor.actions_taken) == (1, 1)


def test_what_was_lost_before_the_first_event_was_lost_all_the_same() -> None:
    """On a quiet machine the first event may come after the storm."""
    watched = Monitored("syscall_event_drops.actions[]=alert")
    watched.count(1_000, 500)
    watched.monitor.look(SECOND)
    assert len(watched.alerts) == 1


def test_few_losses_are_below_the_threshold() -> None:
    """They are counted, and that is all."""
    watched = Monitored("syscall_event_drops.actions[]=alert", "syscall_event_drops.threshold=0.5")
    watched.monitor.look(SECOND)
    watched.count(100, 49)
    watched.monitor.look(2 * SECOND + 1)
    assert (watched.alerts, watched.monitor.occurrences, watched.monitor.actions_taken) == ([], 1, 0)
    assert watched.logged == [("debug", "49 system calls dropped in last second, fewer than the threshold")]
    watched.count(200, 99)
    watched.monitor.look(3 * SECOND + 2)
    assert len(watched.alerts) == 1


def test_nothing_lost_is_nothing_told() -> None:
    """However many events there were."""
    watched = Monitored("syscall_event_drops.actions[]=exit")
    for second in range(1, 5):
        watched.count(second * 1_000, 0)
        watched.monitor.look(second * 2 * SECOND)
    assert (watched.monitor.occurrences, watched.logged) == (0, [])


def test_a_loss_can_end_the_run() -> None:
    """Some would rather have no sensor than half a sensor."""
    watched = Monitored("syscall_event_drops.actions[]=exit")
    watched.monitor.look(SECOND)
    watched.count(10, 10)
    with pytest.raises(DropError):
        watched.monitor.look(2 * SECOND + 1)


def test_a_file_is_not_watched() -> None:
    """It never loses anything by itself."""
    assert Monitored(lives=False).monitor.next_check == NEVER
