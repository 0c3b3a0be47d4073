from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path

from tercel.fields.registry import Registry
from tercel.rules.loader import RuleLoader, RulesFile
from tercel.sensor.config_load import config_of_options
from tercel.sensor.control import Control
from tercel.sensor.live import LiveCapture, LiveRequest
from tercel.sensor.log import Log
from tercel.sensor.sensor import Sensor, Streams
from tests.unit import samples
from tests.unit.capture.ebpf.probe import skip_without_kernel

SUMMARY = """\
Events detected: 2
Rule counts by severity:
   WARNING: 1
   INFO: 1
Triggered rules by rule name:
   Opened: 1
   Failed: 1
"""


class Run:
    """A run over captures, and what it printed."""

    def __init__(self, captures: list[str], *options: str) -> None:
        config = config_of_options(["stdout_output.enabled=true", *options])
        registry = Registry.syscall()
        loader = RuleLoader({"syscall": registry})
        loader.load(RulesFile("small.yaml", samples.RULES))
        out, err = io.StringIO(), io.StringIO()
        log = Log(err)
        sensor = Sensor(config, registry, loader.ruleset(), log, Streams(out, err), "kestrel")
        self.status = sensor.run(captures, Control())
        self.events = sensor.events
        self.out = out.getvalue()
        self.err = err.getvalue()


def test_alerts_come_before_the_summary(tmp_path: Path) -> None:
    """The summary is printed when everything is delivered."""
    run = Run([samples.capture(tmp_path)])
    assert run.status == 0
    assert run.out == f"{samples.OPENED}\n{samples.FAILED}\n{SUMMARY}"
    assert "event drop detected: 0 occurrences" in run.err
    assert run.events == 2


def test_a_capture_that_ends_early_gives_status_1(tmp_path: Path) -> None:
    """Everything before is delivered, the message tells the place."""
    run = Run([samples.capture(tmp_path, samples.builder().bytes()[:-5])])
    assert run.status == 1
    assert run.out.startswith(samples.OPENED)
    assert "Events detected: 1" in run.out
    assert "Error:" in run.err
    assert "offset" in run.err


def test_what_was_passed_over_is_told(tmp_path: Path) -> None:
    """A correct reading, with a remark."""
    content = samples.builder()
    content.block(0x7777, b"1234")
    run = Run([samples.capture(tmp_path, content.bytes())])
    assert run.status == 0
    assert "1 blocks of unknown types were passed over" in run.err


def test_the_file_output_gets_the_same_lines(tmp_path: Path) -> None:
    """Each channel has all alerts."""
    target = tmp_path / "alerts.txt"
    run = Run([samples.capture(tmp_path)], "file_output.enabled=true", f"file_output.filename={target}")
    assert target.read_text() == f"{samples.OPENED}\n{samples.FAILED}\n"
    assert run.out.startswith(samples.OPENED)


def test_simulated_drops_raise_an_internal_alert(tmp_path: Path) -> None:
    """It is not counted among the detections."""
    options = ["syscall_event_drops.simulate_drops=true", "syscall_event_drops.actions[]=alert"]
    content = samples.builder().event(3, [], ts=1_700_000_005_000_000_000).bytes()
    run = Run([samples.capture(tmp_path, content)], *options, "json_output=true")
    alerts = [json.loads(line) for line in run.out.splitlines() if line.startswith("{")]
    assert [alert["source"] for alert in alerts].count("internal") == 1
    assert "event drop detected: 1 occurrences" in run.err


def test_simulated_drops_can_end_the_run(tmp_path: Path) -> None:
    """With status 1."""
    options = ["syscall_event_drops.simulate_drops=true", "syscall_event_drops.actions[]=exit"]
    content = samples.builder().event(3, [], ts=1_700_000_005_000_000_000).bytes()
    assert Run([samples.capture(tmp_path, content)], *options).status == 1


LIVE_RULES = """
- rule: Read
  desc: A file was read.
  condition: evt.type=openat and fd.name={path}
  output: read (file=%fd.name command=%proc.cmdline)
  priority: WARNING
"""


def test_what_happens_on_the_machine_raises_alerts(tmp_path: Path) -> None:
    """The run ends when its time is over, with everything that was captured gone through."""
    skip_without_kernel()
    target = tmp_path / "secret"
    target.write_text("")
    registry = Registry.syscall()
    loader = RuleLoader({"syscall": registry})
    loader.load(RulesFile("live.yaml", LIVE_RULES.format(path=target)))
    out, err = io.StringIO(), io.StringIO()
    config = config_of_options(["stdout_output.enabled=true"])
    sensor = Sensor(config, registry, loader.ruleset(), Log(err), Streams(out, err), "kestrel")
    request = LiveRequest(frozenset({"openat", "close", "execve", "clone", "clone3", "vfork", "sched_process_exit"}))
    with LiveCapture(sensor.machine, request) as live, Control() as control:
        subprocess.run(["/bin/cat", str(target)], check=True)
        control.stop_after(0.2)
        assert sensor.run([], control, live) == 0
        counts = live.counts()
    assert f"Warning read (file={target} command=cat {target})" in out.getvalue()
    assert "Triggered rules by rule name:\n   Read: 1\n" in out.getvalue()
    assert sensor.lost == counts.total_drops
    assert sensor.events > 0
