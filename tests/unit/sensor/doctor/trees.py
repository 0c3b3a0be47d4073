"""File trees that look like machines, for the checks."""

from __future__ import annotations

import struct
from pathlib import Path

from tercel.sensor.doctor.context import Context

TRACEPOINTS = (
    "sys_exit",
    "sched_process_exit",
    "sched_process_fork",
    "sched_process_exec",
    "signal_deliver",
    "io_uring_submit_req",
)


def btf(*tracepoints: str, order: str = "<") -> bytes:
    """Return a description of types that has only names."""
    names = b"\0int\0" + b"".join(b"btf_trace_%s\0" % name.encode() for name in tracepoints)
    types = bytes(16)
    header = struct.pack(f"{order}HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(types), len(types), len(names))
    return header + types + names


HEALTHY: dict[str, str | bytes] = {
    "/proc/sys/kernel/osrelease": "6.1.0-42-amd64\n",
    "/proc/sys/kernel/unprivileged_bpf_disabled": "2\n",
    "/proc/sys/kernel/bpf_stats_enabled": "0\n",
    "/proc/sys/net/core/bpf_jit_enable": "1\n",
    "/proc/self/mounts": "proc /proc proc rw,relatime 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n",
    "/proc/meminfo": "MemTotal:        8000000 kB\nMemAvailable:    4000000 kB\nHugePages_Total:       0\n",
    "/sys/kernel/btf/vmlinux": btf(*TRACEPOINTS),
    "/sys/kernel/security/lockdown": "[none] integrity confidentiality\n",
    "/sys/kernel/tracing/events/header_page": "",
    "/sys/devices/system/cpu/online": "0-3\n",
    "/sys/devices/system/cpu/possible": "0-7\n",
    "/sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
}


def write(root: Path, files: dict[str, str | bytes]) -> None:
    """Write files below a folder."""
    for path, content in files.items():
        place = root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())


def machine(root: Path, changes: dict[str, str | bytes | None] | None = None, host_root: str = "") -> Context:
    """Write a healthy machine with changes (nothing: the file is missing) and return where its checks look."""
    files = {**HEALTHY, **(changes or {})}
    write(root, {path: content for path, content in files.items() if content is not None})
    namespace = root / "proc/self/ns/pid"
    namespace.parent.mkdir(parents=True, exist_ok=True)
    namespace.symlink_to("pid:[4026531836]")
    return Context(str(root), host_root, "x86_64")
