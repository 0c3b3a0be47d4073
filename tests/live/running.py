"""Sensors that are killed, stalled and started in strange surroundings, and what they leave in the kernel."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any, Final

import yaml

from tercel.sensor.bpf_holders import find_holders
from tercel.sensor.bpf_objects import programs
from tests.live.sensor import CONFIG, LiveSensor, command

MARK: Final = "tercel_marked"
RULE: Final = "Marked file opened"
RULES: Final = f"""
- rule: {RULE}
  desc: A file of the test was opened.
  condition: evt.type in (open, openat) and fd.name contains {MARK}
  output: opened (file=%fd.name pid=%proc.pid command=%proc.cmdline exe=%proc.exepath parent=%proc.pname)
  priority: WARNING
"""
# Starts a command in a mount namespace of its own, in which a shell has changed something first.
_PRIVATE: Final = ("unshare", "-m", "--propagation", "private", "sh", "-c")
# A /proc in which a user sees nobody else's processes; no type information of the kernel; no libbpf.
HIDEPID: Final = (*_PRIVATE, 'mount -t proc -o hidepid=2 proc /proc && exec "$@"', "sh")
NO_BTF: Final = (*_PRIVATE, 'mount -t tmpfs none /sys/kernel/btf && exec "$@"', "sh")
_HIDE_LIBBPF: Final = """
for it in $(ldconfig -p | sed -n "s/.*libbpf.so.1.* => //p"); do
    mount --bind /dev/null "$(readlink -f "$it")"
done
exec "$@"
"""
NO_LIBBPF: Final = (*_PRIVATE, _HIDE_LIBBPF, "sh")
NOBODY: Final = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
_ATTEMPT_SECONDS: Final = 15
_GONE_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended."""

    status: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The line that says why it ended."""
        return next((line for line in self.err.splitlines() if line.startswith("Error: ")), "")


def rules_file(folder: Path, text: str = RULES) -> Path:
    """Write rules into a folder."""
    path = folder / "rules.yaml"
    path.write_text(text)
    return path


def words_of(folder: Path, options: Sequence[str] = (), config: dict[str, Any] | None = None) -> list[str]:
    """Return the words of a command that runs a sensor with the rules of the test."""
    settings = folder / "attempt.yaml"
    settings.write_text(yaml.safe_dump({**CONFIG, **(config or {})}))
    words = [*command(), "run", "-c", str(settings), "-r", str(rules_file(folder))]
    return [*words, *(word for option in options for word in ("-o", option))]


def attempt(
    folder: Path,
    prefix: Sequence[str] = (),
    options: Sequence[str] = (),
    environment: dict[str, str] | None = None,
) -> Outcome:
    """Have a sensor run for a second, if it can be."""
    run = subprocess.run(
        [*prefix, *words_of(folder, options), "-M", "1"],
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_ATTEMPT_SECONDS,
        check=False,
    )
    return Outcome(run.returncode, run.stdout, run.stderr)


class Running(LiveSensor):
    """A sensor that can be sent signals, behind other commands if need be."""

    def __init__(
        self,
        folder: Path,
        *,
        prefix: Sequence[str] = (),
        options: Sequence[str] = (),
        config: dict[str, Any] | None = None,
        rules: str = RULES,
    ) -> None:
        """Write rules and configuration into a folder."""
        super().__init__(folder, [rules_file(folder, rules)], options, config=config)
        self.words = [*prefix, *self.words]

    @property
    def pid(self) -> int:
        """The sensor's process: the commands in front of it become it."""
        assert self._process is not None
        return self._process.pid

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Have the sensor stand still meanwhile."""
        self.send(signal.SIGSTOP)
        try:
            yield
        finally:
            self.send(signal.SIGCONT)

    def of(self, rule: str) -> list[dict[str, Any]]:
        """Return the fields of a rule's alerts."""
        return [alert.fields for alert in self.alerts if alert.rule == rule]

    def sees(self, path: Path, seconds: float = 5) -> bool:
        """Open a file and return whether an alert tells of it."""
        before = len(self.alerts)
        path.read_bytes()
        name = str(path)
        return self.wait(lambda: any(a.fields.get("fd.name") == name for a in self.alerts[before:]), seconds)


def marked_file(folder: Path, name: str = "") -> Path:
    """Return a file whose opening is told of."""
    path = folder / f"{MARK}{name}"
    path.write_text("hello")
    return path


def until(reached: Callable[[], bool], seconds: float) -> bool:
    """Look every now and then whether something is so, for so long at most."""
    end = time.monotonic() + seconds
    pause = Event()
    while not reached():
        if time.monotonic() > end:
            return False
        pause.wait(0.02)
    return True


def unheld() -> frozenset[str]:
    """Return the probe's programs that are in the kernel though no process holds them."""
    # In this order: a sensor that starts meanwhile holds what it loads, one that ends has nothing in the kernel then.
    ours = {program.id: program.name for program in programs() if program.name.startswith("tercel")}
    held = {number for holder in find_holders().holders for number in holder.programs}
    return frozenset(f"{number} {name}" for number, name in ours.items() if number not in held)


def left_behind(before: frozenset[str]) -> frozenset[str]:
    """Return the programs without a holder that were not there before."""
    # The kernel lets go of programs a moment after their last holder.
    until(lambda: unheld() <= before, _GONE_SECONDS)
    return unheld() - before


def status_of(pid: int, key: str) -> dict[int, str]:
    """Return what /proc says under a key about each thread of a process."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        lines = dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)
        found[int(task.name)] = lines[key].strip()
    return found
