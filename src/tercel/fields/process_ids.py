"""Fields of class `process` that are numbers and facts of the process: ids, leaders, times, the executable's file."""

from __future__ import annotations

from typing import Final

from tercel.events.types import (
    PF_DEC,
    PF_ID,
    PF_NA,
    PT_ABSTIME,
    PT_BOOL,
    PT_INT64,
    PT_RELTIME,
    PT_UINT32,
    PT_UINT64,
)
from tercel.fields.base import SCOPE_EVENT, SCOPE_PROCESS, Extractor, FieldSpec
from tercel.state.context import Context


class Pid(Extractor):
    """proc.pid."""

    def extract(self, ctx: Context) -> object:
        """Return the process id."""
        thread = ctx.thread
        return None if thread is None else thread.pid


class Vpid(Extractor):
    """proc.vpid."""

    def extract(self, ctx: Context) -> object:
        """Return the process id in its own namespace."""
        thread = ctx.thread
        return None if thread is None else thread.vpid


class Sid(Extractor):
    """proc.sid."""

    def extract(self, ctx: Context) -> object:
        """Return the session."""
        thread = ctx.thread
        return None if thread is None else thread.sid


class Vpgid(Extractor):
    """proc.vpgid."""

    def extract(self, ctx: Context) -> object:
        """Return the process group in the process's namespace."""
        thread = ctx.thread
        return None if thread is None else thread.vpgid


class Pgid(Extractor):
    """proc.pgid."""

    def extract(self, ctx: Context) -> object:
        """Return the process group on the host."""
        thread = ctx.thread
        return None if thread is None else thread.pgid


class Tty(Extractor):
    """proc.tty."""

    def extract(self, ctx: Context) -> object:
        """Return the terminal's device number."""
        thread = ctx.thread
        return None if thread is None else thread.tty


class IsSidLeader(Extractor):
    """proc.is_sid_leader."""

    def extract(self, ctx: Context) -> object:
        """Return whether session and process have the same id."""
        thread = ctx.thread
        return None if thread is None else thread.sid == thread.vpid


class IsVpgidLeader(Extractor):
    """proc.is_vpgid_leader."""

    def extract(self, ctx: Context) -> object:
        """Return whether process group and process have the same id in the namespace."""
        thread = ctx.thread
        return None if thread is None else thread.vpgid == thread.vpid


class IsPgidLeader(Extractor):
    """proc.is_pgid_leader."""

    def extract(self, ctx: Context) -> object:
        """Return whether process group and process have the same id on the host."""
        thread = ctx.thread
        return None if thread is None else thread.pgid == thread.pid


class StartTime(Extractor):
    """proc.pid.ts."""

    def extract(self, ctx: Context) -> object:
        """Return when the process was started."""
        thread = ctx.thread
        return None if thread is None or thread.clone_ts == 0 else thread.clone_ts


class Duration(Extractor):
    """proc.duration."""

    def extract(self, ctx: Context) -> object:
        """Return the ns from the start of the process to the event."""
        thread = ctx.thread
        return None if thread is None or thread.clone_ts == 0 else ctx.event.ts - thread.clone_ts


class ParentStartTime(Extractor):
    """proc.ppid.ts."""

    def extract(self, ctx: Context) -> object:
        """Return when the parent was started."""
        thread = ctx.thread
        parent = None if thread is None else ctx.machine.parent(thread)
        return None if parent is None or parent.clone_ts == 0 else parent.clone_ts


class ParentDuration(Extractor):
    """proc.ppid.duration."""

    def extract(self, ctx: Context) -> object:
        """Return the ns from the start of the parent to the event."""
        thread = ctx.thread
        parent = None if thread is None else ctx.machine.parent(thread)
        return None if parent is None or parent.clone_ts == 0 else ctx.event.ts - parent.clone_ts


class IsExeWritable(Extractor):
    """proc.is_exe_writable."""

    def extract(self, ctx: Context) -> object:
        """Return whether the user may write to the executable."""
        thread = ctx.thread
        return None if thread is None else thread.is_exe_writable


class IsExeUpperLayer(Extractor):
    """proc.is_exe_upper_layer."""

    def extract(self, ctx: Context) -> object:
        """Return whether the executable is in an overlay's upper layer."""
        thread = ctx.thread
        return None if thread is None else thread.is_exe_upper_layer


class IsExeLowerLayer(Extractor):
    """proc.is_exe_lower_layer."""

    def extract(self, ctx: Context) -> object:
        """Return whether the executable is in an overlay's lower layer."""
        thread = ctx.thread
        return None if thread is None else thread.is_exe_lower_layer


class IsExeFromMemfd(Extractor):
    """proc.is_exe_from_memfd."""

    def extract(self, ctx: Context) -> object:
        """Return whether the executable exists only in memory."""
        thread = ctx.thread
        return None if thread is None else thread.is_exe_from_memfd


class ExeIno(Extractor):
    """proc.exe_ino."""

    def extract(self, ctx: Context) -> object:
        """Return the inode, None when it is not known."""
        thread = ctx.thread
        return None if thread is None or thread.exe_ino == 0 else thread.exe_ino


