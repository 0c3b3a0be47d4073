from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from tercel.sensor.control import Control


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_request_to_stop_is_remembered(number: signal.Signals) -> None:
    """The run ends between two batches, not inside one."""
    with Control() as control:
        os.kill(os.getpid(), number)
        assert control.stopped_by == number.name


def test_a_second_request_does_not_wait() -> None:
    """It interrupts whatever runs."""
    with Control() as control:
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert control.stopped_by == "SIGINT"


def test_reading_from_a_silent_pipe_is_left_soon_after_the_request() -> None:
    """Nothing else would end it; the signals stay in the control's hands until its end."""
    source, target = os.pipe()
    with Control() as control:
        timer = threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGINT))
        timer.start()
        started = time.monotonic()
        with control.reading():
            os.read(source, 1)
        assert time.monotonic() - started < 10
        assert control.stopped_by == "SIGINT"
    os.close(source)
    os.close(target)


def test_a_request_after_the_reading_interrupts_nothing() -> None:
    """What comes then is short, and wanted: delivering alerts and the summary."""
    with Control() as control:
        with control.reading():
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        control.wait(0.01)
    assert control.stopped_by == "SIGTERM"


def test_reopening_is_done_once() -> None:
    """SIGUSR1 asks for it."""
    calls: list[int] = []
    with Control() as control:
        control.take_reopen(lambda: calls.append(1))
        os.kill(os.getpid(), signal.SIGUSR1)
        control.take_reopen(lambda: calls.append(2))
        control.take_reopen(lambda: calls.append(3))
    assert calls == [2]


def test_the_former_handlers_come_back() -> None:
    """A library user keeps his own."""
    before = signal.getsignal(signal.SIGTERM)
    with Control():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_waiting_ends_with_the_time_or_with_a_signal() -> None:
    """Whichever comes first."""
    with Control() as control:
        started = time.monotonic()
        control.wait(0.01)
        control.wait(-1)
        threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGTERM)).start()
        control.wait(60)
        assert time.monotonic() - started < 30
        assert control.stopped_by == "SIGTERM"


def test_other_threads_leave_signals_alone() -> None:
    """Python hands them to the main thread only."""
    done: list[str] = []

    def use() -> None:
        with Control() as control:
            done.append(control.stopped_by)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert done == [""]


def test_a_run_is_over_when_its_time_is() -> None:
    """`DURATION` ends a live run by itself."""
    with Control() as control:
        assert not control.is_over()
        control.stop_after(60)
        assert not control.is_over()
        control.stop_after(1e-9)
        control.wait(0.001)
        assert control.is_over()
        assert control.stopped_by == ""


def test_a_run_is_over_when_somebody_asks() -> None:
    """Whatever time was set."""
    with Control() as control:
        control.stop_after(60)
        os.kill(os.getpid(), signal.SIGTERM)
        assert control.is_over()
