"""The sensor's own log: what it does, not what it detects."""

from __future__ import annotations

import time
from typing import IO

from tercel.sensor.config import LOG_LEVELS


class Log:
    """Writes lines that start with the time to a stream, down to a level.

    Until `configure` says otherwise, warnings and everything worse are written: what goes wrong while the configuration
    is read must not be lost.
    """

    def __init__(self, stream: IO[str]) -> None:
        """Write to `stream`."""
        self._stream = stream
        self._level = LOG_LEVELS.index("warning")
        self._enabled = True
        self._iso = False

    def configure(self, *, enabled: bool, level: str, iso: bool) -> None:
        """Apply the keys `log_stderr`, `log_level` and `time_format_iso_8601`."""
        self._enabled = enabled
        self._level = LOG_LEVELS.index(level.lower())
        self._iso = iso

    def write(self, level: str, text: str) -> None:
        """Write a line of the given level."""
        if not self._enabled or LOG_LEVELS.index(level) > self._level:
            return
        now = time.time()
        if self._iso:
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S+0000", time.gmtime(now))
        else:
            stamp = time.strftime("%a %b %e %H:%M:%S %Y", time.localtime(now))
        try:
            self._stream.write(f"{stamp}: {text}\n")
            self._stream.flush()
        except (OSError, ValueError):
            # Nobody listens: standard error is closed. Detection goes on.
            self._enabled = False

    def info(self, text: str) -> None:
        """Write a line of level info."""
        self.write("info", text)

    def warning(self, text: str) -> None:
        """Write a line of level warning."""
        self.write("warning", text)

    def error(self, text: str) -> None:
        """Write a line of level error."""
        self.write("error", text)

    def debug(self, text: str) -> None:
        """Write a line of level debug."""
        self.write("debug", text)
