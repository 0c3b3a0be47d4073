from __future__ import annotations

import resource
from dataclasses import replace
from pathlib import Path

import pytest

from tercel.sensor.doctor import kernel
from tests.unit.sensor.doctor.trees import TRACEPOINTS, btf, machine
from tests.unit.sensor.machine import needs_bpf


@pytest.mark.parametrize(("release", "good"), [("5.8.0", True), ("5.7.19", False), ("4.19.0-27", False)])
def test_kernels_from_5_8_on_will_do(release: str, good: bool, tmp_path: Path) -> None:
    """Older ones have no ring buffers."""
    answer = kernel.version(machine(tmp_path, {"/proc/sys/kernel/osrelease": release}))
    assert (answer.good, answer.found) == (good, f"{release} on x86_64")


def test_machines_that_the_probe_is_not_built_for_are_told(tmp_path: Path) -> None:
    """Whatever their kernel."""
    answer = kernel.version(replace(machine(tmp_path), machine="mips"))
    assert not answer.good
    assert "x86_64 and aarch64" in answer.costs


def test_a_kernel_without_descriptions_of_its_types_is_told(tmp_path: Path) -> None:
    """The probe cannot be fitted to it."""
    context = machine(tmp_path, {"/sys/kernel/btf/vmlinux": None})
    assert kernel.types(context).found == "/sys/kernel/btf/vmlinux is not there"
    assert kernel.needed_tracepoints(context).found == "cannot be told without BTF"


def test_broken_descriptions_are_told(tmp_path: Path) -> None:
    """With the reason."""
    answer = kernel.types(machine(tmp_path, {"/sys/kernel/btf/vmlinux": "nonsense"}))
    assert not answer.good
    assert "is no BTF" in answer.found


def test_present_descriptions_are_counted(tmp_path: Path) -> None:
    """How many names there are."""
    answer = kernel.types(machine(tmp_path))
    assert answer.good
    assert f"{len(TRACEPOINTS) + 2} names" in answer.found


def test_missing_tracepoints_are_named_with_what_is_not_seen(tmp_path: Path) -> None:
    """Some cannot be done without, others only add."""
    context = machine(tmp_path, {"/sys/kernel/btf/vmlinux": btf("sched_process_exit", "signal_deliver")})
    needed, further = kernel.needed_tracepoints(context), kernel.further_tracepoints(context)
    assert needed.found == "missing: sys_exit"
    assert needed.costs == "without sys_exit no system call is seen."
    assert further.found == "missing: sched_process_fork, sched_process_exec, io_uring_submit_req"


def test_a_tracepoint_under_its_former_name_counts(tmp_path: Path) -> None:
    """io_uring's was renamed."""
    names = [*TRACEPOINTS[:-1], "io_uring_submit_sqe"]
    context = machine(tmp_path, {"/sys/kernel/btf/vmlinux": btf(*names)})
    assert kernel.further_tracepoints(context).good
    assert kernel.needed_tracepoints(context).good


@pytest.mark.parametrize(
    ("text", "good", "found"),
    [
        ("[none] integrity confidentiality\n", True, "none"),
        ("none [integrity] confidentiality\n", True, "integrity"),
        ("none integrity [confidentiality]\n", False, "confidentiality"),
        (None, True, "not in use, or securityfs is not mounted"),
    ],
)
def test_only_the_strictest_lockdown_stops_probes(text: str | None, good: bool, found: str, tmp_path: Path) -> None:
    """The level is the word in brackets."""
    answer = kernel.lockdown(machine(tmp_path, {"/sys/kernel/security/lockdown": text}))
    assert (answer.good, answer.found) == (good, found)


def test_tracefs_is_found_in_both_places(tmp_path: Path) -> None:
    """The older one is below debugfs."""
    assert kernel.tracefs(machine(tmp_path / "new")).found == "/sys/kernel/tracing"
    old = machine(
        tmp_path / "old",
        {"/sys/kernel/tracing/events/header_page": None, "/sys/kernel/debug/tracing/events/header_page": ""},
    )
    assert kernel.tracefs(old).found == "/sys/kernel/debug/tracing"
    assert not kernel.tracefs(machine(tmp_path / "none", {"/sys/kernel/tracing/events/header_page": None})).good


def test_a_kernel_built_without_bpf_is_told(tmp_path: Path) -> None:
    """It has no setting for it either."""
    answer = kernel.bpf_call(machine(tmp_path, {"/proc/sys/kernel/unprivileged_bpf_disabled": None}))
    assert (answer.good, answer.found) == (False, "the kernel is built without it (CONFIG_BPF_SYSCALL)")


@needs_bpf
def test_the_system_call_is_really_tried(tmp_path: Path) -> None:
    """A seccomp filter shows only then."""
    answer = kernel.bpf_call(machine(tmp_path))
    assert (answer.good, answer.found) == (True, "callable; kernel.unprivileged_bpf_disabled is 2")


@pytest.mark.parametrize(("setting", "good"), [("0", False), ("1", True), ("2", True), (None, True)])
def test_an_interpreted_probe_is_told(setting: str | None, good: bool, tmp_path: Path) -> None:
    """The setting shows only in the machine's own network namespace."""
    assert kernel.jit(machine(tmp_path, {"/proc/sys/net/core/bpf_jit_enable": setting})).good == good


@pytest.mark.parametrize(("setting", "good"), [("0", True), ("1", False), (None, True)])
def test_statistics_that_somebody_left_on_are_told(setting: str | None, good: bool, tmp_path: Path) -> None:
    """They cost two readings of the clock per run."""
    assert kernel.statistics(machine(tmp_path, {"/proc/sys/kernel/bpf_stats_enabled": setting})).good == good


def test_the_limit_of_locked_memory_matters_to_old_kernels_alone(tmp_path: Path) -> None:
    """The real limit of this process, judged by two kernels."""
    limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    enough = limit == resource.RLIM_INFINITY or limit >= 128 << 20
    new = machine(tmp_path / "new")
    old = machine(tmp_path / "old", {"/proc/sys/kernel/osrelease": "5.10.0-30-amd64"})
    assert kernel.locked_memory(new).good
    assert kernel.locked_memory(old).good == enough
