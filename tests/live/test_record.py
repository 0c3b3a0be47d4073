"""Recordings of this machine: filtered, in several files, for Debian's sysdig, and beside a sensor that looks on."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tercel import load_rules, open_capture
from tests.compat.differential import their_values
from tests.live.sensor import LiveSensor, needs_live

pytestmark = [needs_live, pytest.mark.slow]

_TERCEL: Final = (sys.executable, "-m", "tercel")
_STOP_SECONDS: Final = 15
# Nanoseconds.
_SAME_TIME: Final = 5_000_000
# A program with a name of its own that opens, duplicates, reads and closes.
_PROGRAM: Final = """
import os, sys
for path in sys.argv[1:]:
    fd = os.open(path, os.O_RDONLY)
    other = os.dup2(fd, 77)
    os.read(other, 5)
    os.close(other)
    os.close(fd)
"""
_RULES: Final = """
- rule: Marked file opened
  desc: The file of the test was opened.
  condition: evt.type in (open, openat) and fd.name contains tercel_marked
  output: opened (file=%fd.name flags=%evt.arg.flags command=%proc.cmdline parent=%proc.pname res=%evt.rawres)
  priority: WARNING
- rule: Marked file duplicated
  desc: A descriptor of the file of the test was duplicated.
  condition: evt.type=dup2 and fd.name contains tercel_marked
  output: dup2 (file=%fd.name number=%fd.num command=%proc.cmdline exe=%proc.exepath cwd=%proc.cwd res=%evt.rawres)
  priority: WARNING
"""


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Have a command watch the machine meanwhile; it is interrupted and must end with status 0."""
    words = [*_TERCEL, *arguments]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=_STOP_SECONDS)
            assert process.returncode == 0, said
        finally:
            process.kill()


@contextmanager
def recording(*arguments: str) -> Iterator[None]:
    """Record meanwhile."""
    with running("record", *arguments) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        assert first.startswith("recording to "), first + process.stderr.read()
        yield


@pytest.fixture
def marked(tmp_path: Path) -> Path:
    """Return a file to read."""
    path = tmp_path / "tercel_marked"
    path.write_text("hello world")
    return path


def act(marked: Path, times: int = 1) -> None:
    """Do what is to be recorded."""
    subprocess.run([sys.executable, "-I", "-S", "-c", _PROGRAM, *[str(marked)] * times], check=True)


def test_a_filtered_recording_knows_what_it_leaves_out(marked: Path, tmp_path: Path) -> None:
    """The names of the file and of the process come from events that the filter rejects."""
    target = tmp_path / "out.scap"
    with recording("-w", str(target), f"evt.type=read and fd.name={marked}"):
        act(marked)
    with open_capture(str(target)) as capture:
        shown = [
            event.format("%evt.type %fd.num %fd.name %evt.buffer %proc.exepath")
            for event in capture
            if not event.context.event.flags
        ]
    assert shown == [f"read 77 {marked} hello {Path(sys.executable).resolve()}"]


def test_each_of_several_files_is_read_alone(marked: Path, tmp_path: Path) -> None:
    """Whichever is opened, the process that opens the file is known in it, compressed or not."""
    target = tmp_path / "out.scap"
    with recording("-w", str(target), "-z", "-e", "2000", "-W", "50"):
        for _ in range(5):
            act(marked, 200)
    files = sorted(tmp_path.glob("out.scap*"))
    assert len(files) > 2
    found = 0
    for path in files:
        with open_capture(str(path)) as capture:
            for event in capture.filter(f"evt.type=read and fd.name={marked}"):
                assert event["proc.exepath"] == str(Path(sys.executable).resolve())
                found += 1
    assert found == 1000


@pytest.mark.peer("sysdig")
def test_debian_sysdig_reads_a_recording_made_for_it(marked: Path, tmp_path: Path) -> None:
    """To its end, with descriptors, names and results."""
    if shutil.which("sysdig") is None:
        pytest.skip("no sysdig; apt-get install sysdig")
    target = tmp_path / "out.scap"
    with recording("-w", str(target), "--compat", "0.29"):
        act(marked)
    fields = ["evt.dir", "evt.type", "fd.num", "fd.name", "evt.res"]
    shown = [row for row in their_values(target, fields, f"fd.name={marked}").values() if row[0] == "<"]
    calls = [tuple(row[1:3]) for row in shown if row[1] in {"openat", "dup", "read", "close"}]
    assert {row[4] for row in shown} == {"SUCCESS"}
    number = calls[0][1]
    assert [calls[0], *calls[-3:]] == [("openat", number), ("read", "77"), ("close", "77"), ("close", number)]


def test_tracing_prints_what_happens(marked: Path) -> None:
    """Until it is interrupted, at once and not when it ends."""
    words = ("-p", "%proc.name %fd.name", f"evt.type=openat and fd.name={marked}")
    with running("trace", *words) as process:
        assert process.stdout is not None
        # Nothing tells when tracing has begun: the file is opened until its line comes.
        opener = subprocess.Popen([sys.executable, "-I", "-S", "-c", f"while True: open({str(marked)!r}).close()"])
        try:
            line = process.stdout.readline()
        finally:
            opener.kill()
            opener.wait()
    assert line.endswith(f" {marked}\n")


def test_replaying_gives_the_alerts_of_the_live_run(marked: Path, tmp_path: Path) -> None:
    """One watches while the other records: rules, times and fields are the same."""
    rules, target = tmp_path / "rules.yaml", tmp_path / "out.scap"
    rules.write_text(_RULES)
    with LiveSensor(tmp_path, [rules]) as sensor, recording("-w", str(target), f"fd.name={marked}"):
        act(marked, 10)
        sensor.wait(lambda: len(sensor.alerts) >= 20, 5)
    live = [(alert.rule, strip(alert.fields)) for alert in sensor.alerts]
    with open_capture(str(target)) as capture:
        replayed = [(alert.rule, strip(alert.fields)) for alert in load_rules(str(rules)).alerts(capture)]
    assert len(live) == 20
    assert replayed == live


def test_run_on_a_recording_finds_what_run_found_live(marked: Path, tmp_path: Path) -> None:
    """The same command, rules and configuration, once live and once on the file: the same alerts at the same times."""
    rules, target = tmp_path / "rules.yaml", tmp_path / "out.scap"
    rules.write_text(_RULES)
    with LiveSensor(tmp_path, [rules]) as sensor, recording("-w", str(target)):
        act(marked, 10)
        sensor.wait(lambda: len(sensor.alerts) >= 20, 5)
    words = [*_TERCEL, "run", "-c", str(tmp_path / "live.yaml"), "-r", str(rules), "-e", str(target)]
    run = subprocess.run(words, capture_output=True, text=True, check=False, timeout=_STOP_SECONDS)
    assert run.returncode == 0, run.stderr
    lines = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
    replayed = [(line["rule"], line["output_fields"]) for line in lines]
    live = [(alert.rule, alert.fields) for alert in sensor.alerts]
    assert [rule for rule, _ in replayed] == [rule for rule, _ in live]
    for (_, mine), (_, theirs) in zip(replayed, live, strict=True):
        # The sensor and the recorder have a probe each, and each takes the time when its own has its turn.
        assert abs(mine.pop("evt.time") - theirs.pop("evt.time")) < _SAME_TIME
        assert mine == theirs


def strip(fields: dict[str, object]) -> dict[str, object]:
    """Return an alert's fields without what the sensor's configuration adds, and the time, which each probe takes."""
    added = {"evt.time", "proc.cwd", "proc.name", "container.id"}
    return {name: value for name, value in fields.items() if name not in added}
