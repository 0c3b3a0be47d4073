"""Alerts on standard output, one a line."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from tercel.outputs.channel import Channel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tercel.alerts.alert import Alert


class StdoutChannel(Channel):
    """Writes lines to a text stream; unbuffered means that each batch is flushed before the next."""

    name = "stdout"

    def __init__(self, stream: IO[str], *, buffered: bool = False, before: str = "") -> None:
        """Write to `stream`, which stays open when the channel closes; `before` goes in front of each batch."""
        self._before = before
        self._stream = stream
        self._buffered = buffered

    def send(self, alerts: Sequence[Alert]) -> None:
        """Write one line per alert."""
        self._stream.write(self._before + "".join([alert.line + "\n" for alert in alerts]))
        if not self._buffered:
            self._stream.flush()

    def close(self) -> None:
        """Flush what the stream holds."""
        self._stream.flush()
