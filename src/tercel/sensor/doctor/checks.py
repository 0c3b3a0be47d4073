"""The checks, in the order in which they are told."""

from __future__ import annotations

from typing import Final

from tercel.sensor.doctor import kernel, rights, software, surroundings
from tercel.sensor.doctor.check import Check

_STOPS: Final = "Live capture cannot run"

CHECKS: Final = (
    Check("kernel", "Kernel", kernel.version, f"{_STOPS}: it needs 5.8 or later.", fatal=True),
    Check(
        "btf",
        "Kernel types (BTF)",
        kernel.types,
        f"{_STOPS}: the probe finds its way in kernel structures by it. Kernels built with CONFIG_DEBUG_INFO_BTF=y "
        "have it.",
        fatal=True,
    ),
    Check("bpf", "bpf system call", kernel.bpf_call, f"{_STOPS}.", fatal=True),
    Check("tracepoints", "Tracepoints, needed", kernel.needed_tracepoints, f"{_STOPS}.", fatal=True),
    Check(
        "tracepoints-further",
        "Tracepoints, further",
        kernel.further_tracepoints,
        "Signals, io_uring and quick children may not be seen.",
    ),
    Check(
        "lockdown",
        "Kernel lockdown",
        kernel.lockdown,
        f"{_STOPS}: at this level no probe may read kernel memory. Boot with lockdown=integrity.",
        fatal=True,
    ),
    Check("capabilities", "Capabilities, needed", rights.needed, f"{_STOPS}.", fatal=True),
    Check("capabilities-further", "Capabilities, further", rights.further),
    Check(
        "libbpf",
        "libbpf",
        software.library,
        f"{_STOPS}: it loads the probe. Debian's and Ubuntu's package is libbpf1, Fedora's libbpf.",
        fatal=True,
    ),
    Check("probe", "Probe", software.probe, f"{_STOPS}.", fatal=True),
    Check(
        "loaded",
        "Probes loaded",
        software.others,
        "Each sensor adds its own cost to every system call of the machine, and sees the other one's work.",
    ),
    Check(
        "jit",
        "BPF compiler (JIT)",
        kernel.jit,
        "The probe is interpreted, which makes every system call of the machine several times slower than it need "
        "be. Set net.core.bpf_jit_enable=1.",
    ),
    Check(
        "statistics",
        "BPF statistics",
        kernel.statistics,
        "The kernel reads the clock twice whenever a probe runs. Set kernel.bpf_stats_enabled=0 when nobody measures.",
    ),
    Check(
        "memlock",
        "Locked memory",
        kernel.locked_memory,
        "The buffers may be refused unless CAP_SYS_RESOURCE is held. Set ulimit -l unlimited, or "
        "LimitMEMLOCK=infinity in the unit.",
    ),
    Check(
        "tracefs",
        "tracefs",
        kernel.tracefs,
        "Nothing for capture, which finds its tracepoints by BTF; tools that list tracepoints find none.",
    ),
    Check(
        "cgroups",
        "Control groups",
        surroundings.cgroups,
        "Processes cannot be told to belong to containers: container.id stays 'host'.",
    ),
    Check("engines", "Container engines", surroundings.engines),
    Check(
        "proc",
        "/proc",
        surroundings.processes,
        "Other users' processes are hidden from a sensor without CAP_SYS_PTRACE.",
    ),
    Check(
        "pid-namespace",
        "Process id namespace",
        surroundings.pid_namespace,
        "The kernel tells ids that /proc here does not know: processes that already run stay unknown. Run on the "
        "host, with hostPID or --pid=host, or set HOST_ROOT to where the host's files are mounted.",
    ),
    Check("processors", "Processors", surroundings.processors),
    Check(
        "memory",
        "Memory",
        surroundings.memory,
        "The buffers and the tables of a busy machine may not fit. Set a smaller engine.modern_ebpf.buf_size_preset.",
    ),
    Check(
        "clock",
        "Clock",
        surroundings.clock,
        "Reading this clock takes a microsecond or more, at every event.",
    ),
)
