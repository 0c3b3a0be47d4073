"""Fields of class `process` about threads and resources: capabilities, descriptors, memory, control groups, CPU time.

The group that holds these rows is in `process`.
"""

from __future__ import annotations

from typing import Final

from tercel.events.table import EVENT_BY_ENUM
from tercel.events.types import (
    PF_DEC,
    PF_ID,
    PF_NA,
    PT_BOOL,
    PT_CHARBUF,
    PT_DOUBLE,
    PT_INT64,
    PT_RELTIME,
    PT_UINT64,
)
from tercel.fields.base import (
    FF_ARG_DOTTED,
    FF_ARG_KEY,
    FF_ARG_REQUIRED,
    FF_HIDDEN,
    SCOPE_EVENT,
    SCOPE_PROCESS,
    Extractor,
    FieldSpec,
)
from tercel.fields.fdtypes import TYPE_WORDS
from tercel.state.context import Context
from tercel.state.fdtable import FdTable
from tercel.state.model import ThreadInfo

# Names of the capabilities, by bit.
CAPABILITIES: Final[tuple[str, ...]] = (
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
    "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
    "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
    "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
    "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
    "CHECKPOINT_RESTORE",
)  # fmt: skip

_PROCINFO: Final[int] = EVENT_BY_ENUM["PROCINFO_E"]

_STANDARD_FDS: Final[dict[str, int]] = {"stdin": 0, "stdout": 1, "stderr": 2}


# Machines use few different sets; a hostile capture may use more than are kept.
_SETS_KEPT: Final = 1024
_SET_NAMES: Final[dict[int, str]] = {}


def capability_names(mask: int) -> str:
    """Return the names of a capability set, joined by blanks."""
    names = _SET_NAMES.get(mask)
    if names is None:
        if len(_SET_NAMES) >= _SETS_KEPT:
            _SET_NAMES.clear()
        names = " ".join(["CAP_" + name for bit, name in enumerate(CAPABILITIES) if mask >> bit & 1])
        _SET_NAMES[mask] = names
    return names


def process_of(ctx: Context) -> ThreadInfo | None:
    """Return the main thread of the process that caused the event, None when it is not known."""
    return None if ctx.thread is None else ctx.thread.leader


def open_fds(ctx: Context) -> FdTable | None:
    """Return the open descriptors of the process, None without a process."""
    return None if ctx.thread is None else ctx.thread.fds


class CapPermitted(Extractor):
    """thread.cap_permitted."""

    def extract(self, ctx: Context) -> object:
        """Return the set's names."""
        thread = ctx.thread
        return None if thread is None else capability_names(thread.cap_permitted)


class CapInheritable(Extractor):
    """thread.cap_inheritable."""

    def extract(self, ctx: Context) -> object:
        """Return the set's names."""
        thread = ctx.thread
        return None if thread is None else capability_names(thread.cap_inheritable)


class CapEffective(Extractor):
    """thread.cap_effective."""

    def extract(self, ctx: Context) -> object:
        """Return the set's names."""
        thread = ctx.thread
        return None if thread is None else capability_names(thread.cap_effective)


class FdOpenCount(Extractor):
    """proc.fdopencount."""

    def extract(self, ctx: Context) -> object:
        """Return the number of open descriptors."""
        fds = open_fds(ctx)
        return None if fds is None else len(fds)


class FdLimit(Extractor):
    """proc.fdlimit."""

    def extract(self, ctx: Context) -> object:
        """Return how many descriptors the process may open."""
        leader = process_of(ctx)
        return None if leader is None else leader.fdlimit


class FdUsage(Extractor):
    """proc.fdusage."""

    def extract(self, ctx: Context) -> object:
        """Return the open descriptors in percent of the limit, 0 when there is no limit."""
        leader = process_of(ctx)
        fds = open_fds(ctx)
        if leader is None or fds is None:
            return None
        limit: int = leader.fdlimit
        return min(len(fds) * 100.0 / limit, 100.0) if limit > 0 else 0.0


class VmSize(Extractor):
    """proc.vmsize."""

    def extract(self, ctx: Context) -> object:
        """Return the kB of virtual memory."""
        thread = ctx.thread
        return None if thread is None else thread.vmsize_kb


class VmRss(Extractor):
    """proc.vmrss."""

    def extract(self, ctx: Context) -> object:
        """Return the kB of resident memory."""
        thread = ctx.thread
        return None if thread is None else thread.vmrss_kb


class VmSwap(Extractor):
    """proc.vmswap."""

    def extract(self, ctx: Context) -> object:
        """Return the kB of swapped memory."""
        thread = ctx.thread
        return None if thread is None else thread.vmswap_kb


class PfMajor(Extractor):
    """thread.pfmajor."""

    def extract(self, ctx: Context) -> object:
        """Return the number of major page faults."""
        thread = ctx.thread
        return None if thread is None else thread.pfmajor


