"""Runs an action where it belongs: in namespaces of its own over a private root, if need be in a container's cgroup."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.live.attacks.action import Action, Place

TOOLS: Final = Path(__file__).with_name("tools")
SECONDS: Final = 30
# Hierarchies that a process can be put into at once: cpuset wants masks first, memory may hold this machine's limits.
LATER: Final = frozenset({"cpuset", "memory"})

_NAMESPACES: Final = ("unshare", "--mount", "--net", "--propagation", "private")
_OF_PROCESSES: Final = ("--pid", "--fork", "--kill-child")


@dataclass(frozen=True, slots=True)
class Done:
    """How an action went: its container (twelve digits, or host), when it ran, and what it printed on stderr."""

    action: Action
    container: str
    began: int
    ended: int
    status: int
    errors: str


def cgroup_roots() -> list[Path]:
    """Return where cgroup hierarchies of either version are mounted."""
    roots = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        if after.split()[0] in {"cgroup", "cgroup2"}:
            roots.append(Path(before.split()[4]))
    return roots


@contextlib.contextmanager
def docker_cgroup(identity: str) -> Iterator[list[Path]]:
    """Make the cgroup that a container of Docker has in each hierarchy; yield the files that take its processes."""
    places = [root / "docker" / identity for root in cgroup_roots() if not LATER & set(root.name.split(","))]
    try:
        for place in places:
            place.mkdir(parents=True)
        yield [place / "cgroup.procs" for place in places]
    finally:
        remove_container(identity)


def remove_container(identity: str) -> None:
    """Remove the cgroups of a container, and those above it if nothing else is in there."""
    for root in cgroup_roots():
        place = root / "docker" / identity
        if place.is_dir():
            _empty(place)
            place.rmdir()
        with contextlib.suppress(OSError):
            place.parent.rmdir()


def _empty(place: Path) -> None:
    """End what is left in a cgroup, and wait until it has ended."""
    for pid in (place / "cgroup.procs").read_text().split():
        with contextlib.suppress(ProcessLookupError):
            process = os.pidfd_open(int(pid))
            try:
                signal.pidfd_send_signal(process, signal.SIGKILL)
                select.select([process], [], [], SECONDS)
            finally:
                os.close(process)


def play(action: Action) -> Done:
    """Do what an action says, and clean up."""
    identity = secrets.token_hex(32)
    if action.place is Place.HOST:
        return _run(action, [*_NAMESPACES, "bash", str(TOOLS / "stage.sh")], "host")
    if action.place is Place.RUNC:
        return _play_in_runc(action, identity)
    extra = _OF_PROCESSES if action.place is Place.INIT else ()
    with docker_cgroup(identity) as members:
        command = [*_NAMESPACES, *extra, "bash", str(TOOLS / "stage.sh"), *map(str, members)]
        return _run(action, command, identity[:12])


def _play_in_runc(action: Action, identity: str) -> Done:
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.json"
        subprocess.run(["runc", "spec"], cwd=folder, check=True, capture_output=True)
        config.write_text(json.dumps(container_config(json.loads(config.read_text()), action, identity)))
        try:
            return _run(
                action, [*_NAMESPACES, "bash", str(TOOLS / "stage_runc.sh"), identity, str(config)], identity[:12]
            )
        finally:
            remove_container(identity)


def container_config(config: dict[str, Any], action: Action, identity: str) -> dict[str, Any]:
    """Change runc's sample configuration so that it runs an action over the private root."""
    config["root"] = {"path": "/mnt/root", "readonly": False}
    config["process"].update(
        terminal=action.terminal,
        cwd=action.here,
        args=["bash", "/attack/tools/run.sh", "/attack/script.sh"],
    )
    config["linux"]["cgroupsPath"] = f"/docker/{identity}"
    return config


def _run(action: Action, command: list[str], container: str) -> Done:
    environment = {
        "PATH": os.environ["PATH"],
        "TOOLS": str(TOOLS),
        "SLUG": action.slug,
        "SCRIPT": action.script,
        "TERMINAL": "yes" if action.terminal else "",
    }
    began = time.time_ns()
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            _, errors = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return Done(action, container, began, time.time_ns(), process.returncode, errors)
