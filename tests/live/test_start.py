"""The beginning of a watch: whoever runs then is known, whoever ended by then is not, and it does not take long."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tercel.sensor.live import open_live
from tercel.state.machine import Machine
from tests.live.running import Running, marked_file
from tests.live.sensor import needs_live
from tests.live.watching import STORM, Seen, build, catch_up, drain, follow, lasting_differences, request_for

pytestmark = [needs_live, pytest.mark.slow]

_NAME: Final = "tercelstorm"
_STORM_SECONDS: Final = 3
# Microseconds between two processes.
_PAUSE: Final = 600
_LEAST_RATE: Final = 200
# Seconds after which threads are out of the table of which it was told only after their end that they began.
_SETTLED: Final = 1.2
# What a busy machine may take for what takes a quarter of a second.
_MOST_SECONDS: Final = 10.0
# Classes of events that tell of processes.
VITAL: Final = ("clone_fork", "execve", "exit")


@pytest.fixture(scope="module")
def storm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the program that starts many processes; its name is in no other program's."""
    return build(STORM, tmp_path_factory.mktemp("storm") / _NAME)


@pytest.fixture
def raging(storm: Path) -> Iterator[subprocess.Popen[str]]:
    """Return a storm that has begun."""
    # It shall be one on a busy machine, too.
    words = ["nice", "-n", "-10", str(storm), str(_STORM_SECONDS), str(_PAUSE)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "storm\n"
        yield process
        process.kill()


@pytest.mark.parametrize("attempt", range(2))
def test_a_storm_of_processes_at_the_start_leaves_no_gap(attempt: int, raging: subprocess.Popen[str]) -> None:
    """Every event has a known process, nobody is missing, and nobody who ended is still there."""
    del attempt
    machine, seen = Machine(), Seen()
    with open_live(machine, request_for("mmap", "brk", "close")) as capture:
        follow(capture, machine, lambda: raging.poll() is None, seen.take)
        assert raging.stdout is not None
        started, threads = map(int, raging.stdout.read().split())
        end = time.monotonic() + _SETTLED
        follow(capture, machine, lambda: time.monotonic() < end, seen.take)
        # Who was told of after its end stays for a second, and leaves with the next process that ends.
        subprocess.run(["true"], check=True)
        catch_up(capture, machine, seen.take)
        # Others may go on with storms of their own.
        missing, extra = (
            {tid: name for tid, name in found.items() if name == _NAME}
            for found in lasting_differences(capture, machine, seen.take)
        )
        drain(capture, machine, seen.take)
        drops = capture.counts().drops
    assert started >= _LEAST_RATE * _STORM_SECONDS
    assert threads > 0
    assert [drops[name] for name in VITAL] == [0, 0, 0]
    assert seen.events > 5 * started
    assert seen.nameless == {}
    assert (missing, extra, seen.life([*missing, *extra])) == ({}, {}, {})


def test_descriptors_from_before_the_start_are_known(tmp_path: Path) -> None:
    """Also those that were opened, moved or closed while the sensor began to look."""
    first, second = tmp_path / "first", tmp_path / "second"
    for path in (first, second):
        path.write_text("x")
    # Without end, 40 is open on the first or on the second file, and read right after that was said.
    code = f"""
import os
while True:
    for path in ({str(first)!r}, {str(second)!r}):
        fd = os.open(path, os.O_RDONLY)
        os.dup2(fd, 40)
        os.close(fd)
        os.read(40, 1)
"""
    names: list[str] = []
    machine = Machine()
    with subprocess.Popen([sys.executable, "-I", "-S", "-c", code]) as actor:
        try:
            with open_live(machine, request_for("openat", "dup2", "read", "close")) as capture:

                def take(ctx: object) -> None:
                    context = machine.context
                    if context.event.tid == actor.pid and context.event.info.name == "read":
                        names.append("" if context.fd is None else context.fd.name)

                follow(capture, machine, lambda: len(names) < 1000, take)
        finally:
            actor.kill()
    # The first reads may come before the first dup2 that was seen; then /proc tells of the descriptor.
    pairs = {(names[at], names[at + 1]) for at in range(2, 900)}
    assert pairs == {(str(first), str(second)), (str(second), str(first))}
    assert set(names) == {str(first), str(second)}


def test_the_first_detection_comes_soon(tmp_path: Path) -> None:
    """Counted from the command: rules, probe, processes, and the first alert; bench/live measures how soon."""
    marked = marked_file(tmp_path)
    with subprocess.Popen(["sh", "-c", f"while cat {marked}; do :; done"], stdout=subprocess.DEVNULL) as opener:
        try:
            began = time.time_ns()
            with Running(tmp_path) as sensor:
                assert sensor.wait(lambda: bool(sensor.alerts), 10)
                seconds = (sensor.alerts[0].received - began) / 1e9
        finally:
            opener.kill()
    print(f"start to first detection: {seconds:.2f} s")
    assert seconds < _MOST_SECONDS