class PfMinor(Extractor):
    """thread.pfminor."""

    def extract(self, ctx: Context) -> object:
        """Return the number of minor page faults."""
        thread = ctx.thread
        return None if thread is None else thread.pfminor


class Tid(Extractor):
    """thread.tid."""

    def extract(self, ctx: Context) -> object:
        """Return the thread id that the event carries, whether the thread is known or not."""
        return ctx.event.tid


class Vtid(Extractor):
    """thread.vtid."""

    def extract(self, ctx: Context) -> object:
        """Return the thread id in its own namespace."""
        thread = ctx.thread
        return None if thread is None else thread.vtid


class IsMain(Extractor):
    """thread.ismain."""

    def extract(self, ctx: Context) -> object:
        """Return whether the thread leads its process."""
        thread = ctx.thread
        return None if thread is None else thread.tid == thread.pid


class NameTid(Extractor):
    """thread.nametid."""

    def extract(self, ctx: Context) -> object:
        """Return the name followed by the id."""
        thread = ctx.thread
        return None if thread is None else f"{thread.comm}{thread.tid}"


class ExecTime(Extractor):
    """thread.exectime: needs events of the scheduler with the CPU's earlier switch, which captures no longer have."""

    def extract(self, ctx: Context) -> object:
        """Return 0, as for every event that is not a switch."""
        return 0


class TotalExecTime(Extractor):
    """thread.totexectime."""

    def extract(self, ctx: Context) -> object:
        """Return the sum of the thread's exec times."""
        return None if ctx.thread is None else 0


class Cgroups(Extractor):
    """thread.cgroups."""

    def extract(self, ctx: Context) -> object:
        """Return all control groups as `subsystem=path`, joined by blanks; None when there are none."""
        thread = ctx.thread
        if thread is None or not thread.cgroups:
            return None
        return " ".join([name + "=" + path for name, path in thread.cgroups])


class Cgroup(Extractor):
    """thread.cgroup.SUBSYSTEM."""

    def extract(self, ctx: Context) -> object:
        """Return the path of the subsystem's control group."""
        thread = ctx.thread
        if thread is not None:
            for name, path in thread.cgroups:
                if name == self.arg:
                    return path
        return None


class ThreadCount(Extractor):
    """proc.nthreads."""

    def extract(self, ctx: Context) -> object:
        """Return the number of living threads."""
        leader = process_of(ctx)
        return None if leader is None else leader.alive_threads


class OtherThreadCount(Extractor):
    """proc.nchilds."""

    def extract(self, ctx: Context) -> object:
        """Return the number of living threads besides the leader."""
        leader = process_of(ctx)
        return None if leader is None else max(leader.alive_threads - 1, 0)


def cpu_percentage(now: int, before: int) -> float:
    """Return the hundredths of a second that were used since the last figure, at most 100; 0 for the first one.

    The figures come once a second, so hundredths are percents.
    """
    if before == 0:
        return 0.0
    return float(now - before) if before <= now <= before + 100 else 100.0


class Cpu(Extractor):
    """thread.cpu, thread.cpu.user, thread.cpu.system: only the events that bring the figures have them."""

    def extract(self, ctx: Context) -> object:
        """Return the percentage since the thread's last such event."""
        thread = ctx.thread
        if thread is None or ctx.event.info.id != _PROCINFO:
            return None
        now: int = 0
        before: int = 0
        if self.spec.name != "thread.cpu.system":
            now += thread.cpu_user
            before += thread.cpu_user_before
        if self.spec.name != "thread.cpu.user":
            now += thread.cpu_system
            before += thread.cpu_system_before
        return cpu_percentage(now, before)


class ThreadVmSize(Extractor):
    """thread.vmsize and thread.vmsize.b."""

    def extract(self, ctx: Context) -> object:
        """Return the process's virtual memory for its main thread, 0 for others."""
        thread = ctx.thread
        if thread is None:
            return None
        size = thread.vmsize_kb if thread.tid == thread.pid else 0
        return size * 1024 if self.spec.name.endswith(".b") else size


class ThreadVmRss(Extractor):
    """thread.vmrss and thread.vmrss.b."""

    def extract(self, ctx: Context) -> object:
        """Return the process's resident memory for its main thread, 0 for others."""
        thread = ctx.thread
        if thread is None:
            return None
        size = thread.vmrss_kb if thread.tid == thread.pid else 0
        return size * 1024 if self.spec.name.endswith(".b") else size


class StandardStream(Extractor):
    """proc.stdin.type, proc.stdin.name and so on."""

    def __init__(self, spec: FieldSpec, arg: str | None, text: str) -> None:
        """Find out from the field's name which descriptor is meant and what is asked."""
        super().__init__(spec, arg, text)
        words = spec.name.split(".")
        self.number: int = _STANDARD_FDS[words[1]]
        self.wants_name: bool = words[2] == "name"

    def extract(self, ctx: Context) -> object:
        """Return name or type of the descriptor, None when it is not known."""
        fds = open_fds(ctx)
        found = None if fds is None else fds.get(self.number)
        if found is None:
            return None
        return found.name if self.wants_name else TYPE_WORDS.get(found.kind)


