"""What goes wrong around a sensor: it ends with a message that says what to do, and the kernel is as it was."""

from __future__ import annotations

import platform
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import tercel
from tests.live.running import (
    HIDEPID,
    MARK,
    NO_BTF,
    NO_LIBBPF,
    NOBODY,
    RULE,
    RULES,
    Outcome,
    Running,
    attempt,
    left_behind,
    marked_file,
    unheld,
)
from tests.live.sensor import needs_live

pytestmark = [needs_live, pytest.mark.slow]

_PROBE: Final = f"capture/ebpf/objects/tercel_probe.{platform.machine()}.o"
_MEGABYTE: Final = 1 << 20
_OTHERS: Final = """
- rule: Another sensor
  desc: A program that runs this command did something.
  condition: evt.type in (open, openat, read) and proc.cmdline contains attempt_of_another
  output: other (pid=%proc.pid)
  priority: NOTICE
- rule: This sensor
  desc: The sensor itself did something.
  condition: evt.type in (open, openat, read, write, close) and proc.cmdline contains attempt_of_this
  output: this (pid=%proc.pid)
  priority: NOTICE
"""


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Whatever happened, none of the probe's programs stays in the kernel without a process that holds it."""
    before = unheld()
    yield
    assert not left_behind(before)


@pytest.fixture(scope="module")
def probe() -> bytes:
    """Return the compiled probe."""
    path = Path(tercel.__file__).parent / _PROBE
    if not path.exists():
        pytest.skip(f"{path} was not built; 'make probe' builds it")
    return path.read_bytes()


def refused(outcome: Outcome, *words: str) -> None:
    """Expect that a sensor did not start, and that one line said why."""
    assert outcome.status == 1, outcome
    assert "Traceback" not in outcome.err
    for word in words:
        assert word in outcome.error, outcome.err


def test_a_killed_sensor_leaves_nothing_and_the_next_one_starts(tmp_path: Path) -> None:
    """No pinned program, no lock: the kernel takes everything away with the process."""
    marked, before = marked_file(tmp_path), unheld()
    with Running(tmp_path) as first:
        assert first.sees(marked)
        first.send(signal.SIGKILL)
        assert first.wait(lambda: False, 5) is False
    assert first.status == -signal.SIGKILL
    assert not left_behind(before)
    with Running(tmp_path) as second:
        assert second.sees(marked)
    assert second.status == 0


def test_two_sensors_watch_side_by_side_and_each_leaves_out_only_itself(tmp_path: Path) -> None:
    """What one of them does the other one sees; what it does itself would never end."""
    this, other = tmp_path / "attempt_of_this", tmp_path / "attempt_of_another"
    this.mkdir()
    other.mkdir()
    marked = marked_file(tmp_path)
    with Running(this, rules=RULES + _OTHERS) as first:
        with Running(other) as second:
            assert first.sees(marked)
            assert second.sees(marked)
            number = second.pid
        first.wait(lambda: bool(first.of("Another sensor")), 5)
    assert {fields["proc.pid"] for fields in first.of("Another sensor")} >= {number}
    assert first.of("This sensor") == []
    assert (first.status, second.status) == (0, 0)


def test_without_type_information_the_message_names_it(tmp_path: Path) -> None:
    """Kernels without BTF exist; the probe cannot know where their structures have what."""
    refused(attempt(tmp_path, NO_BTF), "cannot be watched", "BTF")


def test_a_probe_that_is_not_there_is_named(tmp_path: Path) -> None:
    """TERCEL_PROBE is for those who build their own."""
    refused(attempt(tmp_path, environment={"TERCEL_PROBE": "/nowhere/probe.o"}), "TERCEL_PROBE", "/nowhere/probe.o")