class ExeCtime(Extractor):
    """proc.exe_ino.ctime."""

    def extract(self, ctx: Context) -> object:
        """Return when the inode was last changed."""
        thread = ctx.thread
        return None if thread is None or thread.exe_ino_ctime == 0 else thread.exe_ino_ctime


class ExeMtime(Extractor):
    """proc.exe_ino.mtime."""

    def extract(self, ctx: Context) -> object:
        """Return when the file was last written."""
        thread = ctx.thread
        return None if thread is None or thread.exe_ino_mtime == 0 else thread.exe_ino_mtime


class ExeAgeAtStart(Extractor):
    """proc.exe_ino.ctime_duration_proc_start."""

    def extract(self, ctx: Context) -> object:
        """Return the ns from the inode's change to the start of the process."""
        thread = ctx.thread
        return None if thread is None else thread.exe_ino_ctime_duration_clone_ts or None


class ExeAgeInNamespace(Extractor):
    """proc.exe_ino.ctime_duration_pidns_start."""

    def extract(self, ctx: Context) -> object:
        """Return the ns from the start of the pid namespace to the inode's change."""
        thread = ctx.thread
        return None if thread is None else thread.exe_ino_ctime_duration_pidns_start or None


class NamespaceStart(Extractor):
    """proc.pidns_init_start_ts."""

    def extract(self, ctx: Context) -> object:
        """Return when the first process of the pid namespace was started."""
        thread = ctx.thread
        return None if thread is None else thread.pidns_init_start_ts or None


def _id(name: str, doc: str, kind: int = PT_INT64) -> FieldSpec:
    return FieldSpec(name, kind, SCOPE_PROCESS, doc, 0, PF_ID)


def _flag(name: str, doc: str) -> FieldSpec:
    return FieldSpec(name, PT_BOOL, SCOPE_PROCESS, doc, 0, PF_NA)


def _time(name: str, doc: str, kind: int, scope: int = SCOPE_PROCESS) -> FieldSpec:
    return FieldSpec(name, kind, scope, doc, 0, PF_DEC)


ROWS: Final[list[tuple[FieldSpec, type[Extractor]]]] = [
    (_id("proc.tty", "The device number of the controlling terminal, 0 when there is none.", PT_UINT32), Tty),
    (_id("proc.pid", "The process id."), Pid),
    (_id("proc.vpid", "The process id in its own pid namespace."), Vpid),
    (_id("proc.sid", "The session's id."), Sid),
    (_id("proc.vpgid", "The id of the process group in the process's own pid namespace."), Vpgid),
    (_id("proc.pgid", "The id of the process group on the host."), Pgid),
    (_time("proc.duration", "The time from the start of the process to the event.", PT_RELTIME, SCOPE_EVENT), Duration),
    (
        _time("proc.ppid.duration", "The time from the start of the parent to the event.", PT_RELTIME, SCOPE_EVENT),
        ParentDuration,
    ),
    (_time("proc.pid.ts", "When the process was started, in ns since the epoch.", PT_RELTIME), StartTime),
    (_time("proc.ppid.ts", "When the parent was started, in ns since the epoch.", PT_RELTIME), ParentStartTime),
    (
        _flag("proc.is_exe_writable", "Whether the user who started the program may write to its file."),
        IsExeWritable,
    ),
    (
        _flag("proc.is_exe_upper_layer", "Whether the program's file is in the upper layer of an overlay file system."),
        IsExeUpperLayer,
    ),
    (
        _flag("proc.is_exe_lower_layer", "Whether the program's file is in the lower layer of an overlay file system."),
        IsExeLowerLayer,
    ),
    (_flag("proc.is_exe_from_memfd", "Whether the program's file exists in memory alone (memfd)."), IsExeFromMemfd),
    (_flag("proc.is_sid_leader", "Whether the process leads its session."), IsSidLeader),
    (
        _flag("proc.is_vpgid_leader", "Whether the process leads its process group, in its pid namespace."),
        IsVpgidLeader,
    ),
    (_flag("proc.is_pgid_leader", "Whether the process leads its process group, on the host."), IsPgidLeader),
    (_time("proc.exe_ino", "The inode of the program's file.", PT_INT64), ExeIno),
    (_time("proc.exe_ino.ctime", "When the inode of the program's file was last changed.", PT_ABSTIME), ExeCtime),
    (_time("proc.exe_ino.mtime", "When the program's file was last written.", PT_ABSTIME), ExeMtime),
    (
        _time(
            "proc.exe_ino.ctime_duration_proc_start",
            "The ns from the last change of the program's inode to the start of the process.",
            PT_ABSTIME,
        ),
        ExeAgeAtStart,
    ),
    (
        _time(
            "proc.exe_ino.ctime_duration_pidns_start",
            "The ns from the start of the pid namespace to the last change of the program's inode.",
            PT_ABSTIME,
        ),
        ExeAgeInNamespace,
    ),
    (
        _time(
            "proc.pidns_init_start_ts",
            "When the first process of the pid namespace was started, in ns.",
            PT_UINT64,
        ),
        NamespaceStart,
    ),
]
