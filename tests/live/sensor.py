"""A sensor that watches this machine, as a process of its own, and the alerts as they arrive."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Self

import pytest
import yaml

# What the sensor says on standard error once it sees every event.
READY: Final = re.compile(r"(^|: )ready\b", re.MULTILINE)
START_SECONDS: Final = 20
STOP_SECONDS: Final = 10

# Runs a command with a file in the place of /etc/hosts; the process keeps its id, so signals reach it.
_WITH_HOSTS: Final = ("unshare", "--mount", "--propagation", "private", "bash", "-c")
_MOUNT_HOSTS: Final = 'mount --bind "$0" /etc/hosts && exec "$@"'

CONFIG: Final[dict[str, Any]] = {
    "engine": {"kind": "modern_ebpf"},
    "rule_matching": "all",
    "priority": "debug",
    "rules": [{"enable": {"rule": "*"}}],
    "json_output": True,
    "json_include_tags_property": False,
    "buffered_outputs": False,
    "stdout_output": {"enabled": True},
    "syslog_output": {"enabled": False},
    "log_stderr": True,
    "log_syslog": False,
    "log_level": "info",
    "webserver": {"enabled": False},
    # Every alert says in its fields where it came from.
    "append_output": [{"extra_output": "directory=%proc.cwd process=%proc.name container=%container.id"}],
}

needs_live = pytest.mark.skipif(
    os.geteuid() != 0 or not Path("/sys/kernel/btf/vmlinux").exists(),
    reason="watching the machine needs root and a kernel with type information (BTF)",
)


class SensorError(Exception):
    """The sensor did not start; the text is what it said."""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert, and when its line was read (nanoseconds since 1970)."""

    received: int
    rule: str
    fields: dict[str, Any]

    @property
    def delay(self) -> int:
        """Nanoseconds from the event to the line."""
        return self.received - int(self.fields["evt.time"])


def command() -> list[str]:
    """Return the installed command, or the one of the sources where nothing is installed."""
    installed = Path(sys.executable).with_name("tercel")
    return [str(installed)] if installed.exists() else [sys.executable, "-m", "tercel"]


class LiveSensor:
    """A running sensor with these rules; `with` starts and stops it."""

    def __init__(
        self,
        folder: Path,
        rules: Sequence[Path],
        options: Sequence[str] = (),
        hosts: str = "",
        config: dict[str, Any] | None = None,
    ) -> None:
        """Write the configuration (and a hosts file with more names) into a folder."""
        config_file, hosts_file = folder / "live.yaml", folder / "hosts"
        config_file.write_text(yaml.safe_dump({**CONFIG, **(config or {})}))
        hosts_file.write_text(Path("/etc/hosts").read_text() + hosts)
        words = [*command(), "run", "-c", str(config_file)]
        for path in rules:
            words += ["-r", str(path)]
        for option in options:
            words += ["-o", option]
        self.words: list[str] = [*_WITH_HOSTS, _MOUNT_HOSTS, str(hosts_file), *words]
        self.alerts: list[Alert] = []
        self.log: list[str] = []
        self.status: int | None = None
        self._changed = threading.Condition()
        self._ready = False
        self._ended = False
        self._threads: list[threading.Thread] = []
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        """Start, and wait until events are seen."""
        process = subprocess.Popen(
            self.words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._process = process
        assert process.stdout is not None
        assert process.stderr is not None
        self._read(process.stdout, self._take_alert)
        self._read(process.stderr, self._take_log)
        if not self.wait(lambda: self._ready, START_SECONDS):
            self.stop()
            raise SensorError(f"not ready: exit status {self.status}, said: {self.log}")
        return self

    def __exit__(self, *error: object) -> None:
        """Stop."""
        self.stop()

    def wait(self, reached: Callable[[], bool], seconds: float) -> bool:
        """Wait until something is so, the sensor ends or time is over; return whether it is so."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or reached(), seconds)
            return reached()

    def stop(self) -> None:
        """Interrupt the sensor and take what it still has to say."""
        process = self._process
        if process is None or self.status is not None:
            return
        process.send_signal(signal.SIGINT)
        try:
            self.status = process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            self.status = process.wait()
        for thread in self._threads:
            thread.join()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()

    def _read(self, pipe: IO[str], take: Callable[[str, int], None]) -> None:
        def run() -> None:
            for line in pipe:
                now = time.time_ns()
                with self._changed:
                    take(line, now)
                    self._changed.notify_all()
            with self._changed:
                self._ended = True
                self._changed.notify_all()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _take_alert(self, line: str, now: int) -> None:
        if line.startswith("{"):
            alert = json.loads(line)
            if "rule" in alert:
                self.alerts.append(Alert(now, alert["rule"], alert["output_fields"]))

    def _take_log(self, line: str, now: int) -> None:
        self.log.append(line.rstrip("\n"))
        self._ready = self._ready or READY.search(line) is not None
