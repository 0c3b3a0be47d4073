from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tercel.capture.ebpf import loader, optional
from tercel.capture.ebpf.guards import KernelPolicy
from tercel.capture.ebpf.loader import RING_MAP, VITAL_MAP, Counts, LiveOptions, Probe
from tercel.capture.ebpf.rows import UNREPORTED, system_calls
from tercel.capture.procfs import host
from tercel.capture.source import CaptureError
from tests.unit.capture.ebpf.probe import needs_object, skip_without_kernel

ALL = frozenset({"openat", "execve", "sched_process_exit"})


@pytest.fixture
def probe() -> Iterator[Probe]:
    """Yield the loaded probe; nothing is attached."""
    skip_without_kernel()
    loaded = Probe(LiveOptions(ring_bytes=1 << 16, vital_bytes=1 << 17))
    yield loaded
    loaded.close()


@pytest.mark.parametrize("size", [0, 1 << 15, 100_000, 1 << 31, -(1 << 16)])
def test_a_ring_has_a_size_that_the_kernel_takes(size: int) -> None:
    """The message says what was expected."""
    with pytest.raises(CaptureError, match="a power of two between 64 KiB and 1 GiB was expected"):
        LiveOptions(ring_bytes=size)
    with pytest.raises(CaptureError, match="the vital ring cannot have"):
        LiveOptions(vital_bytes=size)


def test_processors_are_numbered_from_zero() -> None:
    """Counters are kept for each that may ever be there."""
    assert loader.possible_cpus() >= (os.cpu_count() or 1)


def test_the_two_clocks_agree_with_the_offset_between_them() -> None:
    """Events carry the time of day."""
    now = time.clock_gettime_ns(time.CLOCK_BOOTTIME) + host.boot_ts()
    assert abs(now - time.clock_gettime_ns(time.CLOCK_REALTIME)) < 1_000_000_000


def test_the_own_number_is_that_of_the_machine_watched() -> None:
    """In a container, /proc of the host tells it."""
    assert loader.own_pid() == os.getpid()
    assert loader.own_pid("/nowhere") == os.getpid()


def test_totals_are_sums_over_the_classes() -> None:
    """What is told of a run is one number."""
    counts = Counts()
    counts.events = {"open": 3, "close": 4}
    counts.drops = {"open": 1, "close": 0}
    assert (counts.total_events, counts.total_drops) == (7, 1)


