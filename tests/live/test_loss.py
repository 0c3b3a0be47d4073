"""Rings that overflow: what was lost is counted, told of and mended, and the life of processes is lost last."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest

from tercel.sensor.live import LiveCapture, open_live
from tercel.state.context import Context
from tercel.state.machine import Machine
from tests.live.running import Running, marked_file
from tests.live.sensor import needs_live
from tests.live.watching import STORM, build, catch_up, drain, follow, request_for

pytestmark = [needs_live, pytest.mark.slow]

_SMALL: Final = 1 << 16
_LARGE: Final = 16 << 20
_ALERT: Final = "Falco internal: syscall event drop"
# Reads and openings without end, as a chatty program makes them.
_CHATTER: Final = """
import os, sys
for _ in range(int(sys.argv[1])):
    fd = os.open("/dev/null", os.O_RDONLY)
    os.read(fd, 1)
    os.close(fd)
"""
# Processes that end at once: of all that the small ring takes, their ends are the shortest.
_FORKS: Final = """
import os
for _ in range(400):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
"""
# Says a line, waits for the test, then opens, connects, starts one program and ends another, says how, and waits again.
_ACTOR: Final = """
import os, socket, subprocess, sys
ending = subprocess.Popen(["sleep", "60"])
print(ending.pid, flush=True)
sys.stdin.readline()
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
file = os.open(sys.argv[1], os.O_RDONLY)
ending.kill()
ending.wait()
started = subprocess.Popen(["sleep", "60"])
print(file, client.fileno(), client.getsockname()[1], started.pid, flush=True)
sys.stdin.readline()
started.kill()
started.wait()
"""
_DROPS: Final = {
    "syscall_event_drops": {"threshold": 0.01, "actions": ["log", "alert"], "rate": 1000, "max_burst": 1000},
}


class Marks:
    """The markers of losses among the events: (begin, end, number)."""

    def __init__(self) -> None:
        """Nothing came yet."""
        self.begins: list[tuple[int, int]] = []
        self.spans: list[tuple[int, int, int]] = []

    def take(self, ctx: Context) -> None:
        """Note an event if it is a marker."""
        event = ctx.event
        if event.info.name != "drop":
            return
        if event.info.direction == ">":
            self.begins.append((event.ts, event.uint32(0)))
        else:
            begin, count = self.begins[len(self.spans)]
            assert event.uint32(0) == count
            self.spans.append((begin, event.ts, count))


def chatter(times: int) -> None:
    """Make three calls so many times."""
    subprocess.run([sys.executable, "-I", "-S", "-c", _CHATTER, str(times)], check=True)


def reconcile(capture: LiveCapture, marks: Marks) -> int:
    """Expect that every event was handed out or lost, and every loss told of; return how many were lost."""
    counts = capture.counts()
    lost = counts.total_drops
    assert capture.stats.malformed_events == 0
    assert counts.total_events == capture.stats.events - 2 * len(marks.spans) + lost
    assert sum(counts.drops_per_cpu) == lost
    assert sum(counts.events_per_cpu) == counts.total_events
    assert sum(count for _begin, _end, count in marks.spans) == lost
    assert len(marks.begins) == len(marks.spans)
    assert all(begin < end for begin, end, _count in marks.spans)
    return lost


def test_every_event_is_handed_out_or_counted() -> None:
    """To the last one, over two storms with a quiet time between them, in every class."""
    machine, marks = Machine(), Marks()
    with open_live(machine, request_for("openat", "read", "close", ring=_SMALL, vital=_SMALL)) as capture:
        for _ in range(2):
            chatter(20000)
            catch_up(capture, machine, marks.take)
        drain(capture, machine, marks.take)
        lost = reconcile(capture, marks)
        drops, made = capture.counts().drops, capture.counts().events
    assert lost > 100000
    assert drops["open"] > 30000
    assert drops["close"] > 30000
    assert all(drops[name] <= made[name] for name in drops)


def test_markers_span_the_time_in_which_events_were_lost() -> None:
    """No event of the storm that was handed out lies outside, and none of the quiet time inside ends it."""
    machine, marks = Machine(), Marks()
    with open_live(machine, request_for("openat", "read", "close", ring=_SMALL, vital=_SMALL)) as capture:
        catch_up(capture, machine, marks.take)
        quiet = len(marks.spans)
        begin = capture.reader.event.ts
        chatter(20000)
        catch_up(capture, machine, marks.take)
        end = capture.reader.event.ts
        drain(capture, machine, marks.take)
        reconcile(capture, marks)
    spans = marks.spans[quiet:]
    assert spans
    # Each ends where the next one may begin; the storm lies between the first and the last.
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))
    assert spans[0][0] <= begin + 200_000_000
    assert spans[0][1] >= begin
    assert spans[-1][0] <= end


def test_the_life_of_processes_survives_a_storm_of_chatter(tmp_path: Path) -> None:
    """It has a ring of its own: reads and openings are lost by the thousand, not one clone, exec or exit."""
    storm = build(STORM, tmp_path / "tercelstorm")
    machine, marks = Machine(), Marks()
    kinds: dict[str, int] = {}

    def take(ctx: Context) -> None:
        marks.take(ctx)
        thread = ctx.thread
        if thread is not None and thread.comm == storm.name:
            kinds[ctx.event.info.name] = kinds.get(ctx.event.info.name, 0) + 1

    with open_live(machine, request_for("openat", "read", "close", ring=_SMALL)) as capture:
        with subprocess.Popen([str(storm), "2", "2000"], stdout=subprocess.PIPE, text=True) as process:
            chatter(50000)
            told = process.communicate()[0]
        catch_up(capture, machine, take)
        drain(capture, machine, take)
        lost = reconcile(capture, marks)
        drops = capture.counts().drops
    started, threads = map(int, told.split()[-2:])
    assert lost > 100000
    assert {name: drops[name] for name in ("clone_fork", "execve", "exit")} == {"clone_fork": 0, "execve": 0, "exit": 0}
    # One end for each process and thread, and the storm's own. A thread that becomes a program has none, but whose
    # place it takes has two.
    assert kinds["procexit"] == started + threads + 1


@contextmanager
def actor(marked: Path) -> Iterator[subprocess.Popen[str]]:
    """Have a program ready that does things when told to."""
    words = [sys.executable, "-I", "-S", "-c", _ACTOR, str(marked)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def line_of(process: subprocess.Popen[str]) -> list[int]:
    """Return the numbers of the next line that a program says."""
    assert process.stdout is not None
    return [int(word) for word in process.stdout.readline().split()]


def go(process: subprocess.Popen[str]) -> None:
    """Have the program go on."""
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def flood() -> None:
    """Fill both rings to the brim: with programs that have long arguments, then with what is shorter."""
    for _ in range(6):
        subprocess.run(["true", "x" * 30000], check=True)
    subprocess.run([sys.executable, "-I", "-S", "-c", _FORKS], check=True)
    chatter(1000)


def test_what_happened_during_a_loss_is_known_afterwards(tmp_path: Path) -> None:
    """A program that was started, a file, a socket; and a program that ended is gone."""
    marked = marked_file(tmp_path)
    machine, marks = Machine(), Marks()
    with ExitStack() as stack:
        process = stack.enter_context(actor(marked))
        (ending,) = line_of(process)
        calls = ("openat", "read", "close", "socket", "connect", "bind", "listen")
        capture = stack.enter_context(open_live(machine, request_for(*calls, ring=_SMALL, vital=_SMALL)))
        assert ending in machine.threads
        flood()
        go(process)
        file, client, port, started = line_of(process)
        flood()
        follow(capture, machine, lambda: capture.repairs == 0, marks.take)
        for _ in range(2):
            catch_up(capture, machine, marks.take)
        fds = machine.threads[process.pid].fds
        opened, connected = fds.get(file), fds.get(client)
        child = machine.threads.get(started)
        assert ending not in machine.threads
        assert capture.counts().drops["execve"] > 0
        drain(capture, machine, marks.take)
        reconcile(capture, marks)
    assert opened is not None
    assert opened.name == str(marked)
    assert connected is not None
    assert f"127.0.0.1:{port}" in connected.name
    assert child is not None
    assert (child.comm, child.ptid) == ("sleep", process.pid)


def test_a_program_that_began_and_ended_during_a_loss_does_not_come_back() -> None:
    """Its beginning is still in the ring when the state is read again; nothing may be made of that afterwards."""
    machine, marks = Machine(), Marks()
    born: set[int] = set()

    def take(ctx: Context) -> None:
        marks.take(ctx)
        born.add(ctx.event.tid)

    with open_live(machine, request_for(vital=_SMALL)) as capture:
        brief = subprocess.Popen(["sleep", "60"])
        # From here on nothing more fits into the small ring: not its end either.
        flood()
        brief.kill()
        brief.wait()
        follow(capture, machine, lambda: capture.repairs == 0, take)
        end = time.monotonic() + 10
        follow(capture, machine, lambda: brief.pid in machine.threads and time.monotonic() < end, take)
        assert capture.counts().drops["exit"] > 0
        assert brief.pid in born
        assert brief.pid not in machine.threads
        drain(capture, machine, take)
        reconcile(capture, marks)


def test_a_sensor_that_stood_still_tells_of_it_and_goes_on(tmp_path: Path) -> None:
    """After five seconds: the alert has the counters of what was lost, and what happens next is detected at once."""
    marked = marked_file(tmp_path)
    # What no rule needs would not be lost: it would not be reported.
    options = ["engine.modern_ebpf.buf_size_preset=1", "engine.pushdown.enabled=false"]
    with Running(tmp_path, options=options, config={**_DROPS, "log_level": "debug"}) as sensor:
        assert sensor.sees(marked)
        with sensor.stalled():
            end = subprocess.Popen(["sleep", "5"])
            while end.poll() is None:
                chatter(20000)
        assert sensor.wait(lambda: bool(sensor.of(_ALERT)), 5)
        assert sensor.sees(marked)
    told = sensor.of(_ALERT)[0]
    assert int(told["n_drops"]) > 10000
    assert int(told["n_drops_buffer_total"]) == int(told["n_drops"])
    assert int(told["n_drops_buffer_open_exit"]) > 1000
    assert sum(int(count) for name, count in told.items() if name.endswith("_exit")) == int(told["n_drops"])
    assert any("system calls dropped in last second" in line for line in sensor.log)
    assert sensor.status == 0


def test_a_reader_that_goes_away_loses_nothing_but_what_it_had() -> None:
    """Other sensors have rings of their own: one that stands still costs the others nothing."""
    first, second = Machine(), Machine()
    marks = Marks()
    small, large = (request_for("openat", "read", "close", ring=size) for size in (_SMALL, _LARGE))
    with open_live(first, small) as idle, open_live(second, large) as busy:
        chatter(2000)
        catch_up(busy, second, marks.take)
        assert idle.counts().total_drops > 0
        assert busy.counts().drops["execve"] == 0
        drain(busy, second, marks.take)
        reconcile(busy, marks)
