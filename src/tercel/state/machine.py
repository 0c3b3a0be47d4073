"""The machine as it looked at the moment of an event: tables, and the step that brings them up to date.

`Machine.process` takes events in order. It pairs an exit with its entry, finds thread and descriptor, lets the
parser of the event type change the tables and hands out the context that conditions and formats read. Descriptors
that a call closed and threads that exited stay until the next event, so that their last event can name them.
"""

from __future__ import annotations

from typing import Final

from librt.strings import read_i64_le
from mypy_extensions import i64

from tercel.capture.source import StateSink
from tercel.events.convert import Resolved
from tercel.events.event import Event
from tercel.events.table import EVENTS
from tercel.events.types import EF_OLD_VERSION
from tercel.state import paths
from tercel.state.accounts import Accounts
from tercel.state.addresses import ip_text
from tercel.state.cgroups import match_cgroups
from tercel.state.container_table import ContainerTable
from tercel.state.context import Context
from tercel.state.dispatch import (
    DIRECTORY_FDS,
    ENTER_FDS,
    EXECVE_EXIT,
    EXECVEAT_ENTER,
    EXIT_FDS,
    GETSOCKOPT_EXIT,
    HANDLERS,
    KIND_ASIDE,
    KIND_ENTER,
    KIND_FD,
    KIND_HAS_RESULT,
    KIND_KEEP_ENTER,
    KIND_LATE_FD,
    KIND_NO_LOOKUP,
    KIND_NO_THREAD,
    KIND_TRANSFER,
    KIND_USES_FD,
    KIND_WANTS_ENTER,
    KINDS,
    META_HANDLERS,
    OWN_FDS,
)
from tercel.state.interfaces import InterfaceTable
from tercel.state.limits import MAX_ANCESTORS, MAX_ENTER_SIZE, Counters, is_too_long
from tercel.state.listed import complete_fd, complete_thread, settle_roles
from tercel.state.model import (
    CL_ACTIVE,
    FD_IPV4_SOCK,
    FD_IPV6_SOCK,
    Container,
    FdInfo,
    Interface,
    MachineInfo,
    ThreadInfo,
    User,
)
from tercel.state.threads import ThreadTable

_NO_ADDRESS: Final = "0.0.0.0"  # noqa: S104  # an address to compare with, not to listen on
_NO_EVENT: Final = Event(b"", 0, 0, 0, EVENTS[0], 0, -1)


