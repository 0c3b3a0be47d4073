"""How far a replay has come, on a terminal."""

from __future__ import annotations

import os
import time
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tercel.capture.savefile.reader import SavefileReader

CLEAR_LINE: Final = "\r\x1b[K"
_INTERVAL: Final = 0.2


class Progress:
    """Keeps one line on a terminal up to date.

    The share is that of the file's bytes; for a pipe, which has no size, there is only the number of events.
    """

    def __init__(self, stream: IO[str], path: str) -> None:
        """Show the progress of reading `path`."""
        self._stream = stream
        self._name = os.path.basename(path) or path
        self._next = time.monotonic() + _INTERVAL
        self._shown = False

    def show(self, source: SavefileReader) -> None:
        """Refresh the line if it is time."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _INTERVAL
        share = f"{100 * source.progress:5.1f} %, " if source.progress else ""
        self._stream.write(f"\r{self._name}: {share}{source.stats.events} events\x1b[K")
        self._stream.flush()
        self._shown = True

    def clear(self) -> None:
        """Take the line away again."""
        if self._shown:
            self._stream.write(CLEAR_LINE)
            self._stream.flush()
            self._shown = False
