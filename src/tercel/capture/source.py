"""What every event source offers and needs: events in batches, a sink for the state that it finds, its errors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mypy_extensions import i64, mypyc_attr

from tercel.events.event import Event
from tercel.events.table import EVENTS
from tercel.state.model import FdInfo, Interface, MachineInfo, ThreadInfo, User


class CaptureError(Exception):
    """A capture cannot be read further.

    `offset` is the byte at which the trouble starts, counted in the uncompressed data (-1 when it has no place), and
    `path` what was being read.
    """

    def __init__(self, message: str, offset: int = -1, path: str = "") -> None:
        """Keep the parts; `str()` puts them into one line."""
        self.message: str = message
        self.offset: int = offset
        self.path: str = path
        super().__init__(message)

    def __str__(self) -> str:
        """Return path, offset and message in one line."""
        where = [self.path] if self.path else []
        if self.offset >= 0:
            where.append(f"offset {self.offset}")
        return f"{', '.join(where)}: {self.message}" if where else self.message


@mypyc_attr(allow_interpreted_subclasses=True)
class StateSink:
    """Receives what a source knows of the machine, in the order in which the source tells it.

    Every method does nothing here, so that a reader can be run for its events alone.
    """

    def new_section(self) -> None:
        """Forget everything: what follows was recorded on another machine or at another time."""

    def machine_info(self, info: MachineInfo) -> None:
        """Take the facts of the host."""

    def interface(self, interface: Interface) -> None:
        """Take one address of a network interface."""

    def user(self, user: User) -> None:
        """Take one account of the host."""

    def group(self, gid: i64, name: str) -> None:
        """Take one group of the host."""

    def thread(self, thread: ThreadInfo) -> None:
        """Take one thread; the object is the sink's from here on."""

    def fd(self, tid: i64, number: i64, fd: FdInfo) -> None:
        """Take one descriptor of a thread that may or may not be known; the object is the sink's from here on."""

    def wants_threads(self) -> bool:
        """Return whether the thread table has room; a source may leave out further threads when it has not."""
        return True

    def metadata_done(self) -> None:
        """Note that the section's state is complete and that events follow."""


@mypyc_attr(allow_interpreted_subclasses=True)
class ThreadLookup:
    """Tells of single threads that turn up without having been told of before; knows none here."""

    def tell_thread(self, tid: i64, sink: StateSink) -> bool:
        """Tell a sink of a thread and its descriptors; return whether it is there."""
        return False


@mypyc_attr(allow_interpreted_subclasses=True)
class StateSource:
    """Gives a writer the state to put in front of the events; everything is empty here."""

    def saved_info(self) -> MachineInfo:
        """Return the facts of the host."""
        return MachineInfo()

    def saved_interfaces(self) -> Iterable[Interface]:
        """Return the addresses of the network interfaces."""
        return []

    def saved_users(self) -> Iterable[User]:
        """Return the accounts of the host."""
        return []

    def saved_groups(self) -> Iterable[tuple[int, str]]:
        """Return (gid, name) of the host's groups."""
        return []

    def saved_threads(self) -> Iterable[ThreadInfo]:
        """Return the threads."""
        return []

    def saved_fds(self, thread: ThreadInfo) -> Iterable[tuple[int, FdInfo]]:
        """Return (number, descriptor) of the descriptors listed under a thread."""
        return sorted(thread.fds.items())


# Types of blocks counted apart: a damaged capture may have any number of them.
_MOST_KINDS: Final = 1024


class SourceStats:
    """What a source has met so far; events are counted when the window that they are in is left.

    `skipped_blocks` counts blocks of types unknown to the reader by type; `unknown_events` are events of types that
    a later version added, `malformed_events` those whose lengths contradict each other: both are numbered but not
    handed out. `bad_trailers` counts event blocks whose closing length differs from the opening one.
    """

    def __init__(self) -> None:
        """Start at zero."""
        self.bytes: int = 0
        self.blocks: int = 0
        self.events: int = 0
        self.sections: int = 0
        self.unknown_events: int = 0
        self.malformed_events: int = 0
        self.bad_trailers: int = 0
        self.skipped_threads: int = 0
        self.skipped_blocks: dict[int, int] = {}

    def skip_block(self, kind: int) -> None:
        """Count a block that was passed over; beyond so many types, those to come count as one (0)."""
        if kind not in self.skipped_blocks and len(self.skipped_blocks) >= _MOST_KINDS:
            kind = 0
        self.skipped_blocks[kind] = self.skipped_blocks.get(kind, 0) + 1


def remarks(sources: list[SourceStats]) -> list[str]:
    """Return a sentence for each kind of thing in the sources that was passed over."""
    counts = (
        (sum([sum(stats.skipped_blocks.values()) for stats in sources]), "blocks of unknown types were passed over"),
        (sum([stats.unknown_events for stats in sources]), "events of unknown types were passed over"),
        (sum([stats.malformed_events for stats in sources]), "events with contradicting lengths were passed over"),
        (sum([stats.skipped_threads for stats in sources]), "threads were left out because the table was full"),
        (sum([stats.bad_trailers for stats in sources]), "blocks end with another length than they begin with"),
    )
    return [f"{count} {text}" for count, text in counts if count]


# How many events `next_batch` returns at most.
BATCH_EVENTS: Final = 4096


@mypyc_attr(allow_interpreted_subclasses=True)
class Source:
    """Where events come from: one event that moves over windows of bytes.

    while source.fill():
        while source.advance():
            look at source.event

    """

    def __init__(self) -> None:
        """Start with nothing read."""
        self.stats: SourceStats = SourceStats()
        self.event: Event = Event(b"", 0, 0, 0, EVENTS[0], 0, -1)

    def fill(self) -> bool:
        """Bring the next window of events into memory; False at the end.

        What the source knows of the machine goes to the sink here, before the events that follow it. Raises
        CaptureError once every event before the trouble has been advanced to.
        """
        raise NotImplementedError

    def advance(self) -> bool:
        """Move `event` to the next one of the window; False when there is none, and `event` stays where it is."""
        raise NotImplementedError

    def hold(self) -> None:
        """Have the next `advance` stay at the event that the last one moved to."""
        raise NotImplementedError

    def next_batch(self) -> list[Event]:
        """Return copies of the next events in order; an empty list says that there are no more.

        Raises CaptureError once everything before the trouble has been returned.
        """
        batch: list[Event] = []
        while True:
            while len(batch) < BATCH_EVENTS and self.advance():
                batch.append(self.event.copy())
            if batch or not self.fill():
                return batch

    def close(self) -> None:
        """Release what the source holds; it yields no events afterwards."""
