"""What the sensor knows of a machine: threads, descriptors, users, groups, interfaces, containers.

Plain mutable values without behaviour beyond small questions about themselves; `tercel.state.machine` keeps the
tables and the parsers change them. All text is str with undecodable bytes as surrogates.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64, mypyc_attr

from tercel.state.cgroups import NO_CGROUPS, CgroupList
from tercel.state.fdtable import FdTable
from tercel.state.iptext import ends_text
from tercel.state.texts import NO_TEXTS, TextList

# Kinds of descriptor; the numbers are those of the capture format's descriptor lists.
FD_UNKNOWN: Final = 0
FD_FILE: Final = 1
FD_DIRECTORY: Final = 2
FD_IPV4_SOCK: Final = 3
FD_IPV6_SOCK: Final = 4
FD_IPV4_SERVSOCK: Final = 5
FD_IPV6_SERVSOCK: Final = 6
FD_FIFO: Final = 7
FD_UNIX_SOCK: Final = 8
FD_EVENT: Final = 9
FD_UNSUPPORTED: Final = 10
FD_SIGNALFD: Final = 11
FD_EVENTPOLL: Final = 12
FD_INOTIFY: Final = 13
FD_TIMERFD: Final = 14
FD_NETLINK: Final = 15
FD_FILE_V2: Final = 16
FD_BPF: Final = 17
FD_USERFAULTFD: Final = 18
FD_IOURING: Final = 19
FD_MEMFD: Final = 20
FD_PIDFD: Final = 21

# Transport protocols of sockets, as the capture format numbers them.
L4_UNKNOWN: Final = 0
L4_NA: Final = 1
L4_TCP: Final = 2
L4_UDP: Final = 3
L4_ICMP: Final = 4
L4_RAW: Final = 5

ROLE_NONE: Final = 0
ROLE_CLIENT: Final = 1
ROLE_SERVER: Final = 2

# Thread flags: the clone flags of the capture format (PPM_CL_*).
CL_FILES: Final = 1 << 0
CL_FS: Final = 1 << 1
CL_NEWPID: Final = 1 << 6
CL_PARENT: Final = 1 << 8
CL_THREAD: Final = 1 << 13
CL_VM: Final = 1 << 15
CL_INVERTED: Final = 1 << 16
CL_NAME_CHANGED: Final = 1 << 17
CL_CLOSED: Final = 1 << 18
CL_ACTIVE: Final = 1 << 19
CL_NEWUSER: Final = 1 << 20
CL_PIPE_SRC: Final = 1 << 21
CL_PIPE_DST: Final = 1 << 22
CL_VFORK: Final = 1 << 27
CL_CHILD_IN_PIDNS: Final = 1 << 29
CL_IS_MAIN_THREAD: Final = 1 << 30

INVALID_ID: Final = 0xFFFFFFFF

# How an entry of the table differs from the one that a list told (FdInfo.listed).
LISTED_UNNAMED: Final = 1 << 0
LISTED_SWAPPED: Final = 1 << 1
LISTED_NO_SOURCE: Final = 1 << 2  # the left address was unspecified
LISTED_NO_DEST: Final = 1 << 3
LISTED_IPV6: Final = 1 << 4  # the addresses were IPv6 ones that stand for IPv4
LISTED_SOURCE_MAPPED: Final = 1 << 5  # the left one in the form ::ffff:0:0/96, else unspecified
LISTED_DEST_MAPPED: Final = 1 << 6
LISTED_LINE_END: Final = 1 << 7  # the name ended with a line end


@mypyc_attr(free_list_len=1)
class FdInfo:
    """One open descriptor.

    Addresses are packed bytes (4 or 16) or empty; for a socket pair or unix socket `source` and `dest` are the
    kernel's pointers. Sockets have the client on the left (`sip`, `sport`) and the server on the right.
    """

    def __init__(self, kind: i64) -> None:
        """Make an entry of the given FD_ kind with nothing known yet."""
        self.kind: i64 = kind
        self._name: str = ""
        # Whether the name is still to be made from both ends, which must not change before.
        self._is_name_due: bool = False
        self.name_raw: str = ""
        self.open_flags: i64 = 0
        self.dev: i64 = 0
        self.ino: i64 = 0
        self.mount_id: i64 = 0
        self.sip: bytes = b""
        self.dip: bytes = b""
        self.sport: i64 = 0
        self.dport: i64 = 0
        self.l4proto: i64 = L4_UNKNOWN
        self.role: i64 = ROLE_NONE
        self.source: int = 0
        self.dest: int = 0
        self.is_connected: bool = False
        self.is_pending: bool = False
        self.is_failed: bool = False
        self.is_upper_layer: bool = False
        self.is_lower_layer: bool = False
        # Shared with the table of another process: to be copied before it is changed.
        self.is_cloned: bool = False
        self.is_socketpipe: bool = False
        self.pid: i64 = -1
        # LISTED_ bits: how the entry differs from the list that told it; 0 once an event changed it.
        self.listed: i64 = 0
        # What the engine remembers of the descriptor; whoever changes an attribute sets it to None.
        self.standing: object | None = None

    def copy(self) -> FdInfo:
        """Return an equal entry that changes independently."""
        other = FdInfo(self.kind)
        other._name = self._name
        other._is_name_due = self._is_name_due
        other.name_raw = self.name_raw
        other.open_flags = self.open_flags
        other.dev = self.dev
        other.ino = self.ino
        other.mount_id = self.mount_id
        other.sip = self.sip
        other.dip = self.dip
        other.sport = self.sport
        other.dport = self.dport
        other.l4proto = self.l4proto
        other.role = self.role
        other.source = self.source
        other.dest = self.dest
        other.is_connected = self.is_connected
        other.is_pending = self.is_pending
        other.is_failed = self.is_failed
        other.is_upper_layer = self.is_upper_layer
        other.is_lower_layer = self.is_lower_layer
        other.is_cloned = self.is_cloned
        other.is_socketpipe = self.is_socketpipe
        other.pid = self.pid
        return other

    @property
    def name(self) -> str:
        """The path of a file or socket, or both ends of a connection; empty when it is not known."""
        if self._is_name_due:
            self.settle_name()
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self._name = name
        self._is_name_due = False

    def name_later(self) -> None:
        """Have the name made from both ends when it is asked for."""
        self._is_name_due = True

    def settle_name(self) -> None:
        """Make a name that is still to be made, before the ends change."""
        if self._is_name_due:
            self.name = ends_text(self.sip, self.sport, self.dip, self.dport)

    @property
    def is_name_due(self) -> bool:
        """Whether nobody has asked for the name yet that the ends give."""
        return self._is_name_due

    @property
    def is_named(self) -> bool:
        """Whether the name is known."""
        return self._is_name_due or self._name != ""

    @property
    def is_inet(self) -> bool:
        """Whether this is an IPv4 or IPv6 socket, connected or listening."""
        return FD_IPV4_SOCK <= self.kind <= FD_IPV6_SERVSOCK


@mypyc_attr(free_list_len=1)
class ThreadInfo:
    """One thread; the leader of a process (tid == pid) also stands for the process.

    Descriptors, cwd and environment of a process live on its leader. Times are ns since the epoch, sizes kB.
    """

    def __init__(self, tid: i64) -> None:  # noqa: PLR0915  # a thread has as many parts as it has
        """Make a thread of which only the id is known."""
        self.tid: i64 = tid
        self.pid: i64 = -1
        self.ptid: i64 = -1
        self.sid: i64 = -1
        self.vtid: i64 = -1
        self.vpid: i64 = -1
        self.vpgid: i64 = -1
        self.pgid: i64 = -1
        self.reaper_tid: i64 = -1
        self.comm: str = "<NA>"
        self.exe: str = "<NA>"
        self.exepath: str = ""
        # Behind `args`, `env` and `cgroups`: threads share them, and most are never decoded.
        self.arg_list: TextList = NO_TEXTS
        self.env_list: TextList = NO_TEXTS
        self.cgroup_list: CgroupList = NO_CGROUPS
        self.cwd: str = ""
        self.root: str = ""
        self.flags: i64 = 0
        self.fdlimit: i64 = -1
        self.uid: i64 = INVALID_ID
        self.gid: i64 = INVALID_ID
        self.loginuid: i64 = INVALID_ID
        self.cap_permitted: int = 0
        self.cap_effective: int = 0
        self.cap_inheritable: int = 0
        self.vmsize_kb: i64 = 0
        self.vmrss_kb: i64 = 0
        self.vmswap_kb: i64 = 0
        self.pfmajor: i64 = 0
        self.pfminor: i64 = 0
        self.tty: i64 = 0
        self.pidns_init_start_ts: i64 = 0
        self.clone_ts: i64 = 0
        self.lastexec_ts: i64 = 0
        self.lastaccess_ts: i64 = 0
        self.exe_ino: i64 = 0
        self.exe_ino_ctime: i64 = 0
        self.exe_ino_mtime: i64 = 0
        self.exe_ino_ctime_duration_clone_ts: i64 = 0
        self.exe_ino_ctime_duration_pidns_start: i64 = 0
        self.is_exe_writable: bool = False
        self.is_exe_upper_layer: bool = False
        self.is_exe_lower_layer: bool = False
        self.is_exe_from_memfd: bool = False
        self.category: i64 = 0
        self.container_id: str = ""
        # Processor time in hundredths of a second as it was last told, and the time before.
        self.cpu_user: i64 = 0
        self.cpu_system: i64 = 0
        self.cpu_user_before: i64 = 0
        self.cpu_system_before: i64 = 0
        self.filtered_out: bool = False
        # Set once the thread is in a table: its process, and the children that it started, by tid.
        self.group: ThreadGroup | None = None
        self.children: dict[int, ThreadInfo] | None = None
        # All threads of a process hold the same table.
        self.fds: FdTable = FdTable()
        # What the last event of the thread left behind, for pairing an exit with its entry.
        self.last_type: i64 = -1
        self.last_ts: i64 = 0
        self.last_latency: i64 = 0
        self.last_fd: i64 = -1
        # The entry, where it is kept: the bytes that hold it and its place in them; without a size there is none.
        self.enter_data: bytes = b""
        self.enter_start: i64 = 0
        self.enter_size: i64 = 0
        self.enter_header: i64 = 0
        self.enter_nparams: i64 = 0
        self.enter_num: i64 = 0
        self.enter_cpu: i64 = 0
        self.text_size: i64 = 0
        # What a list told, where the table keeps it in another form.
        self.listed_cwd: str = ""
        self.listed_ptid: i64 = -1
        # Joined texts that fields ask for on most events. Each remembers the value it was made from and holds as
        # long as that is still the same object: parsers replace `comm` and `args`, they never change them in place.
        self.args_text: str = ""
        self.args_text_of: list[str] | None = None
        self.cmdline_text: str = ""
        self.cmdline_comm: str | None = None
        self.cmdline_args: list[str] | None = None
        # What the engine remembers of the thread's facts, and who must hear of a change of them (`state.standing`).
        self.standing: object | None = None
        self.is_watched: bool = False
        self.watched_parent: ThreadInfo | None = None
        self.first_child: ThreadInfo | None = None
        self.next_child: ThreadInfo | None = None
        self.prior_child: ThreadInfo | None = None
        self.watched_leader: ThreadInfo | None = None
        self.first_peer: ThreadInfo | None = None
        self.next_peer: ThreadInfo | None = None
        self.prior_peer: ThreadInfo | None = None

    @property
    def args(self) -> list[str]:
        """The arguments after the first; a list that must not be changed in place, as the next two."""
        return self.arg_list.texts

    @args.setter
    def args(self, texts: list[str]) -> None:
        self.arg_list = TextList(b"", texts)

    @property
    def env(self) -> list[str]:
        """The environment, `NAME=value` each."""
        return self.env_list.texts

    @env.setter
    def env(self, texts: list[str]) -> None:
        self.env_list = TextList(b"", texts)

    @property
    def cgroups(self) -> list[tuple[str, str]]:
        """The control groups as (controller, path)."""
        return self.cgroup_list.pairs

    @cgroups.setter
    def cgroups(self, pairs: list[tuple[str, str]]) -> None:
        self.cgroup_list = CgroupList(pairs)

    @property
    def is_main_thread(self) -> bool:
        """Whether the thread leads its process."""
        return self.tid == self.pid

    @property
    def is_invalid(self) -> bool:
        """Whether nothing is known of the thread but that it exists."""
        return self.tid < 0 or self.pid < 0 or self.ptid < 0

    @property
    def is_dead(self) -> bool:
        """Whether the thread has exited; its process may live on."""
        return bool(self.flags & CL_CLOSED)

    @property
    def is_in_pidns(self) -> bool:
        """Whether the thread lives in a pid namespace other than the host's."""
        return bool(self.flags & CL_CHILD_IN_PIDNS) or (self.vtid >= 0 and self.vtid != self.tid)

    @property
    def leader(self) -> ThreadInfo | None:
        """The main thread of the process, None when it is not known."""
        if self.tid == self.pid:
            return self
        group = self.group
        return None if group is None else group.members.get(self.pid)

    @property
    def alive_threads(self) -> int:
        """How many threads of the process have not exited."""
        group = self.group
        return 0 if group is None else group.alive