def _number(name: str, doc: str, kind: int = PT_UINT64, print_format: int = PF_DEC, flags: int = 0) -> FieldSpec:
    return FieldSpec(name, kind, SCOPE_EVENT, doc, flags, print_format)


def _text(name: str, doc: str, flags: int = 0, scope: int = SCOPE_PROCESS) -> FieldSpec:
    return FieldSpec(name, PT_CHARBUF, scope, doc, flags, PF_NA)


_STREAMS: Final[tuple[tuple[str, str], ...]] = (
    ("stdin", "standard input"),
    ("stdout", "standard output"),
    ("stderr", "standard error"),
)

ROWS: Final[list[tuple[FieldSpec, type[Extractor]]]] = [
    (_text("thread.cap_permitted", "The thread's permitted capabilities, joined by blanks."), CapPermitted),
    (_text("thread.cap_inheritable", "The thread's inheritable capabilities, joined by blanks."), CapInheritable),
    (_text("thread.cap_effective", "The thread's effective capabilities, joined by blanks."), CapEffective),
    (_number("proc.fdopencount", "How many descriptors the process has open."), FdOpenCount),
    (_number("proc.fdlimit", "How many descriptors the process may have open.", PT_INT64), FdLimit),
    (
        _number("proc.fdusage", "The open descriptors in percent of those allowed.", PT_DOUBLE, PF_NA),
        FdUsage,
    ),
    (_number("proc.vmsize", "The virtual memory of the process in kB."), VmSize),
    (_number("proc.vmrss", "The resident memory of the process in kB."), VmRss),
    (_number("proc.vmswap", "The swapped memory of the process in kB."), VmSwap),
    (_number("thread.pfmajor", "Major page faults of the thread so far."), PfMajor),
    (_number("thread.pfminor", "Minor page faults of the thread so far."), PfMinor),
    # Not a fact of the thread: an event whose thread is not known has it all the same.
    (FieldSpec("thread.tid", PT_INT64, SCOPE_EVENT, "The thread's id.", 0, PF_ID), Tid),
    (
        FieldSpec("thread.ismain", PT_BOOL, SCOPE_PROCESS, "Whether the thread is the main thread of its process."),
        IsMain,
    ),
    (FieldSpec("thread.vtid", PT_INT64, SCOPE_PROCESS, "The thread's id in its pid namespace.", 0, PF_ID), Vtid),
    (_text("thread.nametid", "Name and id of the thread, written together.", FF_HIDDEN), NameTid),
    (
        _number("thread.exectime", "The CPU time since the thread was last switched to.", PT_RELTIME),
        ExecTime,
    ),
    (_number("thread.totexectime", "The CPU time of the thread in this capture.", PT_RELTIME), TotalExecTime),
    (_text("thread.cgroups", "All control groups of the thread as subsystem=path, joined by blanks."), Cgroups),
    (
        _text(
            "thread.cgroup",
            "The control group of one subsystem, for example thread.cgroup.cpuacct.",
            FF_ARG_REQUIRED | FF_ARG_KEY | FF_ARG_DOTTED,
        ),
        Cgroup,
    ),
    (_number("proc.nthreads", "How many living threads the process has, the main thread counted."), ThreadCount),
    (_number("proc.nchilds", "How many living threads the process has besides the main thread."), OtherThreadCount),
    (_number("thread.cpu", "CPU use of the thread in percent.", PT_DOUBLE, PF_NA), Cpu),
    (_number("thread.cpu.user", "CPU use of the thread outside the kernel, in percent.", PT_DOUBLE, PF_NA), Cpu),
    (_number("thread.cpu.system", "CPU use of the thread inside the kernel, in percent.", PT_DOUBLE, PF_NA), Cpu),
    (_number("thread.vmsize", "The process's virtual memory in kB, 0 for other than main threads."), ThreadVmSize),
    (_number("thread.vmrss", "The process's resident memory in kB, 0 for other than main threads."), ThreadVmRss),
    (
        _number("thread.vmsize.b", "thread.vmsize in bytes.", PT_UINT64, PF_DEC, FF_HIDDEN),
        ThreadVmSize,
    ),
    (
        _number("thread.vmrss.b", "thread.vmrss in bytes.", PT_UINT64, PF_DEC, FF_HIDDEN),
        ThreadVmRss,
    ),
    *[
        (_text(f"proc.{word}.type", f"What {what} is: file, pipe, ipv4 …", 0, SCOPE_EVENT), StandardStream)
        for word, what in _STREAMS
    ],
    *[
        (_text(f"proc.{word}.name", f"The name of what {what} is connected to.", 0, SCOPE_EVENT), StandardStream)
        for word, what in _STREAMS
    ],
]
