"""Live capture as all above it uses it: the probe, what runs already, and the state mended where it got holes."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from tercel.capture.ebpf.live import LiveSource
from tercel.capture.ebpf.loader import LiveOptions, names_of_all
from tercel.capture.ebpf.ring import NEVER
from tercel.capture.procfs.snapshot import ProcFs, SnapshotStats, host_root_from_environment
from tercel.capture.source import ThreadLookup
from tercel.events.event import MalformedEventError
from tercel.pushdown.policy import passing
from tercel.sensor.drops import Drops
from tercel.sensor.renewal import Renewal

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from tercel.capture.ebpf.guards import KernelPolicy
    from tercel.capture.ebpf.loader import Counts
    from tercel.capture.source import SourceStats, StateSink
    from tercel.events.event import Event as RawEvent
    from tercel.state.machine import Machine
    from tercel.state.model import ThreadInfo

# Threads that turn up unknown are looked up in /proc, so many a second at most.
_LOOKUPS: Final = 500
# Calls that the closing remark about dropped events names.
_MOST_SHOWN: Final = 6
# Seconds between two renewals of the whole state.
_RENEWAL: Final = 5.0
# The counters of lost events by the classes that the probe counts in, as Falco's alerts name them.
COUNTERS: Final[dict[str, str]] = {
    "clone_fork": "n_drops_buffer_clone_fork_exit",
    "execve": "n_drops_buffer_execve_exit",
    "connect": "n_drops_buffer_connect_exit",
    "open": "n_drops_buffer_open_exit",
    "dir_file": "n_drops_buffer_dir_file_exit",
    "other": "n_drops_buffer_other_interest_exit",
    "close": "n_drops_buffer_close_exit",
    "exit": "n_drops_buffer_proc_exit",
}


@dataclass(frozen=True, slots=True)
class Pushdown:
    """What the probe may drop. In `shadow` it reports that all the same, marked; else one event in `sample_every`.

    `shows_tables` says that a rule shows all descriptors of a process.
    """

    policy: KernelPolicy
    shadow: bool = False
    sample_every: int = 0
    shows_tables: bool = False


@dataclass(frozen=True, slots=True)
class LiveRequest:
    """What is to be captured: names of system calls and tracepoints (None: all), bytes of buffers, sizes of rings.

    Nothing of it is dropped without `pushdown`.
    """

    syscalls: frozenset[str] | None
    snaplen: int = 80
    buffer_bytes: int = 8 << 20
    vital_bytes: int = 2 << 20
    drop_failed: bool = False
    pushdown: Pushdown | None = None


class _Lookup(ThreadLookup):
    """Looks single threads up in /proc, as long as there are not too many of them."""

    def __init__(self, procfs: ProcFs, machine: Machine) -> None:
        self.procfs = procfs
        self.machine = machine
        self.found = 0
        self.missed = 0
        self.refused = 0
        # Whether descriptors were found that the probe does not take for known.
        self.found_fds = False
        self._second = 0
        self._left = 0

    def tell_thread(self, tid: int, sink: StateSink) -> bool:
        """Tell a sink of a thread, and of its process if that is not known either."""
        second = int(time.monotonic())
        if second != self._second:
            self._second = second
            self._left = _LOOKUPS
        if self._left <= 0:
            self.refused += 1
            return False
        self._left -= 1
        thread = self.procfs.read_thread(tid)
        if thread is None:
            self.missed += 1
            return False
        self.found += 1
        if thread.pid != tid and thread.pid not in self.machine.threads:
            leader = self.procfs.read_thread(thread.pid)
            if leader is not None:
                sink.thread(leader)
                self._tell_fds(leader.pid, sink)
                self.machine.table.link(leader)
        sink.thread(thread)
        if thread.pid == tid:
            self._tell_fds(tid, sink)
        return True

    def _tell_fds(self, pid: int, sink: StateSink) -> None:
        for number, fd in self.procfs.read_fds(pid):
            sink.fd(pid, number, fd)
            self.found_fds = True


class LiveCapture:
    """The running machine: used as a capture file is, but its events do not end before `stop`.

    `fill` returns every quarter of a second at least.
    """

    def __init__(self, machine: Machine, request: LiveRequest, host_root: str = "") -> None:
        """Load the probe, begin to capture, and tell the machine what runs; raises CaptureError."""
        self.machine = machine
        self.malformed = 0
        self.on_initial: Callable[[RawEvent], object] | None = None
        self.repairs = 0
        self._procfs = ProcFs(host_root)
        self._wanted = names_of_all() if request.syscalls is None else request.syscalls
        self._pushdown = request.pushdown
        # Why the probe did not take a policy.
        self.refusal = ""
        # The time after which all open descriptors have to be known, those that were dropped before as well.
        self._incomplete_until = 0
        self.lookup = _Lookup(self._procfs, machine)
        # The last loss that the state was not mended after, by the times of its beginning and its end.
        self._damaged_at = 0
        self._damaged_until = 0
        self._renewed_at = 0.0
        # Threads that were not in /proc any more, to be removed once the events before that moment are gone through.
        self._doubtful: list[ThreadInfo] = []
        self._doubtful_at = 0
        options = LiveOptions(
            request.buffer_bytes, request.vital_bytes, request.snaplen, drop_failed=request.drop_failed
        )
        self.reader = LiveSource(options, host_root)
        try:
            self.unknown = self.reader.select(self._wanted)
            self.snapshot: SnapshotStats = self._begin()
            # Not before: whatever /proc told of has to be taken for known.
            self._push_down()
        except BaseException:
            self.close()
            raise
        self.reader.lost = self._lost

    def _begin(self) -> SnapshotStats:
        """Begin to capture, read what runs, and go through the events that came meanwhile.

        Whoever lives when /proc has been read was either there when its list began, and is in it, or was born since,
        and an event tells so: from that moment on every event has a known thread. Events before it are not handed
        out, because some are of processes that had ended when their turn came to be read; they do change the state,
        so that nobody who ended stays in it.
        """
        self.reader.start()
        snapshot = Renewal(self.machine, self._procfs).complete()
        self.machine.metadata_done()
        self.machine.lookup = self.lookup
        self._catch_up(self.reader.now())
        return snapshot

    def _catch_up(self, moment: int) -> None:
        """Bring the state up to date with the events before a moment, and stay in front of the first later one."""
        reader = self.reader
        while not self._has_passed(moment):
            reader.refill(reader.now())
            while reader.advance():
                if reader.event.ts >= moment:
                    reader.hold()
                    return
                self._take_early(reader.event)

    def _take_early(self, event: RawEvent) -> None:
        try:
            self.machine.skim(event)
        except MalformedEventError:
            self.malformed += 1

    def _has_passed(self, moment: int) -> bool:
        """Return whether all events before a moment were handed out."""
        reader = self.reader
        if reader.event.ts >= moment:
            return True
        # A ring without a next event was empty at the time up to which it is known.
        return all((ring.known if ring.ts == NEVER else ring.ts) >= moment for ring in (reader.large, reader.vital))

    def __enter__(self) -> Self:
        """Return the capture."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take the probe out of the kernel."""
        self.close()

    @property
    def stats(self) -> SourceStats:
        """What was read so far."""
        return self.reader.stats

    def select(self, wanted: frozenset[str]) -> frozenset[str]:
        """Capture these calls from now on; return the names that this machine does not know."""
        self._wanted = wanted
        return self.reader.select(wanted)

    def change(self, wanted: frozenset[str], pushdown: Pushdown | None) -> int:
        """Capture these calls by another policy, without a gap; return the moment of the change.

        Later events are complete for the rules that the new policy was made for, earlier ones for those of the old. The
        moment is in ns since the epoch.
        """
        probe = self.reader.probe
        # Everything that either wants is reported for a moment.
        self._pause(self._wanted | wanted)
        self.reader.select(self._wanted | wanted)
        probe.wait_for_programs()
        moment = self.reader.now()
        self._wanted = wanted
        self._pushdown = pushdown
        self.unknown = self.reader.select(wanted)
        self._push_down()
        if pushdown is not None and pushdown.shows_tables:
            self._incomplete_until = moment
        return moment

    def stop_dropping(self) -> None:
        """Have the probe drop nothing any more."""
        self._pushdown = None
        self._push_down()

    @property
    def drops_events(self) -> bool:
        """Whether the probe drops what no rule can need."""
        return self._pushdown is not None and self.reader.probe.can_push_down

    @property
    def shadows(self) -> bool:
        """Whether the probe marks what it would drop."""
        return self._pushdown is not None and self._pushdown.shadow

    def dropped(self) -> dict[str, int]:
        """Return how many events no rule could need, by the name of the call."""
        return self.reader.probe.dropped()

    def _pause(self, names: frozenset[str]) -> None:
        """Have the probe drop nothing for a while; what it knows of descriptors goes on."""
        if self.drops_events:
            self.reader.probe.push_down(passing(names))

    def _push_down(self) -> None:
        wanted = self._pushdown
        if wanted is None or not self.reader.probe.can_push_down:
            self.reader.probe.push_down(None)
        else:
            try:
                self.reader.probe.push_down(wanted.policy, shadow=wanted.shadow, sample_every=wanted.sample_every)
            except ValueError as error:
                # It does not fit into the probe's tables: everything is reported then.
                self.refusal = str(error)
                self.stop_dropping()

    def fill(self) -> bool:
        """Bring the next events into memory, or return after a quarter of a second without; False at the end."""
        if self._damaged_at and self._has_passed(self._damaged_at) and time.monotonic() - self._renewed_at >= _RENEWAL:
            self._renew()
        if self._doubtful and self._has_passed(self._doubtful_at):
            self._settle()
        if self._incomplete_until and self._has_passed(self._incomplete_until):
            self._incomplete_until = 0
            Renewal(self.machine, self._procfs).complete_fds()
            self.reader.probe.renew_epoch()
        if self.lookup.found_fds:
            self.lookup.found_fds = False
            self.reader.probe.renew_epoch()
        return self.reader.fill()

    def stop(self) -> None:
        """Capture nothing more; `fill` hands out what is there and then returns False."""
        self.reader.stop()

    def counts(self) -> Counts:
        """Return what the probe counted."""
        return self.reader.counts()

    def losses(self) -> list[str]:
        """Return a sentence for each kind of event that was lost, the number first."""
        counts = self.counts()
        lost = [
            f"{count} events about {name.replace('_', ' and ')} were lost because the reader was too slow"
            for name, count in counts.drops.items()
            if count
        ]
        if counts.lost_requests:
            lost.append(f"{counts.lost_requests} requests of io_uring were not seen to end")
        return lost

    def savings(self) -> list[str]:
        """Return a sentence about the events that were not reported because no rule can need them."""
        dropped = {name: count for name, count in self.dropped().items() if count}
        total = sum(dropped.values())
        if not total:
            return []
        share = total / max(total + self.counts().total_events, 1)
        most = sorted(dropped.items(), key=lambda item: -item[1])[:_MOST_SHOWN]
        named = ", ".join(f"{name} {count}" for name, count in most)
        return [f"{total} events ({share:.1%}) were dropped in the kernel, since no rule can need them: {named}"]

    def drops(self) -> Drops:
        """Return what was counted, by the names that alerts give the counters."""
        counts = self.counts()
        named = {COUNTERS[name]: count for name, count in counts.drops.items()}
        total = counts.total_drops
        return Drops(counts.total_events, total, {"ebpf_enabled": 1, "n_drops_buffer_total": total, **named})

    def close(self) -> None:
        """Take the probe out of the kernel."""
        self.machine.lookup = None
        self.reader.close()

    def _lost(self, begin: int, end: int, count: int) -> None:
        # What came in before the loss was noticed is gone through first: it would undo what is read now.
        self._damaged_at = self._damaged_at or end
        self._damaged_until = end

    def _renew(self) -> None:
        """Read the whole state again: what was lost may have changed any part of it."""
        self.repairs += 1
        # What /proc tells of is known from then on; so nothing is dropped until it has been read.
        self._pause(self._wanted)
        self._settle()
        self._doubtful = Renewal(self.machine, self._procfs).refresh()
        self._doubtful_at = self.reader.now()
        self.reader.probe.renew_epoch()
        self._push_down()
        self._renewed_at = time.monotonic()
        # Losses go on while there is a storm: those that the events have not come to yet make it necessary again.
        self._damaged_at = 0 if self._has_passed(self._damaged_until) else self._damaged_until

    def _settle(self) -> None:
        """Remove the threads that had ended without an event that told so."""
        Renewal(self.machine, self._procfs).remove(self._doubtful)
        self._doubtful = []


def open_live(machine: Machine, request: LiveRequest) -> LiveCapture:
    """Begin to watch this machine; raises CaptureError with the reason when it cannot be."""
    return LiveCapture(machine, request, host_root_from_environment(os.environ))
