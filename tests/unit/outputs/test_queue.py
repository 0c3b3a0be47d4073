from __future__ import annotations

from tercel.outputs.queue import PATIENT_SIZE, OutputQueue
from tests.unit.outputs.helpers import Recorder, alert


def test_closing_delivers_everything_in_order() -> None:
    """No alert is lost at shutdown, however many wait."""
    channel = Recorder()
    queue = OutputQueue([channel], print)
    queue.start()
    for number in range(2000):
        queue.put(alert(str(number)))
    queue.close()
    assert channel.lines == [str(number) for number in range(2000)]
    assert channel.calls == ["open", "close"]


def test_a_full_queue_drops_and_counts() -> None:
    """The newest alerts are dropped, and the first drop is reported once."""
    channel = Recorder()
    channel.gate.clear()
    reports: list[str] = []
    queue = OutputQueue([channel], reports.append, capacity=2)
    for number in range(5):
        queue.put(alert(str(number)))
    assert queue.drops == 3
    queue.start()
    channel.gate.set()
    queue.close()
    assert channel.lines == ["0", "1"]
    assert len(reports) == 1


def test_a_patient_queue_waits_instead_of_dropping() -> None:
    """Replaying a file loses nothing even with a small queue."""
    channel = Recorder()
    queue = OutputQueue([channel], print, capacity=3, patient=True)
    queue.start()
    for number in range(100):
        queue.put(alert(str(number)))
    queue.close()
    assert len(channel.lines) == 100
    assert queue.drops == 0


def test_a_blocked_channel_does_not_hold_up_the_others() -> None:
    """Every channel has its own thread, and closing gives up on one that makes no progress."""
    stuck, well = Recorder(), Recorder()
    stuck.gate.clear()
    reports: list[str] = []
    queue = OutputQueue([stuck, well], reports.append, timeout=0.05)
    queue.start()
    queue.put(alert("x"))
    queue.close()
    assert well.lines == ["x"]
    assert reports == ["output channels still blocked, discarding all remaining notifications"]
    stuck.gate.set()


def test_reopening_happens_after_what_was_queued_before() -> None:
    """Log rotation does not tear alerts out of their file."""
    channel = Recorder()
    queue = OutputQueue([channel], print)
    queue.put(alert("a"))
    queue.put(alert("b"))
    queue.reopen()
    queue.start()
    queue.close()
    assert channel.calls == ["open", "reopen after 2", "close"]


class Broken(Recorder):
    """A channel whose destination is gone."""

    def send(self, alerts: object) -> None:
        msg = "no space left"
        raise OSError(msg)


def test_a_failing_channel_is_reported_and_the_run_goes_on() -> None:
    """The alert is lost for that channel only."""
    reports: list[str] = []
    broken, well = Broken(), Recorder()
    queue = OutputQueue([broken, well], reports.append)
    queue.start()
    queue.put(alert("x"))
    queue.close()
    assert well.lines == ["x"]
    assert "no space left" in reports[0]


class Gone(Recorder):
    """A channel whose reader has gone."""

    def send(self, alerts: object) -> None:
        raise BrokenPipeError


def test_a_failing_channel_is_reported_once_and_counted_at_the_end() -> None:
    """A full disk fails every batch."""
    reports: list[str] = []
    queue = OutputQueue([Broken()], reports.append, capacity=1, patient=True)
    queue.start()
    for number in range(5):
        queue.put(alert(str(number)))
    assert queue.close()
    assert reports == [
        "Error: cannot send to output recorder: no space left",
        "Error: 5 alerts could not be delivered to output recorder",
    ]


def test_a_channel_that_nobody_reads_any_more_is_left_in_silence() -> None:
    """As with `tercel run ... | head`; the producer can ask whether anybody is left."""
    reports: list[str] = []
    gone, well = Gone(), Recorder()
    both, alone = OutputQueue([gone, well], reports.append), OutputQueue([Gone()], reports.append)
    for queue in (both, alone):
        queue.start()
        queue.put(alert("x"))
        queue.close()
    assert (both.deserted, alone.deserted) == (False, True)
    assert well.lines == ["x"]
    assert reports == []


def test_a_producer_that_is_made_to_wait_can_be_stopped() -> None:
    """An output that blocks must not keep the run from ending."""
    stuck = Recorder()
    stuck.gate.clear()
    stops = iter([False, False, True])
    reports: list[str] = []
    queue = OutputQueue([stuck], reports.append, capacity=1, timeout=0.05, patient=True, stopped=lambda: next(stops))
    queue.start()
    for number in range(3):
        queue.put(alert(str(number)))
    assert queue.drops == 1
    assert not queue.close()
    assert "output timeout" in reports[0]
    stuck.gate.set()


def test_a_negative_capacity_is_none() -> None:
    """Nothing could ever be put into such a queue."""
    channel = Recorder()
    queue = OutputQueue([channel], print, capacity=-1, patient=True)
    queue.start()
    queue.put(alert("x"))
    queue.close()
    assert channel.lines == ["x"]


def test_a_patient_queue_holds_no_more_text_than_it_may() -> None:
    """Long alerts wait for each other even when there are few of them."""
    channel = Recorder()
    channel.gate.clear()
    asked: list[bool] = []

    def stopped() -> bool:
        asked.append(True)
        return True

    queue = OutputQueue([channel], print, patient=True, stopped=stopped)
    for _ in range(3):
        queue.put(alert("x" * (PATIENT_SIZE // 2)))
    assert asked == []
    queue.start()
    channel.gate.set()
    queue.close()
    assert len(channel.lines) == 3
