from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tercel.sensor.doctor import surroundings
from tercel.sensor.doctor.context import Context
from tests.unit.sensor.doctor.trees import machine

FIRST = "cgroup /sys/fs/cgroup/memory cgroup rw 0 0\ncgroup /sys/fs/cgroup/cpu cgroup rw 0 0\n"
SECOND = "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n"


@pytest.mark.parametrize(
    ("mounts", "good", "found"),
    [
        (SECOND, True, "version 2 at /sys/fs/cgroup/unified"),
        (FIRST, True, "version 1 for cpu, memory"),
        (FIRST + SECOND, True, "hybrid: version 2 at /sys/fs/cgroup/unified, version 1 for cpu, memory"),
        ("proc /proc proc rw 0 0\n", False, "none is mounted"),
    ],
)
def test_the_layout_of_control_groups_is_told(mounts: str, good: bool, found: str, tmp_path: Path) -> None:
    """Container ids are read from either version."""
    answer = surroundings.cgroups(machine(tmp_path, {"/proc/self/mounts": mounts}))
    assert (answer.good, answer.found) == (good, found)


def test_sockets_of_engines_are_found_below_host_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those of users; a file of the name is no socket."""
    host = tmp_path / "host"
    for path in ("run/crio/crio.sock", "run/user/1000/podman/podman.sock"):
        (host / path).parent.mkdir(parents=True)
        # The name of a socket may have about a hundred bytes; a short one is bound from within its folder.
        monkeypatch.chdir((host / path).parent)
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind((host / path).name)
    (host / "var/run").mkdir(parents=True)
    (host / "var/run/docker.sock").write_text("")
    answer = surroundings.engines(Context(str(tmp_path), "/host"))
    assert answer.found == "podman (/run/user/1000/podman/podman.sock), cri-o (/run/crio/crio.sock)"


def test_a_machine_without_engines_is_well(tmp_path: Path) -> None:
    """With the place that was looked at."""
    assert surroundings.engines(Context(str(tmp_path), "")).found == "no socket of a known engine"
    answer = surroundings.engines(Context(str(tmp_path), "/host"))
    assert (answer.good, answer.found) == (True, "no socket of a known engine below /host")


@pytest.mark.parametrize(
    ("options", "good"),
    [
        ("rw,relatime", True),
        ("rw,hidepid=0", True),
        ("rw,hidepid=off", True),
        ("rw,hidepid=2", False),
        ("rw,hidepid=invisible", False),
        ("rw,subset=pid", False),
    ],
)
def test_a_proc_that_hides_is_told(options: str, good: bool, tmp_path: Path) -> None:
    """Kernels print the option as a number or as a word."""
    context = machine(tmp_path, {"/proc/self/mounts": f"proc /proc proc {options} 0 0\n"})
    answer = surroundings.processes(context)
    assert (answer.good, answer.found) == (good, f"/proc, {options}")


def test_below_host_root_another_proc_counts(tmp_path: Path) -> None:
    """The machine's, not the container's."""
    mounts = "proc /proc proc rw 0 0\nproc /host/proc proc rw,hidepid=1 0 0\n"
    context = machine(tmp_path, {"/proc/self/mounts": mounts}, host_root="/host")
    assert surroundings.processes(context).found == "/host/proc, rw,hidepid=1"
    assert surroundings.processes(Context(str(tmp_path), "/else")).found == "/else/proc is not mounted"


def test_a_pid_namespace_of_its_own_is_told(tmp_path: Path) -> None:
    """The kernel's ids are others than those in /proc there."""
    assert surroundings.pid_namespace(machine(tmp_path)).good
    link = tmp_path / "proc/self/ns/pid"
    link.unlink()
    link.symlink_to("pid:[4026532177]")
    answer = surroundings.pid_namespace(Context(str(tmp_path), ""))
    assert (answer.good, answer.found) == (False, "pid:[4026532177]")


@pytest.mark.parametrize(("namespace", "good"), [("4026531836", True), ("4026532177", False)])
def test_below_host_root_the_namespace_of_its_first_process_counts(namespace: str, good: bool, tmp_path: Path) -> None:
    """A container that mounts the machine's /proc sees the kernel's ids in it."""
    link = tmp_path / "host/proc/1/ns/pid"
    link.parent.mkdir(parents=True)
    link.symlink_to(f"pid:[{namespace}]")
    assert surroundings.pid_namespace(Context(str(tmp_path), "/host")).good == good


def test_processors_and_memory_are_told(tmp_path: Path) -> None:
    """With what this process may use."""
    context = machine(tmp_path)
    assert surroundings.processors(context).found.startswith("online 0-3, possible 0-7, ")
    answer = surroundings.memory(context)
    assert (answer.good, answer.found) == (True, "7812 MiB, 3906 MiB available")


@pytest.mark.parametrize("text", ["MemTotal: 500000 kB\nMemAvailable: 100000 kB\n", "strange\n", None])
def test_little_memory_is_told(text: str | None, tmp_path: Path) -> None:
    """So is a file that does not tell."""
    assert not surroundings.memory(machine(tmp_path, {"/proc/meminfo": text})).good


@pytest.mark.parametrize(("source", "good"), [("tsc", True), ("kvm-clock", True), ("hpet", False), (None, True)])
def test_a_slow_clock_is_told(source: str | None, good: bool, tmp_path: Path) -> None:
    """Every event is stamped."""
    path = "/sys/devices/system/clocksource/clocksource0/current_clocksource"
    assert surroundings.clock(machine(tmp_path, {path: source})).good == good
