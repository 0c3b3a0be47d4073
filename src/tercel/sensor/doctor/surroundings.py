"""What surrounds the sensor: control groups, container engines, /proc, namespaces, processors, memory, the clock."""

from __future__ import annotations

import os
import stat
from typing import Final

from tercel.sensor.doctor.check import Answer
from tercel.sensor.doctor.context import Context

_FIRST_PID_NAMESPACE: Final = "pid:[4026531836]"
_LITTLE_MEMORY: Final = 128 << 10  # KiB
_SLOW_CLOCKS: Final = ("hpet", "acpi_pm", "jiffies", "refined-jiffies", "pit")

# (engine, socket); `*` stands for the ids of users who run containers of their own.
SOCKETS: Final = (
    ("docker", "/var/run/docker.sock"),
    ("podman", "/run/podman/podman.sock"),
    ("podman", "/run/user/*/podman/podman.sock"),
    ("containerd", "/run/containerd/containerd.sock"),
    ("containerd", "/run/host-containerd/containerd.sock"),
    ("cri-o", "/run/crio/crio.sock"),
    ("k3s", "/run/k3s/containerd/containerd.sock"),
)


def cgroups(context: Context) -> Answer:
    """Tell which hierarchies of control groups are mounted."""
    mounts = list(context.mounts())
    second = [mount.target for mount in mounts if mount.type == "cgroup2"]
    first = [mount for mount in mounts if mount.type == "cgroup"]
    controllers = ", ".join(sorted({mount.target.rpartition("/")[2] for mount in first}))
    if first and second:
        return Answer(good=True, found=f"hybrid: version 2 at {second[0]}, version 1 for {controllers}")
    if second:
        return Answer(good=True, found=f"version 2 at {second[0]}")
    if first:
        return Answer(good=True, found=f"version 1 for {controllers}")
    return Answer(good=False, found="none is mounted")


def engines(context: Context) -> Answer:
    """Look for the sockets of container engines."""
    found = [f"{engine} ({path})" for engine, pattern in SOCKETS for path in _sockets(context, pattern)]
    below = f" below {context.host_root}" if context.host_root else ""
    # A machine without containers is as it should be.
    return Answer(good=True, found=", ".join(found) or f"no socket of a known engine{below}")


def _sockets(context: Context, pattern: str) -> list[str]:
    """Return the sockets that a pattern leads to, without the prefixes."""
    before, star, after = pattern.partition("*")
    paths = [pattern]
    if star:
        try:
            paths = [before + name + after for name in sorted(os.listdir(context.host_path(before)))]
        except OSError:
            return []
    return [path for path in paths if _is_socket(context.host_path(path))]


def _is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)
    except OSError:
        return False


def processes(context: Context) -> Answer:
    """Tell how /proc is mounted: it may hide other users' processes."""
    target = f"{context.host_root}/proc"
    mount = next((mount for mount in context.mounts() if mount.target == target), None)
    if mount is None:
        return Answer(good=False, found=f"{target} is not mounted")
    found = f"{target}, {','.join(mount.options)}"
    hidden = [option for option in mount.options if option.startswith("hidepid=") and not _shows_all(option)]
    if "subset=pid" in mount.options:
        return Answer(
            good=False, found=found, costs="Sockets, mounts and settings are hidden (subset=pid): state is incomplete."
        )
    return Answer(not hidden, found)


def _shows_all(option: str) -> bool:
    return option.partition("=")[2] in {"0", "off"}


def pid_namespace(context: Context) -> Answer:
    """Tell whether process ids mean the same here as to the kernel."""
    if context.host_root:
        # The machine's own /proc is read instead; whose it is shows in the namespace of its first process.
        link = _link(context.host_path("/proc/1/ns/pid"))
        return Answer(link in {"", _FIRST_PID_NAMESPACE}, f"{context.host_root}/proc/1 is in {link or 'unknown'}")
    link = _link(context.path("/proc/self/ns/pid"))
    if link == _FIRST_PID_NAMESPACE:
        return Answer(good=True, found="the machine's")
    return Answer(good=False, found=link or "cannot be told")


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def processors(context: Context) -> Answer:
    """Tell the processors; each has a part in the buffers."""
    online = context.read("/sys/devices/system/cpu/online") or "unknown"
    possible = context.read("/sys/devices/system/cpu/possible") or "unknown"
    allowed = len(os.sched_getaffinity(0))
    return Answer(good=True, found=f"online {online}, possible {possible}, {allowed} for this process")


def memory(context: Context) -> Answer:
    """Tell how much memory there is."""
    lines = (line.split() for line in (context.read("/proc/meminfo") or "").splitlines())
    sizes = {words[0]: int(words[1]) for words in lines if len(words) > 1 and words[1].isdecimal()}
    total, available = sizes.get("MemTotal:"), sizes.get("MemAvailable:")
    if total is None or available is None:
        return Answer(good=False, found="/proc/meminfo does not tell")
    return Answer(available >= _LITTLE_MEMORY, f"{total >> 10} MiB, {available >> 10} MiB available")


def clock(context: Context) -> Answer:
    """Tell what the kernel reads the time from: each event is stamped."""
    source = context.read("/sys/devices/system/clocksource/clocksource0/current_clocksource")
    return Answer(source not in _SLOW_CLOCKS, source or "cannot be told")
