"""The machine as it looked at the moment of an event: tables, and the step that brings them up to date.

`Machine.process` takes events in order. It pairs an exit with its entry, finds thread and descriptor, lets the
parser of the event type change the tables and hands out the context that conditions and formats read. Descriptors
that a call closed and threads that exited stay until the next event, so that their last event can name them.
"""

from __future__ import annotations

from typing import Final

from librt.strings import read_i32_le, read_i64_le
from librt.vecs import vec
from mypy_extensions import i64

from tercel.events.convert import Resolved
from tercel.events.event import Event
from tercel.events.table import EVENTS
from tercel.state.context import Context
from tercel.state.dispatch import (
    ACTIONS,
    ENTER_FD_SHIFT,
    EXECVE_EXIT,
    EXECVEAT_ENTER,
    EXIT_FD_SHIFT,
    EXIT_FDS,
    GETSOCKOPT_EXIT,
    KIND_ASIDE,
    KIND_DIRECTORY_FD,
    KIND_ENTER,
    KIND_FD,
    KIND_HANDLED,
    KIND_HAS_RESULT,
    KIND_KEEP_ENTER,
    KIND_LATE_FD,
    KIND_LONG,
    KIND_NO_LOOKUP,
    KIND_NO_THREAD,
    KIND_OLD_VERSION,
    KIND_OWN_FD,
    KIND_TRANSFER,
    KIND_USES_FD,
    KIND_WANTS_ENTER,
    META_HANDLERS,
    PARSERS,
    PLACE_MASK,
    SKIM_CLOSE,
    SKIM_CLOSE_ENTER,
    SKIM_ENDS,
    SKIM_ENTER,
    SKIM_EXIT,
    SKIM_FCNTL,
    SKIM_MAPPING,
    SKIM_NOT,
    SKIM_SEND_ENTER,
    SKIM_SHIFT,
    SKIM_SUCCESS,
    SKIM_SWITCH,
)
from tercel.state.entries import Entries
from tercel.state.model import (
    CL_ACTIVE,
    FD_IPV4_SOCK,
    FD_IPV6_SOCK,
    FdInfo,
    ThreadInfo,
)
from tercel.state.parsers.descriptors import FD_COMMANDS
from tercel.state.parsers.memory import note_mapping, note_switch
from tercel.state.parsers.transfers import has_ends
from tercel.state.tables import Tables
from tercel.state.threads import RECENT_MASK

_NO_EVENT: Final = Event(b"", 0, 0, 0, EVENTS[0], 0, -1)
# The length words of two parameters of eight bytes.
_TWO_WORDS: Final = 0x00080008