@mypyc_attr(free_list_len=1)
class ThreadGroup:
    """A process: its threads by tid, how many of them live, and whether it takes over orphans."""

    def __init__(self, pid: i64) -> None:
        """Make a process without threads."""
        self.pid: i64 = pid
        self.members: dict[int, ThreadInfo] = {}
        self.alive: i64 = 0
        self.is_reaper: bool = False


class User:
    """A user account as the machine, or a container, knows it."""

    def __init__(self, uid: i64, gid: i64, name: str, homedir: str, shell: str) -> None:
        """Keep the account's values."""
        self.uid: i64 = uid
        self.gid: i64 = gid
        self.name: str = name
        self.homedir: str = homedir
        self.shell: str = shell


class Interface:
    """A network interface's address: packed bytes (4 or 16 of each), name, link speed (0 unknown)."""

    def __init__(self, name: str, addr: bytes, netmask: bytes, broadcast: bytes, linkspeed: int = -1) -> None:
        """Keep the values; a link speed of -1 says that the record has none."""
        self.name: str = name
        self.addr: bytes = addr
        self.netmask: bytes = netmask
        self.broadcast: bytes = broadcast
        self.linkspeed: int = linkspeed


class MachineInfo:
    """Facts of the host that a capture records once."""

    def __init__(self) -> None:
        """Start with nothing known."""
        self.num_cpus: int = 0
        self.memory_size: int = 0
        self.max_pid: int = 0
        self.hostname: str = ""
        self.boot_ts: int = 0
        self.flags: int = 0
        self.reserved3: int = 0
        self.reserved4: int = 0