def test_a_probe_that_is_not_there_is_an_error_of_capture(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, no traceback."""
    monkeypatch.setenv("TERCEL_PROBE", "/nowhere/probe.o")
    with pytest.raises(CaptureError, match="TERCEL_PROBE names"):
        loader.trial_load()


def test_an_object_that_is_no_probe_is_an_error_of_capture(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An object without type information would crash a loader that did not look."""
    source = tmp_path / "empty.c"
    source.write_text("int nothing(void) { return 0; }\n")
    made = tmp_path / "empty.o"
    try:
        subprocess.run(["clang", "-target", "bpf", "-O2", "-c", str(source), "-o", str(made)], check=True)
    except FileNotFoundError:
        pytest.skip("needs clang")
    monkeypatch.setenv("TERCEL_PROBE", str(made))
    with pytest.raises(CaptureError, match=r"empty\.o"):
        loader.trial_load()


@needs_object
def test_everything_that_can_be_reported_has_a_name() -> None:
    """Selections are made of these."""
    names = loader.names_of_all()
    assert {"openat", "execve", "sched_process_exit", "signal_deliver", "sched_yield"} <= names


def test_the_probe_is_loaded_and_taken_out_again() -> None:
    """The doctor tries it."""
    skip_without_kernel()
    loader.trial_load()


def test_unknown_names_are_told(probe: Probe) -> None:
    """A rule may ask for a call of another architecture."""
    assert probe.select(ALL | {"teleport"}) == {"teleport"}


def test_a_selection_replaces_the_one_before(probe: Probe) -> None:
    """Nothing is left of it, neither calls nor tracepoints."""
    everything = loader.names_of_all()
    assert probe.select(frozenset()) == frozenset()
    empty = bytes(probe._calls)
    assert probe.select(everything) == frozenset()
    full = bytes(probe._calls)
    probe.select(frozenset())
    assert bytes(probe._calls) == empty != full
    probe.select(everything)
    assert bytes(probe._calls) == full
    for name in ("wants_exit", "wants_signal", "wants_exec", "wants_child"):
        assert setting(probe, name) == 1
    probe.select(frozenset({"openat"}))
    for name in ("wants_exit", "wants_signal", "wants_exec", "wants_child"):
        assert setting(probe, name) == 0


def setting(probe: Probe, name: str) -> int:
    """Return what the probe sees of a setting."""
    member = probe._settings_layout.member(name)
    return int.from_bytes(probe._settings[member.offset : member.offset + member.size], "little")


def test_the_settings_are_what_was_asked_for(probe: Probe) -> None:
    """They lie in shared memory and can be changed without a privilege."""
    assert setting(probe, "own_pid") == os.getpid()
    assert setting(probe, "snaplen") == 80
    assert setting(probe, "boot_ns") == probe.boot_ns
    memory, at = probe.wakeup_switch()
    memory[at : at + 4] = (1).to_bytes(4, "little")
    assert setting(probe, "wants_wakeup") == 1


def test_rings_have_their_own_sizes(probe: Probe) -> None:
    """The small one is reserved for what must not be lost."""
    assert probe.ring(RING_MAP)[1] == 1 << 16
    assert probe.ring(VITAL_MAP)[1] == 1 << 17
    assert probe.ring(RING_MAP)[0] != probe.ring(VITAL_MAP)[0]


def test_nothing_is_counted_before_it_is_attached(probe: Probe) -> None:
    """Loading and selecting report nothing."""
    probe.select(loader.names_of_all())
    counts = probe.counts()
    assert counts.total_events == counts.total_drops == probe.total_drops() == 0
    assert len(counts.events_per_cpu) == loader.possible_cpus()


def test_the_counts_add_up(probe: Probe) -> None:
    """By class and by processor they are the same events; a full ring loses, and says so."""
    probe.select(frozenset({"openat", "close"}))
    probe.attach()
    for _ in range(50):
        subprocess.run(["/bin/true"], check=True)
    probe.detach()
    counts = probe.counts()
    assert counts.total_events == sum(counts.events_per_cpu) > 100
    assert counts.events["open"] > 0
    assert counts.events["execve"] == counts.events["exit"] == 0
    assert counts.total_drops == sum(counts.drops_per_cpu) == probe.total_drops()


def test_what_a_kernel_refuses_is_left_out_where_it_can_be_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels change what these programs look at; system calls are seen all the same."""
    skip_without_kernel()
    # No kernel has both tracepoints for new requests.
    monkeypatch.setattr(optional, "PROGRAMS", dict.fromkeys(optional.PROGRAMS, ()))
    refused = Probe(LiveOptions(ring_bytes=1 << 16, vital_bytes=1 << 17))
    try:
        assert refused.left_out == list(optional.PROGRAMS)
        assert not refused.sees_requests
        refused.select(frozenset({"openat"}))
        refused.attach()
    finally:
        refused.close()


def test_where_nothing_can_be_kept_of_tasks_everything_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Older kernels see the same calls."""
    skip_without_kernel()
    monkeypatch.setattr(optional, "has_task_memory", lambda _release: False)
    older = Probe(LiveOptions(ring_bytes=1 << 16, vital_bytes=1 << 17))
    try:
        assert not older.can_push_down
        older.push_down(None)
        with pytest.raises(CaptureError, match="no memory for each task"):
            older.push_down(KernelPolicy({}))
        older.select(frozenset({"close", "execve"}))
        older.attach()
        subprocess.run(["/bin/true"], check=True)
        older.detach()
        counts = older.counts()
        assert counts.events["close"] > 0
        assert counts.events["execve"] > 0
    finally:
        older.close()


def test_the_call_that_hands_requests_over_is_looked_at_in_any_case(probe: Probe) -> None:
    """Of some requests nothing else tells that they are done."""
    size, row = probe._call_layout.size, probe._call_layout.member("row").offset
    enter = next(call.native for call in system_calls() if call.name == "io_uring_enter")
    probe.select(frozenset({"openat"}))
    assert int.from_bytes(probe._calls[enter * size + row : enter * size + row + 2], "little") == UNREPORTED
    probe.select(frozenset({"io_uring_enter"}))
    assert int.from_bytes(probe._calls[enter * size + row : enter * size + row + 2], "little") < UNREPORTED
