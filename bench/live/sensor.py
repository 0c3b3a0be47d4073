"""A sensor that watches this machine, as a process of its own, and what it uses."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

COMMAND: Final = (sys.executable, "-m", "tercel", "run", "-v")
# Falco's defaults but for where alerts and the log go: buffers are of the default size.
CONFIG: Final = """\
engine: {kind: modern_ebpf}
json_output: true
buffered_outputs: false
stdout_output: {enabled: true}
syslog_output: {enabled: false}
log_stderr: true
log_syslog: false
"""
READY: Final = re.compile(rb"(^|: )ready\b", re.MULTILINE)
START_SECONDS: Final = 60
STOP_SECONDS: Final = 120
READER_NICE: Final = -20
SETTLE_LOOKS: Final = 15
MIB: Final = 1024.0


class SensorError(Exception):
    """The sensor did not start or did not end; the text is the last of what it said."""


@dataclass(frozen=True)
class Memory:
    """MiB: the most that was resident, what is, the share in it when shared pages are divided, what is its own.

    The rings are shared with the kernel, and a page of them counts as resident once it was looked at: until they have
    been gone through once, resident memory grows without anything being kept.
    """

    peak: float
    resident: float
    share: float
    own: float


@dataclass(frozen=True)
class Ended:
    """What a sensor says when it ends."""

    events: int
    lost: int
    said: str
    dropped: int = 0  # events that no rule could need, and that never left the kernel

    @property
    def part_dropped(self) -> float:
        """What never left the kernel among everything that was captured."""
        return self.dropped / max(self.events + self.dropped, 1)

    @property
    def percent_lost(self) -> float:
        """Lost events among all of them."""
        return 100 * self.lost / max(self.events, 1)


def ended(said: str) -> Ended:
    """Read the summary that `-v` prints."""
    found = [re.search(rf"^Driver {name}:(\d+)$", said, re.MULTILINE) for name in ("Events", "Drops")]
    events, lost = (int(match[1]) if match else -1 for match in found)
    if events < 0 or lost < 0:
        raise SensorError(f"the sensor did not count: {said[-400:]}")
    dropped = re.search(r"^(\d+) events \S+ were dropped in the kernel", said, re.MULTILINE)
    return Ended(events, lost, said, int(dropped[1]) if dropped else 0)


def kib(text: str, name: str) -> float:
    """Return a figure of a file below /proc in MiB."""
    match = re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)
    return int(match[1]) / MIB if match else 0.0


class Sensor:
    """A running sensor with these rules; `with` starts and stops it, `summary` is there afterwards."""

    def __init__(
        self, folder: Path, rules: Sequence[Path], env: Mapping[str, str], options: Sequence[str] = ()
    ) -> None:
        """Write the configuration into a folder; `options` are keys with their values."""
        config = folder / "sensor.yaml"
        config.write_text(CONFIG)
        self._words = [*COMMAND, "-c", str(config)]
        for option in options:
            self._words += ["-o", option]
        for path in rules:
            self._words += ["-r", str(path)]
        self._env = {**os.environ, **env}
        self._said = bytearray()
        self._heard = threading.Condition()
        self._is_ready = False
        self._is_over = False
        self._threads: list[threading.Thread] = []
        self.summary = Ended(0, 0, "")
        # Lines of standard output, and when they were read: ns since 1970.
        self.lines: list[tuple[int, bytes]] = []
        self.started_ns = 0

    def start(self) -> None:
        """Start the process, without waiting for anything."""
        self.started_ns = time.time_ns()
        self._process = subprocess.Popen(
            self._words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self._env
        )
        for read in (self._read_out, self._read_err):
            self._threads.append(threading.Thread(target=read, daemon=True))
            self._threads[-1].start()

    def wait_ready(self) -> None:
        """Wait until it sees every event; raises SensorError."""
        with self._heard:
            self._heard.wait_for(lambda: self._is_ready or self._is_over, START_SECONDS)
        if not self._is_ready:
            self._process.kill()
            raise SensorError(f"the sensor did not get ready: {self.said()[-600:]}")

    def __enter__(self) -> Self:
        """Start, and wait until it sees every event."""
        self.start()
        self.wait_ready()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Interrupt it and read its summary, unless something went wrong before."""
        said = self.stop()
        if error is None:
            self.summary = ended(said)

    def stop(self) -> str:
        """Interrupt it, wait for its end, and return what it said."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired as error:
            self._process.kill()
            raise SensorError(f"the sensor does not end: {self.said()[-400:]}") from error
        finally:
            for thread in self._threads:
                thread.join(STOP_SECONDS)
        return self.said()

    def said(self) -> str:
        """Return its standard error up to now."""
        return bytes(self._said).decode(errors="replace")

    def _read_out(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - asked for with PIPE
        # Who says when an alert came must not have to wait for a processor.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), READER_NICE)
        for line in self._process.stdout:
            self.lines.append((time.time_ns(), line))

    def _read_err(self) -> None:
        assert self._process.stderr is not None  # noqa: S101 - asked for with PIPE
        for line in self._process.stderr:
            self._said += line
            if READY.search(line):
                self._tell_ready()
        with self._heard:
            self._is_over = True
            self._heard.notify_all()

    def _tell_ready(self) -> None:
        with self._heard:
            self._is_ready = True
            self._heard.notify_all()

    def cpu(self) -> float:
        """Return the CPU seconds of all its threads up to now, to the nanosecond."""
        tasks = Path(f"/proc/{self._process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def settle(self) -> None:
        """Wait until it has worked off what is in the rings, and uses hardly any CPU time then; not for ever."""
        before = self.cpu()
        for _ in range(SETTLE_LOOKS):
            time.sleep(0.2)
            used = self.cpu()
            if used - before < 0.01:
                return
            before = used

    def memory(self) -> Memory:
        """Return how much memory it uses."""
        root = Path(f"/proc/{self._process.pid}")
        status, sums = (root / "status").read_text(), (root / "smaps_rollup").read_text()
        return Memory(kib(status, "VmHWM"), kib(status, "VmRSS"), kib(sums, "Pss"), kib(status, "RssAnon"))
