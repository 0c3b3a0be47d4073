from __future__ import annotations

from tercel.outputs.queue import OutputQueue
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
