"""Several capture files in a row, read as one: each begins a section, and the numbering of events goes on."""

from __future__ import annotations

from collections.abc import Sequence

from tercel.capture.savefile.reader import SavefileReader
from tercel.capture.source import Source, StateSink
from tercel.events.event import Event


class SavefileSequence(Source):
    """Reads files one after the other into one sink; `current` is the reader of the file at hand.

    A file is opened when it is reached, so that one that is not there does not keep those before it from being read.
    """

    def __init__(self, paths: Sequence[str], sink: StateSink | None = None) -> None:
        """Open the first of the files."""
        super().__init__()
        self.sink: StateSink = sink if sink is not None else StateSink()
        self._waiting: list[str] = list(paths[1:])
        self.current: SavefileReader = self._open(paths[0], 1)

    def _open(self, path: str, first_num: int) -> SavefileReader:
        reader = SavefileReader(path, self.sink, first_num)
        reader.stats = self.stats
        return reader

    def next_batch(self) -> list[Event]:
        """Return the next events; none at the end of the last file."""
        batch = self.current.next_batch()
        while not batch and self._waiting:
            first_num = self.current.next_num()
            self.close()
            self.current = self._open(self._waiting.pop(0), first_num)
            batch = self.current.next_batch()
        return batch

    def close(self) -> None:
        """Close the file at hand."""
        self.current.close()