@pytest.mark.parametrize("how", ["empty", "beginning", "half", "noise", "altered", "text"])
def test_a_damaged_probe_is_named(how: str, probe: bytes, tmp_path: Path) -> None:
    """Whatever libbpf makes of it."""
    damaged = {
        "empty": b"",
        "beginning": probe[:3000],
        "half": probe[: len(probe) // 2],
        "noise": bytes(number * number >> 3 & 0xFF for number in range(5000)),
        "altered": bytes(byte ^ 0x55 if at % 7 == 0 and 20000 < at < 60000 else byte for at, byte in enumerate(probe)),
        "text": b"int main(void) { return 0; }\n",
    }
    path = tmp_path / "probe.o"
    path.write_bytes(damaged[how])
    refused(attempt(tmp_path, environment={"TERCEL_PROBE": str(path)}), str(path))


@pytest.mark.parametrize("preset", ["0", "11", "-1"])
def test_a_size_that_no_ring_can_have_is_a_mistake_in_the_configuration(preset: str, tmp_path: Path) -> None:
    """The message names the key and what it may be."""
    key = "engine.modern_ebpf.buf_size_preset"
    refused(attempt(tmp_path, options=[f"{key}={preset}"]), key, "from 1 to 10")


@pytest.mark.parametrize("preset", ["1", "10"])
def test_the_smallest_and_the_largest_ring_work(preset: str, tmp_path: Path) -> None:
    """From one megabyte to half a gigabyte."""
    marked = marked_file(tmp_path)
    with Running(tmp_path, options=[f"engine.modern_ebpf.buf_size_preset={preset}"]) as sensor:
        assert sensor.sees(marked)


def test_without_libbpf_the_message_says_which_package_has_it(tmp_path: Path) -> None:
    """It is the one thing that the wheel does not bring along."""
    refused(attempt(tmp_path, NO_LIBBPF), "libbpf.so.1", "libbpf1")


def test_who_is_not_root_is_told_what_is_missing(tmp_path: Path) -> None:
    """All that is missing at once, not one thing after the other."""
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o755)
    outcome = attempt(tmp_path, NOBODY)
    refused(outcome, "CAP_BPF", "CAP_PERFMON")
    for name in ("CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"):
        assert f"{name} is missing" in outcome.err


def test_processes_that_proc_hides_from_others_are_known(tmp_path: Path) -> None:
    """With hidepid=2 a user sees only his own processes; the sensor must see all of them."""
    marked = marked_file(tmp_path)
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o755)
    code = "import sys; sys.stdin.readline(); open(sys.argv[1]).close()"
    words = [*NOBODY, sys.executable, "-I", "-S", "-c", code, str(marked)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, text=True) as actor:
        with Running(tmp_path, prefix=HIDEPID) as sensor:
            actor.communicate("go\n", timeout=10)
            sensor.wait(lambda: bool(sensor.of(RULE)), 5)
        assert [fields["proc.exepath"] for fields in sensor.of(RULE)] == [str(Path(sys.executable).resolve())]
        assert MARK in sensor.of(RULE)[0]["proc.cmdline"]


def test_many_threads_do_not_keep_it_from_starting(tmp_path: Path) -> None:
    """Twenty thousand of them are read within seconds, in less memory than they take themselves."""
    source = Path(__file__).with_name("threads.c")
    program = tmp_path / "threads"
    subprocess.run(["gcc", "-O1", "-pthread", "-o", str(program), str(source)], check=True)
    marked = marked_file(tmp_path)
    with subprocess.Popen([program, "20000"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as crowd:
        assert crowd.stdout is not None
        if crowd.stdout.readline() != "20000\n":
            pytest.skip("this machine does not allow twenty thousand threads")
        with Running(tmp_path) as sensor:
            assert sensor.sees(marked)
            resident = _resident(sensor.pid)
            crowd.communicate("\n", timeout=10)
            # Those that ended are forgotten, and nothing was lost meanwhile.
            assert sensor.sees(marked)
        print(f"resident memory with 20,000 threads: {resident >> 20} MiB")
        assert resident < 150 * _MEGABYTE
    assert sensor.status == 0


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
