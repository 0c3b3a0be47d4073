"""Alerts and channels for the tests of outputs."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from tercel.alerts.alert import Alert
from tercel.outputs.channel import Channel


def alert(line: str) -> Alert:
    """Return an alert of which only the line matters."""
    return Alert(
        time_ns=1,
        rule="r",
        priority=4,
        source="syscall",
        tags=(),
        hostname="h",
        output=line,
        message=line,
        fields={},
        line=line,
    )


class Recorder(Channel):
    """Keeps what it is given; waits for `gate` before each batch."""

    name = "recorder"

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.calls: list[str] = []
        self.gate = threading.Event()
        self.gate.set()

    def open(self) -> None:
        self.calls.append("open")

    def send(self, alerts: Sequence[Alert]) -> None:
        self.gate.wait(10)
        self.lines += [each.line for each in alerts]

    def reopen(self) -> None:
        self.calls.append(f"reopen after {len(self.lines)}")

    def close(self) -> None:
        self.calls.append("close")
