"""What the kernel offers: its version, the description of its types, tracepoints, limits on BPF."""

from __future__ import annotations

import os
import resource
from dataclasses import dataclass
from typing import Final

from tercel.sensor.bpf_objects import reason_unreachable
from tercel.sensor.doctor.btf import BtfError, has_tracepoint, read_names
from tercel.sensor.doctor.check import Answer
from tercel.sensor.doctor.context import Context
from tercel.sensor.kernel import KernelVersion

OLDEST: Final = KernelVersion(5, 8)  # ring buffers, CAP_BPF, iterators
_MACHINES: Final = ("x86_64", "aarch64")
_BTF: Final = "/sys/kernel/btf/vmlinux"
_MIB: Final = 1 << 20
# Kernels from here on count maps by the control group's memory, not by the limit of locked memory.
_NO_LOCKED_MAPS: Final = KernelVersion(5, 11)
_ENOUGH_LOCKED: Final = 128 * _MIB


@dataclass(frozen=True, slots=True)
class Tracepoint:
    """A tracepoint under the names that it had over time, and what is not seen without it."""

    names: tuple[str, ...]
    costs: str
    needed: bool = False


TRACEPOINTS: Final = (
    Tracepoint(("sys_exit",), "no system call is seen", needed=True),
    Tracepoint(("sched_process_exit",), "ends of processes are not seen", needed=True),
    Tracepoint(("sched_process_fork",), "children that run before their parent's call returns are known late"),
    Tracepoint(("sched_process_exec",), "programs started by io_uring or helpers of the kernel are known late"),
    Tracepoint(("signal_deliver",), "signals are not seen"),
    Tracepoint(("io_uring_submit_req", "io_uring_submit_sqe"), "what programs do through io_uring is not seen"),
)


def version(context: Context) -> Answer:
    """Tell the kernel's release and the machine."""
    release = context.release() or "unknown release"
    found = f"{release} on {context.machine}"
    if context.machine not in _MACHINES:
        return Answer(
            good=False, found=found, costs=f"Live capture cannot run: the probe is built for {' and '.join(_MACHINES)}."
        )
    return Answer(context.kernel() >= OLDEST, found)


def types(context: Context) -> Answer:
    """Look for the kernel's description of its types."""
    path = context.path(_BTF)
    if not os.path.exists(path):
        return Answer(good=False, found=f"{_BTF} is not there")
    try:
        names = read_names(path)
    except BtfError as error:
        return Answer(good=False, found=str(error))
    return Answer(good=True, found=f"{_BTF}, {names.count(0)} names, {os.path.getsize(path) / _MIB:.1f} MiB")


def needed_tracepoints(context: Context) -> Answer:
    """Look for the tracepoints that capture cannot do without."""
    return _tracepoints(context, needed=True)


def further_tracepoints(context: Context) -> Answer:
    """Look for the tracepoints that add to what is seen."""
    return _tracepoints(context, needed=False)


def _tracepoints(context: Context, *, needed: bool) -> Answer:
    wanted = [point for point in TRACEPOINTS if point.needed == needed]
    try:
        names = read_names(context.path(_BTF))
    except (OSError, BtfError):
        return Answer(good=False, found="cannot be told without BTF")
    lacking = [point for point in wanted if not any(has_tracepoint(names, name) for name in point.names)]
    if not lacking:
        return Answer(good=True, found=", ".join(point.names[0] for point in wanted))
    costs = "; ".join(f"without {point.names[0]} {point.costs}" for point in lacking)
    return Answer(good=False, found=f"missing: {', '.join(point.names[0] for point in lacking)}", costs=f"{costs}.")


def lockdown(context: Context) -> Answer:
    """Tell the level of kernel lockdown; the one against reading kernel memory stops probes."""
    text = context.read("/sys/kernel/security/lockdown")
    if text is None:
        return Answer(good=True, found="not in use, or securityfs is not mounted")
    level = text[text.find("[") + 1 : text.find("]")] if "[" in text else text
    return Answer(level != "confidentiality", level)


def tracefs(context: Context) -> Answer:
    """Look for the file system of tracepoints."""
    places = ("/sys/kernel/tracing", "/sys/kernel/debug/tracing")
    found = next((place for place in places if os.path.isdir(context.path(f"{place}/events"))), "")
    if found:
        return Answer(good=True, found=found)
    return Answer(good=False, found=f"not mounted at {' or '.join(places)}, or not readable")


def bpf_call(context: Context) -> Answer:
    """Try the system call, and tell who may use it."""
    setting = context.number("/proc/sys/kernel/unprivileged_bpf_disabled")
    if setting is None:
        return Answer(good=False, found="the kernel is built without it (CONFIG_BPF_SYSCALL)")
    reason = reason_unreachable()
    return Answer(not reason, reason or f"callable; kernel.unprivileged_bpf_disabled is {setting}")


def jit(context: Context) -> Answer:
    """Tell whether programs are compiled to machine code."""
    setting = context.number("/proc/sys/net/core/bpf_jit_enable")
    if setting is None:
        return Answer(good=True, found="not visible in this network namespace")
    return Answer(setting > 0, f"net.core.bpf_jit_enable is {setting}")


def statistics(context: Context) -> Answer:
    """Tell whether the kernel takes the time of every run of a program."""
    setting = context.number("/proc/sys/kernel/bpf_stats_enabled")
    if setting is None:
        return Answer(good=True, found="this kernel does not count runs of programs")
    return Answer(setting == 0, f"kernel.bpf_stats_enabled is {setting}")


def locked_memory(context: Context) -> Answer:
    """Tell the limit of locked memory, which matters to old kernels."""
    limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    found = "unlimited" if limit == resource.RLIM_INFINITY else f"{limit // 1024} KiB"
    if context.kernel() >= _NO_LOCKED_MAPS:
        return Answer(good=True, found=f"{found}; this kernel does not count maps by it")
    return Answer(limit == resource.RLIM_INFINITY or limit >= _ENOUGH_LOCKED, found)