class Machine(Tables):
    """The tables of the machine that events come from, kept up to date with them."""

    def __init__(self) -> None:
        """Start with a machine of which nothing is known."""
        super().__init__()
        self.context: Context = Context(self, _NO_EVENT)
        self._resolved: Resolved = Resolved(_NO_EVENT)
        # Whether every entry is kept for its exit, for conditions that ask exits for what only entries say.
        self.keeps_entries: bool = False
        self._actions: vec[i64] = vec[i64](ACTIONS)
        self._recent: list[ThreadInfo | None] = self.table.recent
        self.entries: Entries = Entries(self.counters)
        self._thread_to_remove: i64 = -1
        self._fd_to_remove: i64 = -1
        self._fds_to_remove: list[int] = []
        self._fds_thread: ThreadInfo | None = None
        self._has_leftovers: bool = False
        # Whether calls are told by two events: the newest captures hold only their exits.
        self._has_entries: bool = False

    def new_section(self) -> None:
        """Forget the machine: another one begins."""
        super().new_section()
        self.entries.clear()
        self._thread_to_remove = -1
        self._fds_to_remove = []
        self._fds_thread = None
        self._has_leftovers = False
        self._has_entries = False

    def clear(self) -> None:
        """Forget the machine and when its events began."""
        self.new_section()
        self.context = Context(self, _NO_EVENT)

    def process(self, event: Event) -> Context:
        """Bring the tables up to date with an event and return the view of it."""
        ctx = self.context
        if self._has_leftovers:
            self._remove_leftovers()
        type_id: i64 = event.type_id
        kind: i64 = self._actions[type_id]
        ctx.begin(event)
        if kind & KIND_NO_THREAD:
            ctx.thread = None
            self._process_meta(event, type_id)
            return ctx
        tid: i64 = event.tid
        thread: ThreadInfo | None = self.table.last
        if thread is None or thread.tid != tid:
            thread = self._find(tid, kind)
        ctx.thread = thread
        if kind & KIND_LATE_FD and self._has_entries:
            kind &= ~(KIND_USES_FD | KIND_FD)
        if kind & KIND_ASIDE:
            if thread is not None:
                ctx.latency = thread.last_latency
                self._run(type_id, event, thread)
            return ctx
        if thread is None:
            if kind & KIND_NO_LOOKUP:
                self._run_unknown(type_id, event)
            return ctx
        if kind & KIND_ENTER:
            self._begin_call(event, thread, type_id, kind)
            if thread.last_fd >= 0:
                ctx.fd = thread.fds.get(thread.last_fd)
        else:
            self._exit(event, thread, type_id, kind)
        if kind & KIND_HANDLED and not self._is_handled(event, thread, (kind >> SKIM_SHIFT) & PLACE_MASK):
            self._run(type_id, event, thread)
        if kind & KIND_FD:
            self._bind_fd(thread)
        return ctx

    def known_thread(self, tid: i64) -> ThreadInfo | None:
        """Return the thread of the event that comes next, None when it is not known yet.

        What the event before left behind is removed first, so that the thread's standing holds for this event unless
        its own parser changes facts.
        """
        if self._has_leftovers:
            self._remove_leftovers()
        thread = self.table.last
        if thread is None or thread.tid != tid:
            thread = self._recent[tid & RECENT_MASK]
        return self.threads.get(tid) if thread is None or thread.tid != tid else thread

    def skim(self, event: Event) -> None:
        """Bring the tables up to date with an event that nobody looks at."""
        if self._has_leftovers:
            self._remove_leftovers()
        type_id: i64 = event.type_id
        kind: i64 = self._actions[type_id]
        how: i64 = (kind >> SKIM_SHIFT) & PLACE_MASK
        tid: i64 = event.tid
        thread = self.table.last
        if thread is None or thread.tid != tid:
            thread = self._turn_to(tid)
        if how == SKIM_NOT or thread is None or self.context.first_ts == 0:
            self.process(event)
        elif how == SKIM_ENTER:
            self._begin_call(event, thread, type_id, kind)
        elif how == SKIM_EXIT:
            self._skim_exit(event, thread, type_id, kind)
        elif how == SKIM_CLOSE_ENTER:
            self._begin_call(event, thread, type_id, kind)
            thread.fds.mark_closing(thread.last_fd, True)
        elif how == SKIM_CLOSE and not self._has_entries:
            # Of a call that no entry told of, the exit names the descriptor.
            self._skim_exit(event, thread, type_id, kind)
            if result_at(event, -1) >= 0 and thread.fds.get(thread.last_fd) is not None:
                self.remove_fd_later(thread, thread.last_fd)
        elif how == SKIM_CLOSE and result_at(event, -1) >= 0 and thread.last_type == type_id - 1:
            self._skim_exit(event, thread, type_id, kind)
            if thread.fds.is_closing(thread.last_fd):
                self.remove_fd_later(thread, thread.last_fd)
        elif how == SKIM_SEND_ENTER and self._knows_socket(event, thread, kind):
            self._begin_call(event, thread, type_id, kind)
        elif how == SKIM_SWITCH and note_switch(event, thread):
            pass
        elif self._ends_simply(event, thread, type_id, how):
            self._skim_exit(event, thread, type_id, kind)
        else:
            self.process(event)

    def _is_handled(self, event: Event, thread: ThreadInfo, how: i64) -> bool:
        """Do without a parser what can be done so; return whether that was all."""
        if how == SKIM_ENDS:
            fd = self.context.fd
            return fd is None or has_ends(fd)
        if how == SKIM_CLOSE_ENTER:
            thread.fds.mark_closing(thread.last_fd, True)
            return True
        return how == SKIM_MAPPING and note_mapping(event, thread)

    def _ends_simply(self, event: Event, thread: ThreadInfo, type_id: i64, how: i64) -> bool:
        """Return whether an exit has nothing to tell its parser, or told it all here."""
        if how == SKIM_MAPPING:
            return note_mapping(event, thread)
        if how == SKIM_SUCCESS:
            return result_at(event, 0) < 0
        if how == SKIM_FCNTL:
            return result_at(event, 0) < 0 or self._keeps_fds(event, thread, type_id)
        return how == SKIM_ENDS and self._has_ends(thread, type_id)

    def _knows_socket(self, event: Event, thread: ThreadInfo, kind: i64) -> bool:
        """Return whether a call that begins to send does so over a descriptor that is known."""
        number: i64 = fd_at(event, ((kind >> ENTER_FD_SHIFT) & PLACE_MASK) - 1, kind & KIND_LONG != 0)
        return number < 0 or thread.fds.get(number) is not None

    def _keeps_fds(self, event: Event, thread: ThreadInfo, type_id: i64) -> bool:
        """Return whether fcntl ends whose command neither copies nor changes descriptors."""
        try:
            if event.has(2):
                return event.uint8(2) not in FD_COMMANDS
            is_paired = thread.last_type == type_id - 1
            return is_paired and thread.enter_size != 0 and self.entries.of(thread).uint8(1) not in FD_COMMANDS
        except ValueError:
            return False

    def _has_ends(self, thread: ThreadInfo, type_id: i64) -> bool:
        """Return whether a transfer that ends goes over a socket of which it can tell nothing new."""
        if not self._has_entries or thread.last_type != type_id - 1:
            return False
        fd = thread.fds.get(thread.last_fd)
        return fd is None or has_ends(fd)

    def _bind_fd(self, thread: ThreadInfo) -> None:
        """Name the event's descriptor, unless its parser found it already."""
        ctx = self.context
        number: i64 = thread.last_fd
        ctx.fd_num = number
        ctx.is_fd_event = True
        if ctx.fd is None and number >= 0:
            ctx.fd = thread.fds.get(number)
            ctx.fd_is_late = True

    def _begin_call(self, event: Event, thread: ThreadInfo, type_id: i64, kind: i64) -> None:
        """Note the beginning of a call."""
        if kind & KIND_OLD_VERSION:
            self._has_entries = True
        thread.last_type = type_id
        thread.last_ts = event.ts
        thread.last_latency = 0
        place: i64 = ((kind >> ENTER_FD_SHIFT) & PLACE_MASK) - 1
        thread.last_fd = fd_at(event, place, kind & KIND_LONG != 0) if place >= 0 else -1
        if kind & KIND_KEEP_ENTER or self.keeps_entries:
            self.entries.keep(event, thread, len(self.threads))
        elif thread.enter_size:
            self.entries.drop(thread)

    def _end_call(self, event: Event, thread: ThreadInfo, type_id: i64) -> bool:
        """Note the end of a call and return whether it belongs to its beginning."""
        if thread.last_ts != 0:
            thread.last_latency = event.ts - thread.last_ts
        last: i64 = thread.last_type
        if last == type_id - 1 or (last == EXECVEAT_ENTER and type_id == EXECVE_EXIT):
            return True
        if self._has_entries:
            self.counters.exits_unpaired += 1
        return False

    def _exit(self, event: Event, thread: ThreadInfo, type_id: i64, kind: i64) -> None:
        """Pair the end of a call with its beginning."""
        ctx = self.context
        is_paired = self._end_call(event, thread, type_id)
        ctx.is_paired = is_paired
        if thread.last_ts != 0:
            ctx.latency = thread.last_latency
        if is_paired or not self._has_entries:
            ctx.has_result = (kind & KIND_HAS_RESULT) != 0
        if not kind & KIND_USES_FD:
            if not self._has_entries:
                thread.last_fd = -1
        else:
            self._find_exit_fd(event, thread, kind, is_paired)
            if kind & KIND_DIRECTORY_FD and thread.last_fd < 0:
                ctx.fd = thread.fds.get(fd_at(event, EXIT_FDS[type_id], kind & KIND_LONG != 0))
            if thread.last_fd >= 0:
                ctx.fd = thread.fds.get(thread.last_fd)
                ctx.fd_is_late = type_id == GETSOCKOPT_EXIT
            if kind & KIND_TRANSFER:
                self._note_transfer(event, thread, ctx.fd)

    def _skim_exit(self, event: Event, thread: ThreadInfo, type_id: i64, kind: i64) -> None:
        """Do what `_exit` does for events to come."""
        is_paired = self._end_call(event, thread, type_id)
        if not kind & KIND_USES_FD:
            if not self._has_entries:
                thread.last_fd = -1
            return
        if kind & KIND_LATE_FD and self._has_entries:
            return
        self._find_exit_fd(event, thread, kind, is_paired)
        if kind & KIND_TRANSFER and thread.last_fd >= 0:
            self._note_transfer(event, thread, thread.fds.get(thread.last_fd))

    def _find_exit_fd(self, event: Event, thread: ThreadInfo, kind: i64, is_paired: bool) -> None:
        """Find the descriptor of a call that ends: the one of its beginning, else the one that the end names."""
        if not self._has_entries or kind & KIND_OWN_FD:
            place: i64 = ((kind >> EXIT_FD_SHIFT) & PLACE_MASK) - 1
            thread.last_fd = fd_at(event, place, kind & KIND_LONG != 0) if place >= 0 else -1
        elif not is_paired:
            thread.last_fd = -1

    def _note_transfer(self, event: Event, thread: ThreadInfo, fd: FdInfo | None) -> None:
        """Take a socket over which data went for connected, however it came to be."""
        if fd is None or fd.is_connected or fd.kind not in (FD_IPV4_SOCK, FD_IPV6_SOCK):
            return
        if event.int64(0, -1) >= 0:
            own = self.own_fd(thread, thread.last_fd)
            if own is not None:
                own.is_connected = True

    def _run(self, type_id: i64, event: Event, thread: ThreadInfo) -> None:
        """Let the parser of the event type change the tables."""
        parser = PARSERS[type_id]
        if parser is None:
            return
        args = self._resolved
        args.bind(event, self.context.enter if self._actions[type_id] & KIND_WANTS_ENTER else None)
        try:
            parser.parse(self, args, thread)
        except (ValueError, IndexError):
            self.counters.events_malformed += 1

    def _run_unknown(self, type_id: i64, event: Event) -> None:
        """Let a parser see an event of a thread that is not in the table and that it may put there."""
        if PARSERS[type_id] is None:
            return
        thread = ThreadInfo(event.tid)
        self._run(type_id, event, thread)

    def _process_meta(self, event: Event, type_id: i64) -> None:
        handler = META_HANDLERS[type_id]
        if handler is None:
            return
        args = self._resolved
        args.bind(event, None)
        try:
            handler(self, args)
        except (ValueError, IndexError):
            self.counters.events_malformed += 1

    def _turn_to(self, tid: i64) -> ThreadInfo | None:
        """Return another thread than that of the event before, None when it has not been asked for lately."""
        thread = self._recent[tid & RECENT_MASK]
        if thread is None or thread.tid != tid:
            return None
        self.table.last = thread
        return thread

    def _find(self, tid: i64, kind: i64) -> ThreadInfo | None:
        """Return the thread of an event; one that is not known is made up unless the event type says otherwise."""
        thread = self._turn_to(tid)
        if thread is not None:
            return thread
        thread = self.threads.get(tid)
        if thread is None:
            if kind & KIND_NO_LOOKUP:
                return None
            thread = self.find_thread(tid)
            if thread is None:
                return None
        if not kind & KIND_NO_LOOKUP:
            thread.flags |= CL_ACTIVE
        if thread.flags & CL_ACTIVE:
            self._recent[tid & RECENT_MASK] = thread
            self.table.last = thread
        return thread

    # What parsers do to the tables, beside what these offer.

    def remove_thread_later(self, tid: i64) -> None:
        """Take a thread out of the table when the next event comes."""
        self._thread_to_remove = tid
        self._has_leftovers = True

    def remove_fd_later(self, thread: ThreadInfo, number: i64) -> None:
        """Take a descriptor out of its table when the next event comes."""
        if self._fds_thread is None:
            self._fds_thread = thread
            self._fd_to_remove = number
        else:
            self._fds_to_remove.append(number)
        self._has_leftovers = True

    def open_fd(self, thread: ThreadInfo, number: i64, fd: FdInfo) -> None:
        """Put a new descriptor into the table of the thread's process; the event is about it."""
        thread.last_fd = number
        if number >= 0 and self.table.add_fd(thread, number, fd):
            self.context.fd = fd
            self.context.fd_name_changed = fd.is_named

    def own_fd(self, thread: ThreadInfo, number: i64) -> FdInfo | None:
        """Return a descriptor to change: one that is shared with another process is copied first."""
        fds = thread.fds
        fd = fds.get(number)
        own = fds.own(number)
        if own is not None:
            own.settle_name()
            own.listed = 0
            own.standing = None
            if self.context.fd is fd:
                self.context.fd = own
        return own

    def _remove_leftovers(self) -> None:
        self._has_leftovers = False
        tid = self._thread_to_remove
        if tid >= 0:
            self._thread_to_remove = -1
            self.remove_thread(tid)
        thread = self._fds_thread
        if thread is not None:
            self._fds_thread = None
            self.table.remove_fd(thread, self._fd_to_remove)
            if self._fds_to_remove:
                for number in self._fds_to_remove:
                    self.table.remove_fd(thread, number)
                self._fds_to_remove.clear()


