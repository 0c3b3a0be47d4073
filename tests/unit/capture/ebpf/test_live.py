from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tercel.capture.ebpf.live import LiveSource
from tercel.capture.ebpf.loader import LiveOptions, names_of_all
from tercel.sensor import bpf_objects
from tests.unit.capture.ebpf.probe import skip_without_kernel

Call = tuple[str, int, list[bytes]]
Start = Callable[..., LiveSource]

# A process that makes so many calls of two kinds for each line that it reads: one is vital, the other is not.
_CALLER = """
import os, sys
print("ready", flush=True)
for line in sys.stdin:
    for _ in range(int(line)):
        for call in (lambda: os.fchdir(9999), lambda: os.fchmod(9999, 0)):
            try:
                call()
            except OSError:
                pass
    print("done", flush=True)
"""


class Caller:
    """A process that makes calls nobody else makes, when it is told to."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-S", "-c", _CALLER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._hear("ready")

    @property
    def pid(self) -> int:
        """Its number."""
        return self.process.pid

    def _hear(self, word: str) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == f"{word}\n"

    def call(self, count: int) -> None:
        """Have it make so many calls, and return when they are made."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        self._hear("done")

    def end(self) -> None:
        """End it."""
        self.process.communicate()


@pytest.fixture
def start() -> Iterator[Start]:
    """Yield what makes a source that reports some calls; all are closed at the end."""
    skip_without_kernel()
    made: list[LiveSource] = []

    def begin(*calls: str, ring_bytes: int = 1 << 22, vital_bytes: int = 1 << 22) -> LiveSource:
        source = LiveSource(LiveOptions(ring_bytes, vital_bytes))
        made.append(source)
        source.select(frozenset(calls))
        source.start()
        return source

    yield begin
    for source in made:
        source.close()


@pytest.fixture
def caller() -> Iterator[Caller]:
    """Yield a process that makes calls."""
    process = Caller()
    yield process
    process.end()


def drain(source: LiveSource) -> list[Call]:
    """Stop a source and return what it still hands out: names, threads, parameters."""
    source.stop()
    found = []
    while source.fill():
        while source.advance():
            event = source.event
            found.append((event.info.enum, event.tid, [event.param(i) for i in range(event.nparams)]))
    return found


def of_thread(calls: list[Call], tid: int) -> list[str]:
    """Return the event types of a thread."""
    return [name for name, thread, _ in calls if thread == tid]


def test_each_call_of_a_process_is_one_event(start: Start, caller: Caller) -> None:
    """With what was passed and what came back."""
    source = start("fchdir")
    caller.call(100)
    found = [call for call in drain(source) if call[1] == caller.pid]
    failure = (-9).to_bytes(8, "little", signed=True)
    assert found == [("SYSCALL_FCHDIR_X", caller.pid, [failure, (9999).to_bytes(8, "little")])] * 100


def test_events_made_are_events_read_or_counted_as_lost(start: Start, caller: Caller) -> None:
    """Of everything that happens on the machine, whoever makes it."""
    source = start(*names_of_all())
    marks = 0
    for _ in range(5):
        caller.call(1_000)
        subprocess.run(["/bin/true"], check=True)
        source.fill()
        while source.advance():
            marks += source.event.info.name == "drop"
    marks += sum(name.startswith("DROP_") for name, _, _ in drain(source))
    counts = source.counts()
    assert source.stats.malformed_events == 0
    assert source.stats.events - marks == counts.total_events - counts.total_drops > 10_000


def test_what_a_full_ring_lost_is_counted_and_told(start: Start, caller: Caller) -> None:
    """Made is read plus lost, exactly; two marks in the stream hold the time and the number."""
    source = start("fchmod", ring_bytes=1 << 16)
    told: list[tuple[int, int, int]] = []
    source.lost = lambda begin, end, count: told.append((begin, end, count))
    caller.call(5_000)
    found = drain(source)
    counts = source.counts()
    marks = [(name, values) for name, tid, values in found if tid == -1]
    number = counts.total_drops.to_bytes(4, "little")
    assert marks == [("DROP_E", [number]), ("DROP_X", [number])]
    assert counts.total_drops == source.losses == sum(count for _, _, count in told) > 0
    assert len(found) - len(marks) == counts.total_events - counts.total_drops > 0
    assert all(begin < end for begin, end, _ in told)