class Machine(StateSink):
    """Threads, descriptors, accounts, interfaces and containers of the machine that events come from."""

    def __init__(self) -> None:
        """Start with a machine of which nothing is known."""
        self.counters: Counters = Counters()
        self.table: ThreadTable = ThreadTable(self.counters)
        self.threads: dict[int, ThreadInfo] = self.table.threads
        self.accounts: Accounts = Accounts(self.counters)
        self.interfaces: InterfaceTable = InterfaceTable()
        self.container_table: ContainerTable = ContainerTable(self.counters)
        self.info: MachineInfo = MachineInfo()
        self.context: Context = Context(self, _NO_EVENT)
        self._resolved: Resolved = Resolved(_NO_EVENT)
        # Whether every entry is kept for its exit, for conditions that ask exits for what only entries say.
        self.keeps_entries: bool = False
        self._last_thread: ThreadInfo | None = None
        self._thread_to_remove: i64 = -1
        self._fds_to_remove: list[int] = []
        self._fds_thread: ThreadInfo | None = None
        self._has_leftovers: bool = False
        # Whether calls are told by two events: the newest captures hold only their exits.
        self._has_entries: bool = False

    # What a source tells.

    def new_section(self) -> None:
        """Forget the machine: another one begins."""
        self.table.clear()
        self.accounts.clear()
        self.interfaces.clear()
        self.container_table.clear()
        self.info = MachineInfo()
        self._last_thread = None
        self._thread_to_remove = -1
        self._fds_to_remove = []
        self._fds_thread = None
        self._has_leftovers = False
        self._has_entries = False

    def clear(self) -> None:
        """Forget the machine and when its events began."""
        self.new_section()
        self.context = Context(self, _NO_EVENT)

    def machine_info(self, info: MachineInfo) -> None:
        """Take the facts of the host."""
        self.info = info

    def interface(self, interface: Interface) -> None:
        """Take one address of a network interface."""
        self.interfaces.add(interface)

    def user(self, user: User) -> None:
        """Take one account of the host."""
        self.accounts.add_user("", user)

    def group(self, gid: i64, name: str) -> None:
        """Take one group of the host."""
        self.accounts.add_group("", gid, name)

    def wants_threads(self) -> bool:
        """Return whether the thread table has room."""
        return self.table.has_room()

    def thread(self, thread: ThreadInfo) -> None:
        """Take one thread of the process list."""
        complete_thread(thread)
        if self.table.load(thread):
            self.resolve_container(thread)

    def fd(self, tid: i64, number: i64, fd: FdInfo) -> None:
        """Take one descriptor of a process; those of unknown threads are let go."""
        thread = self.threads.get(tid)
        if thread is not None:
            complete_fd(fd, self.interfaces)
            self.table.add_fd(thread, number, fd)

    def metadata_done(self) -> None:
        """Link threads to their processes and parents, now that all are known."""
        for thread in list(self.threads.values()):
            if thread.group is None:
                self.table.link(thread)
        settle_roles(self.table)

    # What conditions and formats ask.

    @property
    def containers(self) -> dict[str, Container]:
        """The containers of which metadata is known, by id."""
        return self.container_table.by_id

    def leader(self, thread: ThreadInfo) -> ThreadInfo | None:
        """Return the main thread of the thread's process, None when it is not known."""
        return thread.leader

    def parent(self, thread: ThreadInfo) -> ThreadInfo | None:
        """Return who started the thread's process or took it over, None when that is not known."""
        return self.threads.get(thread.ptid)

    def ancestor(self, thread: ThreadInfo, levels: i64) -> ThreadInfo | None:
        """Return the ancestor that many levels up, the process's main thread for 0."""
        found = thread.leader
        while levels > 0 and found is not None and levels <= MAX_ANCESTORS:
            found = self.threads.get(found.ptid)
            levels -= 1
        return found if levels <= 0 else None

    def fds(self, thread: ThreadInfo) -> dict[int, FdInfo]:
        """Return the descriptors of the thread's process by number."""
        return thread.fds

    def cwd(self, thread: ThreadInfo) -> str:
        """Return the working directory of the thread's process with a slash at its end, `./` without a process."""
        leader = thread.leader
        return "./" if leader is None else leader.cwd

    def user_of(self, container_id: str, uid: i64) -> User | None:
        """Return the account of a user id on the host (empty container id) or in a container."""
        return self.accounts.user(container_id, uid)

    def group_name(self, container_id: str, gid: i64) -> str | None:
        """Return the name of a group id on the host or in a container, None when it has none."""
        return self.accounts.group(container_id, gid)

    def container(self, container_id: str) -> Container | None:
        """Return what is known of a container, None when only its id is."""
        return self.container_table.by_id.get(container_id)

    def is_local_address(self, address: bytes, thread: ThreadInfo | None = None) -> bool:
        """Return whether a packed address belongs to the machine, or to the container that a thread is in."""
        if thread is not None and thread.container_id:
            container = self.container(thread.container_id)
            # A container whose address is not known has the unspecified one, which unconnected sockets match.
            if len(address) == 16:
                return False
            if container is not None and ip_text(address) == (container.ip or _NO_ADDRESS):
                return True
        return self.interfaces.is_local(address)

    # What happens for each event.

    def process(self, event: Event) -> Context:
        """Bring the tables up to date with an event and return the view of it."""
        ctx = self.context
        if self._has_leftovers:
            self._remove_leftovers()
        type_id: i64 = event.info.id
        kind: i64 = KINDS[type_id]
        ctx.begin(event)
        if kind & KIND_NO_THREAD:
            ctx.thread = None
            self._process_meta(event, type_id)
            return ctx
        thread = self._last_thread
        if thread is None or thread.tid != event.tid:
            thread = self._find(event.tid, kind)
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
            self._enter(event, thread, type_id, kind)
        else:
            self._exit(event, thread, type_id, kind)
        if HANDLERS[type_id] is not None:
            self._run(type_id, event, thread)
        if kind & KIND_FD:
            self._bind_fd(thread)
        return ctx

    def _bind_fd(self, thread: ThreadInfo) -> None:
        """Name the event's descriptor, unless its parser found it already."""
        ctx = self.context
        number: i64 = thread.last_fd
        ctx.fd_num = number
        ctx.is_fd_event = True
        if ctx.fd is None and number >= 0:
            ctx.fd = thread.fds.get(number)
            ctx.fd_is_late = True

    def _enter(self, event: Event, thread: ThreadInfo, type_id: i64, kind: i64) -> None:
        """Note the beginning of a call."""
        if not self._has_entries and event.info.flags & EF_OLD_VERSION:
            self._has_entries = True
        thread.last_type = type_id
        thread.last_ts = event.ts
        thread.last_latency = 0
        place: i64 = ENTER_FDS[type_id]
        if place >= 0:
            number: i64 = fd_at(event, place)
            thread.last_fd = number
            self.context.fd = thread.fds.get(number)
        else:
            thread.last_fd = -1
        if kind & KIND_KEEP_ENTER or self.keeps_entries:
            self._keep_enter(event, thread)
        elif thread.enter:
            thread.enter = b""

    def _exit(self, event: Event, thread: ThreadInfo, type_id: i64, kind: i64) -> None:
        """Pair the end of a call with its beginning."""
        ctx = self.context
        if thread.last_ts != 0:
            latency: i64 = event.ts - thread.last_ts
            thread.last_latency = latency
            ctx.latency = latency
        last: i64 = thread.last_type
        if last == type_id - 1 or (last == EXECVEAT_ENTER and type_id == EXECVE_EXIT):
            ctx.is_paired = True
        elif self._has_entries:
            self.counters.exits_unpaired += 1
        if ctx.is_paired or not self._has_entries:
            ctx.has_result = (kind & KIND_HAS_RESULT) != 0
        if kind & KIND_USES_FD:
            self._find_exit_fd(event, thread, type_id)
            if kind & KIND_TRANSFER:
                self._note_transfer(event, thread)

    def _find_exit_fd(self, event: Event, thread: ThreadInfo, type_id: i64) -> None:
        """Find the descriptor of a call that ends: the one of its beginning, else the one that the end names."""
        ctx = self.context
        if not self._has_entries or type_id in OWN_FDS:
            place: i64 = EXIT_FDS[type_id]
            number: i64 = fd_at(event, place) if place >= 0 else -1
            thread.last_fd = number
        elif not ctx.is_paired:
            thread.last_fd = -1
        if type_id in DIRECTORY_FDS and thread.last_fd < 0:
            ctx.fd = thread.fds.get(fd_at(event, EXIT_FDS[type_id]))
        if thread.last_fd >= 0:
            ctx.fd = thread.fds.get(thread.last_fd)
            ctx.fd_is_late = type_id == GETSOCKOPT_EXIT

    def _note_transfer(self, event: Event, thread: ThreadInfo) -> None:
        """Take a socket over which data went for connected, however it came to be."""
        fd = self.context.fd
        if fd is None or fd.is_connected or fd.kind not in (FD_IPV4_SOCK, FD_IPV6_SOCK):
            return
        if event.int64(0, -1) >= 0:
            own = self.own_fd(thread, thread.last_fd)
            if own is not None:
                own.is_connected = True

    def _keep_enter(self, event: Event, thread: ThreadInfo) -> None:
        """Copy the entry's bytes, so that the batch that it came in can be let go."""
        size: i64 = event.size
        if size > MAX_ENTER_SIZE or is_too_long(size, len(self.threads)):
            self.counters.enters_refused += 1
            thread.enter = b""
            return
        thread.enter = event.data[event.start : event.start + event.size]
        thread.enter_header = event.header_size
        thread.enter_nparams = event.nparams
        thread.enter_num = event.num
        thread.enter_cpu = event.cpu

    def enter_of(self, thread: ThreadInfo) -> Event:
        """Return the thread's last entry, which must have been kept."""
        enter = Event(
            thread.enter,
            0,
            thread.enter_header,
            thread.enter_nparams,
            EVENTS[thread.last_type],
            thread.last_ts,
            thread.tid,
        )
        enter.num = thread.enter_num
        enter.cpu = thread.enter_cpu
        enter.size = len(thread.enter)
        return enter

    def _run(self, type_id: i64, event: Event, thread: ThreadInfo) -> None:
        """Let the parser of the event type change the tables."""
        handler = HANDLERS[type_id]
        if handler is None:
            return
        args = self._resolved
        args.bind(event, self.context.enter if KINDS[type_id] & KIND_WANTS_ENTER else None)
        try:
            handler(self, args, thread)
        except (ValueError, IndexError):
            self.counters.events_malformed += 1

    def _run_unknown(self, type_id: i64, event: Event) -> None:
        """Let a parser see an event of a thread that is not in the table and that it may put there."""
        handler = HANDLERS[type_id]
        if handler is None:
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

    def _find(self, tid: i64, kind: i64) -> ThreadInfo | None:
        """Return the thread of an event; one that is not known is made up unless the event type says otherwise."""
        thread = self.threads.get(tid)
        if thread is None:
            if kind & KIND_NO_LOOKUP:
                return None
            thread = self.table.synthesize(tid)
            if thread is None:
                return None
        if not kind & KIND_NO_LOOKUP:
            thread.flags |= CL_ACTIVE
        self._last_thread = thread
        return thread

    # What parsers do to the tables.

    def find_thread(self, tid: i64) -> ThreadInfo | None:
        """Return a thread, made up when it is not known; None when the table is full."""
        thread = self.threads.get(tid)
        return self.table.synthesize(tid) if thread is None else thread

    def add_thread(self, thread: ThreadInfo) -> bool:
        """Put a thread into the table, in place of one of the same tid."""
        self._last_thread = None
        return self.table.add(thread)

    def remove_thread(self, tid: i64) -> None:
        """Take a thread out of the table."""
        self._last_thread = None
        self.table.remove(tid)

    def remove_thread_later(self, tid: i64) -> None:
        """Take a thread out of the table when the next event comes."""
        self._thread_to_remove = tid
        self._has_leftovers = True

    def remove_fd_later(self, thread: ThreadInfo, number: i64) -> None:
        """Take a descriptor out of its table when the next event comes."""
        self._fds_to_remove.append(number)
        self._fds_thread = thread
        self._has_leftovers = True

    def open_fd(self, thread: ThreadInfo, number: i64, fd: FdInfo) -> None:
        """Put a new descriptor into the table of the thread's process; the event is about it."""
        thread.last_fd = number
        if number >= 0 and self.table.add_fd(thread, number, fd):
            self.context.fd = fd
            self.context.fd_name_changed = fd.name != ""

    def own_fd(self, thread: ThreadInfo, number: i64) -> FdInfo | None:
        """Return a descriptor to change: one that is shared with another process is copied first."""
        fd = thread.fds.get(number)
        if fd is None:
            return None
        if not fd.is_cloned:
            fd.listed = 0
            return fd
        own = fd.copy()
        own.is_cloned = False
        thread.fds[number] = own
        if self.context.fd is fd:
            self.context.fd = own
        return own

    def directory_of(self, thread: ThreadInfo, dirfd: i64, path: str) -> str:
        """Return the directory that a path relative to a descriptor (or to the cwd) starts from."""
        if path[:1] == "/":
            return ""
        if dirfd == paths.AT_FDCWD:
            return self.cwd(thread)
        fd = thread.fds.get(dirfd)
        return paths.UNKNOWN_DIR if fd is None else paths.directory(fd.name)

    def resolve_container(self, thread: ThreadInfo) -> None:
        """Find out from its cgroups which container a thread is in."""
        found = match_cgroups(thread.cgroups)
        if found is None:
            thread.container_id = ""
            return
        thread.container_id = found.short
        if found.short not in self.container_table.by_id:
            # All that is known until the engine tells more.
            self.container_table.add(Container(found.short, found.kind))

    def _remove_leftovers(self) -> None:
        self._has_leftovers = False
        tid = self._thread_to_remove
        if tid >= 0:
            self._thread_to_remove = -1
            self.remove_thread(tid)
        thread = self._fds_thread
        if thread is not None:
            self._fds_thread = None
            for number in self._fds_to_remove:
                self.table.remove_fd(thread, number)
            self._fds_to_remove = []


def fd_at(event: Event, place: i64) -> i64:
    """Return a descriptor parameter, -1 when it is absent or malformed."""
    if place >= event.nparams:
        return -1
    if place != 0 or event.info.length_size != 2:
        try:
            return event.int64(place, -1)
        except ValueError:
            return -1
    words: i64 = event.start + event.header_size
    at: i64 = words + 2 * event.nparams
    if event.data[words] != 8 or at + 8 > event.start + event.size:
        return -1
    return read_i64_le(event.data, at)