def fd_at(event: Event, place: i64, is_long: bool) -> i64:
    """Return a descriptor parameter, -1 when it is absent or malformed; lengths take four bytes in a long event."""
    if place >= event.nparams:
        return -1
    if place == 1 and has_two_words(event):
        return read_i64_le(event.data, event.start + event.header_size + 12)
    if place != 0 or is_long:
        try:
            return event.int64(place, -1)
        except ValueError:
            return -1
    words: i64 = event.start + event.header_size
    at: i64 = words + 2 * event.nparams
    if event.data[words] != 8 or at + 8 > event.start + event.size:
        return -1
    return read_i64_le(event.data, at)


def has_two_words(event: Event) -> bool:
    """Return whether an event has two parameters of eight bytes each, as the most frequent ones do."""
    if event.nparams != 2 or event.size != event.header_size + 20:
        return False
    lengths: int = read_i32_le(event.data, event.start + event.header_size)
    return lengths == _TWO_WORDS


def result_at(event: Event, unreadable: i64) -> i64:
    """Return what the first parameter says as the call's result, -1 when it has none."""
    if has_two_words(event):
        return read_i64_le(event.data, event.start + event.header_size + 4)
    if event.nparams == 1 and event.size == event.header_size + 10:
        words: i64 = event.start + event.header_size
        if event.data[words] == 8 and event.data[words + 1] == 0:
            return read_i64_le(event.data, words + 2)
    try:
        return event.int64(0, -1)
    except ValueError:
        return unreadable
