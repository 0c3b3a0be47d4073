from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tercel.capture.ebpf.loader import LiveOptions
from tercel.capture.source import CaptureError
from tercel.sensor import live
from tercel.sensor.live import COUNTERS, LiveCapture, LiveRequest, open_live
from tercel.state.machine import Machine
from tests.unit.capture.ebpf.probe import skip_without_kernel

LIFE = frozenset({"execve", "execveat", "clone", "clone3", "vfork", "fork", "sched_process_exit"})


@pytest.fixture
def capture() -> Iterator[LiveCapture]:
    """Yield a capture of the life of processes and what they open."""
    skip_without_kernel()
    with open_live(Machine(), LiveRequest(LIFE | {"openat", "close", "fchmod"})) as opened:
        yield opened


def process_until(capture: LiveCapture, condition: Callable[[], bool]) -> None:
    """Go through what comes until something is so; 15 seconds at most."""
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline
        capture.fill()
        while capture.reader.advance():
            capture.machine.process(capture.reader.event)


def test_what_runs_is_known_at_the_start(capture: LiveCapture) -> None:
    """An event of any process says whose it is."""
    machine = capture.machine
    assert machine.threads[os.getpid()].exepath == os.path.realpath(f"/proc/{os.getpid()}/exe")
    assert machine.threads[os.getppid()].comm
    assert capture.snapshot.processes > 1


def test_a_process_lives_as_long_in_the_table_as_on_the_machine(capture: LiveCapture) -> None:
    """Its beginning, its program and its end are events."""
    with subprocess.Popen(["/bin/cat", "-"], stdin=subprocess.PIPE) as child:
        threads = capture.machine.threads
        process_until(capture, lambda: child.pid in threads and threads[child.pid].comm == "cat")
        thread = threads[child.pid]
        assert (thread.comm, thread.exe, thread.args) == ("cat", "/bin/cat", ["-"])
        assert thread.ptid == os.getpid()
    process_until(capture, lambda: child.pid not in threads)
    assert capture.malformed == 0


_STORM = "import os\nwhile True:\n    pid = os.fork()\n    if not pid:\n        os._exit(0)\n    os.waitpid(pid, 0)\n"


def test_nobody_is_missing_or_risen_after_a_start_in_a_storm() -> None:
    """Processes come and go while the list of them is read."""
    skip_without_kernel()
    storm = subprocess.Popen([sys.executable, "-S", "-c", _STORM])
    try:
        with open_live(Machine(), LiveRequest(LIFE)) as capture:
            threads, begin = capture.machine.threads, time.monotonic()
            process_until(capture, lambda: time.monotonic() > begin + 1.5)
            storm.kill()
            storm.wait()
            process_until(capture, lambda: storm.pid not in threads)
            assert capture.counts().total_drops == 0
            assert os.getpid() in threads
            # Who was told of after its end stays for a second, and leaves with the next process that ends.
            settled = time.monotonic() + 1.2
            process_until(capture, lambda: time.monotonic() > settled)
            subprocess.run(["true"], check=True)
            process_until(capture, lambda: not [tid for tid, thread in threads.items() if _STORM in thread.args])
    finally:
        storm.kill()
        storm.wait()


def test_a_thread_that_turns_up_unknown_is_looked_up(capture: LiveCapture) -> None:
    """Whatever was missed: /proc knows it, with its descriptors."""
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE) as child:
        threads = capture.machine.threads
        process_until(capture, lambda: child.pid in threads and threads[child.pid].comm == "cat")
        capture.machine.remove_thread(child.pid)
        found = capture.machine.find_thread(child.pid)
        assert found is not None
        assert found.comm == "cat"
        assert set(found.fds) >= {0, 1, 2}
    assert capture.lookup.found >= 1


def test_lookups_have_a_limit(capture: LiveCapture) -> None:
    """A storm of unknown threads does not become a storm of reading."""
    sink = capture.machine
    missing = 1 << 30
    answers = [capture.lookup.tell_thread(missing, sink) for _ in range(2_000)]
    assert not any(answers)
    assert capture.lookup.refused > 0
    assert capture.lookup.missed + capture.lookup.refused == 2_000


_CHATTER = """
import os
for _ in range(20000):
    try:
        os.fchmod(9999, 0)
    except OSError:
        pass
"""


def test_a_loss_has_the_state_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever ended meanwhile is gone, whatever was opened is known; the sentences and counters tell of it."""
    skip_without_kernel()
    monkeypatch.setattr(live, "LiveOptions", lambda *_sizes, **options: LiveOptions(1 << 16, 1 << 16, **options))
    with open_live(Machine(), LiveRequest(LIFE | {"openat", "close", "fchmod"})) as capture:
        gone = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE)
        process_until(capture, lambda: gone.pid in capture.machine.threads)
        subprocess.run([sys.executable, "-S", "-c", _CHATTER], check=True)
        for _ in range(100):
            subprocess.run(["/bin/true"], check=True)
        gone.communicate()
        process_until(capture, lambda: gone.pid not in capture.machine.threads and capture.repairs > 0)
        drops = capture.drops()
        assert drops.lost == drops.by_counter["n_drops_buffer_total"] > 0
        assert drops.by_counter["n_drops_buffer_dir_file_exit"] > 0
        assert drops.by_counter["ebpf_enabled"] == 1
        assert any(line.endswith("were lost because the reader was too slow") for line in capture.losses())


def test_every_class_that_the_probe_counts_has_a_counter(capture: LiveCapture) -> None:
    """Alerts name them as Falco does."""
    assert set(capture.counts().drops) == set(COUNTERS)


def test_names_that_this_machine_does_not_have_are_told(capture: LiveCapture) -> None:
    """A rule may be for another architecture."""
    assert capture.unknown == frozenset()
    assert capture.select(LIFE | {"teleport"}) == {"teleport"}


def test_a_capture_that_cannot_begin_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The reason is one line."""
    skip_without_kernel()
    with pytest.raises(CaptureError, match="expected the directory of all processes"):
        LiveCapture(Machine(), LiveRequest(LIFE), str(tmp_path))
    monkeypatch.setenv("TERCEL_PROBE", "/nowhere.o")
    with pytest.raises(CaptureError, match="TERCEL_PROBE"):
        open_live(Machine(), LiveRequest(LIFE))
