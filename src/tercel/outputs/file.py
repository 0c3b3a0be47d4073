"""Alerts appended to a file, one a line; the file is never truncated or rotated here."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from tercel.outputs.channel import Channel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tercel.alerts.alert import Alert


class FileChannel(Channel):
    """Appends lines to a file, which is opened for each batch unless it is to be kept open."""

    name = "file"

    def __init__(self, path: str, *, keep_alive: bool = False, buffered: bool = False) -> None:
        """Append to the file at `path`."""
        self._path = path
        self._keep_alive = keep_alive
        self._buffered = buffered
        self._stream: IO[str] | None = None

    def send(self, alerts: Sequence[Alert]) -> None:
        """Append one line per alert."""
        lines = "".join([alert.line + "\n" for alert in alerts])
        stream = self._stream or self._open()
        try:
            stream.write(lines)
            if not self._buffered:
                stream.flush()
        finally:
            if not self._keep_alive:
                self.close()

    def reopen(self) -> None:
        """Close the file; the next alert opens whatever then bears its name."""
        self.close()

    def close(self) -> None:
        """Close the file if it is open."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def _open(self) -> IO[str]:
        stream = open(self._path, "a", encoding="utf-8")  # noqa: SIM115 - kept open on request, `close` closes it
        self._stream = stream
        return stream