def test_marks_of_a_loss_enclose_what_was_captured_meanwhile(start: Start, caller: Caller) -> None:
    """The stream stays in the order of time."""
    source = start("fchdir", "fchmod", ring_bytes=1 << 16)
    caller.call(5_000)
    source.stop()
    times = []
    while source.fill():
        while source.advance():
            times.append((source.event.ts, source.event.info.enum))
    assert [time for time, _ in times] == sorted(time for time, _ in times)
    assert (times[0][1], times[-1][1]) == ("DROP_E", "DROP_X")
    assert len(times) > 5_000


def test_chatty_calls_cannot_push_out_what_is_vital(start: Start, caller: Caller) -> None:
    """The beginning and the end of a process are in a ring of their own."""
    source = start("getppid", "read", "write", "execve", "sched_process_exit", ring_bytes=1 << 16)
    subprocess.run(
        ["/bin/dd", "if=/dev/zero", "of=/dev/null", "bs=1", "count=5000"], check=True, stderr=subprocess.DEVNULL
    )
    found = drain(source)
    counts = source.counts()
    assert counts.drops["other"] > 0
    assert counts.drops["execve"] == counts.drops["exit"] == 0
    (program,) = {tid for name, tid, values in found if name.startswith("SYSCALL_EXECVE") and values[1] == b"/bin/dd\0"}
    assert "PROCEXIT_1_E" in of_thread(found, program)


def test_own_calls_are_left_out(start: Start) -> None:
    """A sensor that reported itself would never come to rest."""
    source = start("fchdir", "getppid")
    for _ in range(50):
        os.getppid()
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fchdir(9999)
    assert of_thread(drain(source), os.getpid()) == []


def test_a_selection_changes_while_it_runs(start: Start, caller: Caller) -> None:
    """Rules are loaded again without a gap in the calls that old and new ones want."""
    source = start("fchdir")
    caller.call(10)
    source.select(frozenset({"fchmod"}))
    caller.call(10)
    source.select(frozenset({"fchdir", "fchmod"}))
    caller.call(10)
    names = of_thread(drain(source), caller.pid)
    vital, other = "SYSCALL_FCHDIR_X", "SYSCALL_FCHMOD_X"
    assert names == [vital] * 10 + [other] * 10 + [vital, other] * 10


def test_an_event_wakes_the_reader_from_its_sleep(start: Start, caller: Caller) -> None:
    """Without looking again and again: an idle machine stays idle."""
    source = start("fchdir")
    timer = threading.Timer(0.3, caller.call, (1,))
    timer.start()
    while not (source.advance() and source.event.tid == caller.pid):
        assert source.fill()
    assert source.now() - source.event.ts < 50_000_000
    assert source.wakeups == 1
    timer.join()


def test_an_idle_reader_returns_now_and_then(start: Start) -> None:
    """Signals and timers are looked after in between; it uses next to no time of the processor."""
    source = start("fchdir")
    used = time.process_time()
    began = time.monotonic()
    rounds = 0
    while time.monotonic() - began < 1.0:
        assert source.fill()
        while source.advance():
            pass
        rounds += 1
    assert rounds < 30
    assert time.process_time() - used < 0.1


def test_what_is_in_the_rings_is_handed_out_after_a_stop(start: Start, caller: Caller) -> None:
    """And what happens after it is not captured."""
    source = start("fchdir")
    caller.call(500)
    source.stop()
    source.stop()
    caller.call(500)
    assert len(of_thread(drain(source), caller.pid)) == 500
    assert not source.fill()


def programs_held() -> set[int]:
    """Return the ids of the programs that this process has attached."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            with open(f"/proc/self/fdinfo/{name}", encoding="ascii") as file:
                words = dict(line.split(":", 1) for line in file.read().splitlines() if ":" in line)
        except FileNotFoundError:
            continue
        if "link_type" in words:
            found.add(int(words["prog_id"]))
    return found


def test_nothing_is_left_in_the_kernel(start: Start) -> None:
    """Not even when it is closed twice."""
    before = programs_held()
    source = start("fchdir")
    mine = programs_held() - before
    assert {one.name for one in bpf_objects.programs() if one.id in mine} & {"tercel_call", "tercel_judged"}
    source.close()
    source.close()
    assert not source.fill()
    assert programs_held() == before
    # The kernel takes its time until nobody can be running them.
    deadline = time.monotonic() + 5
    while mine & {one.id for one in bpf_objects.programs()}:
        assert time.monotonic() < deadline
