from __future__ import annotations

import os

import pytest

from tercel.alerts.policy import OutputPolicy
from tercel.fields.registry import Registry
from tercel.pushdown.printed import PrintedFields
from tercel.rules.loader import RuleLoader, RulesFile
from tercel.sensor.config import ConfigError
from tercel.sensor.config_load import config_of_options
from tercel.sensor.live import LiveRequest, Pushdown
from tercel.sensor.watch import live_request, pushdown_of
from tests.unit import samples
from tests.unit.capture.ebpf.probe import skip_without_kernel
from tests.unit.sensor.machine import told_by

CALLS = frozenset({"openat"})


def request_of(*options: str) -> LiveRequest:
    """Return what a configuration asks for."""
    return live_request(config_of_options(list(options)), CALLS)


@pytest.mark.parametrize(("cpus", "factor"), [(1, 1), (2, 1), (3, 2), (8, 4), (10, 8)])
def test_a_ring_is_as_large_as_those_of_all_processors_together(
    monkeypatch: pytest.MonkeyPatch, cpus: int, factor: int
) -> None:
    """A preset means what it means in Falco: each two processors have a ring of that size, mapped twice."""
    monkeypatch.setattr(os, "cpu_count", lambda: cpus)
    made = request_of()
    assert made == LiveRequest(CALLS, buffer_bytes=(16 << 20) * factor, vital_bytes=(2 << 20) * factor)


def test_a_ring_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel's memory is not for one program; the smallest preset leaves room for what is vital."""
    monkeypatch.setattr(os, "cpu_count", lambda: 256)
    assert request_of("engine.modern_ebpf.buf_size_preset=10").buffer_bytes == 1 << 29
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    smallest = request_of("engine.modern_ebpf.buf_size_preset=1")
    assert (smallest.buffer_bytes, smallest.vital_bytes) == (2 << 20, 1 << 19)


def test_the_engine_that_is_chosen_says_how() -> None:
    """Configurations of older drivers go on to work."""
    options = ["engine.kind=kmod", "engine.kmod.buf_size_preset=1", "engine.kmod.drop_failed_exit=true"]
    assert request_of(*options).drop_failed
    assert request_of(*options).buffer_bytes < request_of().buffer_bytes
    assert not request_of(*options[1:]).drop_failed


@pytest.mark.parametrize("preset", [0, 11])
def test_a_preset_that_does_not_exist_is_told(preset: int) -> None:
    """With the key and what was expected."""
    with pytest.raises(ConfigError, match=r"engine\.modern_ebpf\.buf_size_preset must be a preset from 1 to 10"):
        request_of(f"engine.modern_ebpf.buf_size_preset={preset}")


_WATCH = """
import io, json, os, subprocess
from tercel.alerts.policy import OutputPolicy
from tercel.fields.registry import Registry
from tercel.pushdown.printed import PrintedFields
from tercel.rules.loader import RuleLoader, RulesFile
from tercel.sensor.config_load import config_of_options
from tercel.sensor.log import Log
from tercel.sensor.watch import watch
from tercel.state.machine import Machine
from tests.unit import samples

def capabilities():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1], 16) for line in file if line.startswith("CapEff"))

loader = RuleLoader({"syscall": Registry.syscall()})
loader.load(RulesFile("small.yaml", samples.RULES))
err = io.StringIO()
printed = PrintedFields(Registry.syscall(), OutputPolicy()).of
capture = watch(config_of_options(["log_level=info"]), loader.ruleset(), Machine(), Log(err), printed)
told = {"log": err.getvalue(), "capabilities": capabilities()}
told["unknown"] = sorted(capture.select(frozenset({"openat", "x"})))
child = subprocess.Popen(["/bin/cat", "/etc/hostname"], stdout=subprocess.DEVNULL)
child.wait()
capture.stop()
seen = []
while capture.fill():
    while capture.reader.advance():
        if capture.reader.event.tid == child.pid:
            seen.append(capture.reader.event.info.name)
told["seen"] = "openat" in seen
told["drops"] = capture.counts().total_drops
capture.close()
print(json.dumps(told))
"""


def test_watching_begins_with_all_privileges_and_goes_on_with_few() -> None:
    """Rings, counters and the selection are shared memory and need none; /proc is read with what is kept."""
    skip_without_kernel()
    told = told_by(_WATCH)
    kept = {1 << 2, 1 << 19, 1 << 2 | 1 << 19, 1 << 2 | 1 << 19 | 1 << 39, 0}
    assert told["capabilities"] in kept
    assert told["unknown"] == ["x"]
    assert told["seen"]


def pushdown(*options: str) -> Pushdown | None:
    """Return what the probe may drop for the small rules."""
    registry = Registry.syscall()
    loader = RuleLoader({"syscall": registry})
    loader.load(RulesFile("small.yaml", samples.RULES))
    printed = PrintedFields(registry, OutputPolicy()).of
    return pushdown_of(config_of_options(list(options)), loader.ruleset(exits_only=True), printed, CALLS)


def test_the_configuration_says_whether_anything_is_dropped() -> None:
    """By default what no rule needs is, but for one in ten thousand."""
    made = pushdown()
    assert made is not None
    assert (made.shadow, made.sample_every, made.shows_tables) == (False, 10_000, False)
    assert set(made.policy.guards) == CALLS
    assert pushdown("engine.pushdown.enabled=false") is None
    shadow = pushdown("engine.pushdown.shadow=true", "engine.pushdown.sample=0")
    assert shadow == Pushdown(made.policy, shadow=True, sample_every=0)


@pytest.mark.parametrize("sample", ["-1", "4294967296"])
def test_a_sample_that_cannot_be_taken_is_told(sample: str) -> None:
    """With the key and the number."""
    with pytest.raises(ConfigError, match=rf"engine\.pushdown\.sample takes a number of events, not {sample}"):
        pushdown(f"engine.pushdown.sample={sample}")
