"""Several capture files in a row, read as one: each begins a section, and the numbering of events goes on."""

from __future__ import annotations

from collections.abc import Sequence

from tercel.capture.savefile.reader import SavefileReader
from tercel.capture.source import Source, StateSink


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
        reader.event = self.event
        return reader

    def fill(self) -> bool:
        """Bring the next events into memory, of the next file where one ends; False at the end of the last one."""
        while not self.current.fill():
            if not self._waiting:
                return False
            first_num = self.current.next_num()
            self.close()
            self.current = self._open(self._waiting.pop(0), first_num)
        return True

    def advance(self) -> bool:
        """Move to the next event of the window."""
        return self.current.advance()

    def hold(self) -> None:
        """Have the next `advance` stay where it is."""
        self.current.hold()

    def close(self) -> None:
        """Close the file at hand."""
        self.current.close()
