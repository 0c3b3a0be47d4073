"""What is known of a machine: its tables, how a source fills them, and what is asked of them."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from tercel.capture.source import StateSink, ThreadLookup
from tercel.state import paths
from tercel.state.accounts import Accounts
from tercel.state.container_table import ContainerTable
from tercel.state.fdtable import FdTable
from tercel.state.interfaces import InterfaceTable
from tercel.state.iptext import ip_text
from tercel.state.limits import MAX_ANCESTORS, Counters
from tercel.state.listed import complete_fd, complete_thread, settle_roles
from tercel.state.model import Container, FdInfo, Interface, MachineInfo, ThreadInfo, User
from tercel.state.standing import drop_standing
from tercel.state.threads import ThreadTable

_NO_ADDRESS: Final = "0.0.0.0"  # noqa: S104  # an address to compare with, not to listen on


class Tables(StateSink):
    """Threads, descriptors, accounts, interfaces and containers."""

    def __init__(self) -> None:
        """Start with nothing known."""
        self.counters: Counters = Counters()
        self.table: ThreadTable = ThreadTable(self.counters)
        self.threads: dict[int, ThreadInfo] = self.table.threads
        self.accounts: Accounts = Accounts(self.counters)
        self.interfaces: InterfaceTable = InterfaceTable()
        self.container_table: ContainerTable = ContainerTable(self.counters)
        self.info: MachineInfo = MachineInfo()
        # Grows when something changed that the facts of any process may depend on.
        self.epoch: i64 = 0
        # Who can tell of threads that no event told of: nobody, where events come from a file.
        self.lookup: ThreadLookup | None = None

    # What a source tells.

    def new_section(self) -> None:
        """Forget the machine: another one begins."""
        self.epoch += 1
        self.table.clear()
        self.accounts.clear()
        self.interfaces.clear()
        self.container_table.clear()
        self.info = MachineInfo()

    def machine_info(self, info: MachineInfo) -> None:
        """Take the facts of the host."""
        self.info = info
        self.epoch += 1

    def interface(self, interface: Interface) -> None:
        """Take one address of a network interface."""
        self.interfaces.add(interface)
        self.epoch += 1

    def user(self, user: User) -> None:
        """Take one account of the host."""
        self.accounts.add_user("", user)
        self.epoch += 1

    def group(self, gid: i64, name: str) -> None:
        """Take one group of the host."""
        self.accounts.add_group("", gid, name)
        self.epoch += 1

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
        self.epoch += 1
        settle_roles(self.table)

    # What a process's facts depend on.

    def changed(self, thread: ThreadInfo) -> None:
        """Note that facts of a thread changed: what is remembered of it and of those that look at it goes."""
        if thread.is_watched:
            drop_standing(thread)

    def watch(self, thread: ThreadInfo) -> None:
        """Have a thread watched whose facts somebody remembers: its main thread and all its parents with it."""
        if not thread.is_watched:
            self.table.watch.add(thread)

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
        return self.table.find(thread.ptid)

    def ancestor(self, thread: ThreadInfo, levels: i64) -> ThreadInfo | None:
        """Return the ancestor that many levels up, the process's main thread for 0."""
        found = thread.leader
        while levels > 0 and found is not None and levels <= MAX_ANCESTORS:
            found = self.table.find(found.ptid)
            levels -= 1
        return found if levels <= 0 else None

    def fds(self, thread: ThreadInfo) -> FdTable:
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

    # What parsers do to the tables.

    def find_thread(self, tid: i64) -> ThreadInfo | None:
        """Return a thread, looked up or made up when it is not known; None when the table is full."""
        thread = self.table.find(tid)
        if thread is not None:
            return thread
        lookup = self.lookup
        if lookup is not None and lookup.tell_thread(tid, self):
            found = self.table.find(tid)
            if found is not None:
                if found.group is None:
                    self.table.link(found)
                return found
        return self.table.synthesize(tid)

    def add_thread(self, thread: ThreadInfo) -> bool:
        """Put a thread into the table, in place of one of the same tid."""
        return self.table.add(thread)

    def remove_thread(self, tid: i64) -> None:
        """Take a thread out of the table."""
        self.table.remove(tid)

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
        self.changed(thread)
        found = thread.cgroup_list.match()
        if found is None:
            thread.container_id = ""
            return
        thread.container_id = found.short
        if found.short not in self.container_table.by_id:
            # All that is known until the engine tells more.
            self.epoch += 1
            self.container_table.add(Container(found.short, found.kind))