class Mount:
    """A mount of a container."""

    def __init__(self, source: str, dest: str, mode: str, rdwr: bool, propagation: str) -> None:
        """Keep the values."""
        self.source: str = source
        self.dest: str = dest
        self.mode: str = mode
        self.rdwr: bool = rdwr
        self.propagation: str = propagation


class Probe:
    """A health, liveness or readiness command of a container: program and arguments."""

    def __init__(self, kind: str, exe: str, args: list[str]) -> None:
        """Keep the values; `kind` is Healthcheck, LivenessProbe or ReadinessProbe."""
        self.kind: str = kind
        self.exe: str = exe
        self.args: list[str] = args


class Container:
    """What is known of one container: its id always, the rest once its engine told."""

    def __init__(self, container_id: str, kind: str) -> None:
        """Make a container of which the id and the engine's name are known."""
        self.id: str = container_id
        self.full_id: str = ""
        self.kind: str = kind
        self.name: str = ""
        self.image: str = ""
        self.image_id: str = ""
        self.image_repo: str = ""
        self.image_tag: str = ""
        self.image_digest: str = ""
        self.ip: str = ""
        self.cni_json: str = ""
        self.is_privileged: bool = False
        self.is_pod_sandbox: bool = False
        self.host_pid: bool = False
        self.host_network: bool = False
        self.host_ipc: bool = False
        self.pod_sandbox_id: str = ""
        self.pod_sandbox_cniresult: str = ""
        self.pod_sandbox_labels: dict[str, str] = {}
        self.labels: dict[str, str] = {}
        self.mounts: list[Mount] = []
        self.env: list[str] = []
        self.probes: list[Probe] = []
        self.port_mappings: list[tuple[int, int, int]] = []
        self.created_time: int = 0
        self.size_rw: int = -1
        self.user: str = ""
        self.has_metadata: bool = False
        self.raw_json: str = ""
