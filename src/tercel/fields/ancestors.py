"""Fields of a process's relatives: parent (`proc.pname`), ancestors (`proc.aname[2]`), leaders (`proc.sname`)."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from tercel.events.types import PF_ID, PF_NA, PT_CHARBUF, PT_INT64
from tercel.fields.base import (
    FF_ANY,
    FF_ARG_ALLOWED,
    FF_ARG_INDEX,
    FF_ARG_KEY,
    FF_NO_RHS,
    FF_NO_TRANSFORMER,
    SCOPE_EVENT,
    SCOPE_PROCESS,
    Extractor,
    FieldSpec,
)
from tercel.fields.facts import (
    ARGS,
    CMDLINE,
    COMM,
    ENV,
    EXE,
    EXEPATH,
    PID,
    VPID,
    Fact,
    ancestor,
    ancestors,
    env_value,
)
from tercel.state.context import Context
from tercel.state.model import ThreadInfo

# proc.aenv[NAME] looks this far for a variable.
_ENV_LEVELS: Final = 20

_PARENT_FACTS: Final[dict[str, Fact]] = {
    "proc.pname": COMM,
    "proc.pexe": EXE,
    "proc.pexepath": EXEPATH,
    "proc.pcmdline": CMDLINE,
    "proc.ppid": PID,
    "proc.pvpid": VPID,
}

_ANCESTOR_FACTS: Final[dict[str, Fact]] = {
    "proc.aname": COMM,
    "proc.aexe": EXE,
    "proc.aexepath": EXEPATH,
    "proc.aargs": ARGS,
    "proc.acmdline": CMDLINE,
    "proc.apid": PID,
    "proc.aenv": ENV,
}

_LEADER_FACTS: Final[dict[str, Fact]] = {
    "proc.sname": COMM,
    "proc.sid.exe": EXE,
    "proc.sid.exepath": EXEPATH,
    "proc.vpgid.name": COMM,
    "proc.vpgid.exe": EXE,
    "proc.vpgid.exepath": EXEPATH,
    "proc.pgid.name": COMM,
    "proc.pgid.exe": EXE,
    "proc.pgid.exepath": EXEPATH,
}


class ParentName(Extractor):
    """proc.pname, which most rules ask for."""

    def extract(self, ctx: Context) -> object:
        """Return the parent's name."""
        thread = ctx.thread
        if thread is None:
            return None
        parent = ctx.machine.parent(thread)
        return None if parent is None else parent.comm


class Parent(Extractor):
    """A fact of the parent."""

    def __init__(self, spec: FieldSpec, arg: str | None, text: str) -> None:
        """Find out which fact the field's name asks for."""
        super().__init__(spec, arg, text)
        self.fact: Fact = _PARENT_FACTS[spec.name]

    def extract(self, ctx: Context) -> object:
        """Return the fact, None when the parent is not known."""
        thread = ctx.thread
        if thread is None:
            return None
        parent = ctx.machine.parent(thread)
        return None if parent is None else self.fact.of(parent)


class Ancestor(Extractor):
    """A fact of the ancestor N levels up; without N a condition asks all ancestors, a format prints the process's."""

    def __init__(self, spec: FieldSpec, arg: str | None, text: str) -> None:
        """Find out which fact the field's name asks for, and of whom."""
        super().__init__(spec, arg, text)
        self.fact: Fact = _ANCESTOR_FACTS[spec.name]
        self.levels: i64 = -1 if arg is None else int(arg)

    def extract(self, ctx: Context) -> object:
        """Return the fact, or those of all ancestors, the process itself left out."""
        thread = ctx.thread
        if thread is None:
            return None
        if self.arg is None:
            return [self.fact.of(item) for item in ancestors(ctx, thread)]
        found = ancestor(ctx, thread, self.levels)
        return None if found is None else self.fact.of(found)

    def display(self, ctx: Context) -> object:
        """Return the fact; without a level the main thread's own."""
        if self.arg is not None:
            return self.extract(ctx)
        thread = ctx.thread
        leader = None if thread is None else thread.leader
        return None if leader is None else self.fact.of(leader)


class AncestorEnv(Extractor):
    """proc.aenv: the environment of ancestor N, a variable of the nearest ancestor that has it, or all of them."""

    def __init__(self, spec: FieldSpec, arg: str | None, text: str) -> None:
        """Tell a level from a variable's name."""
        super().__init__(spec, arg, text)
        self.levels: i64 = int(arg) if arg is not None and arg.isascii() and arg.isdigit() and len(arg) < 10 else -1

    def extract(self, ctx: Context) -> object:
        """Return the environments or the variable; empty when no ancestor has it."""
        thread = ctx.thread
        if thread is None:
            return None
        if self.arg is None:
            return [" ".join(item.env) for item in ancestors(ctx, thread)]
        if self.levels < 0:
            return self._variable(ctx, thread, self.arg)
        found = ancestor(ctx, thread, self.levels)
        return None if found is None else " ".join(found.env)

    def display(self, ctx: Context) -> object:
        """Return what is asked for; without argument the process's own environment."""
        if self.arg is not None:
            return self.extract(ctx)
        thread = ctx.thread
        leader = None if thread is None else thread.leader
        return None if leader is None else " ".join(leader.env)

    def _variable(self, ctx: Context, thread: ThreadInfo, name: str) -> str:
        for item in ancestors(ctx, thread)[:_ENV_LEVELS]:
            value = env_value(item.env, name)
            if value:
                return value
        return ""


class Leader(Extractor):
    """A fact of the leader of a session or process group: the oldest of the ancestors in a row that belong to it."""

    def __init__(self, spec: FieldSpec, arg: str | None, text: str) -> None:
        """Find out which fact the field's name asks for."""
        super().__init__(spec, arg, text)
        self.fact: Fact = _LEADER_FACTS[spec.name]

    def id_of(self, thread: ThreadInfo) -> int:
        """Return the id of the session or group that the thread belongs to."""
        raise NotImplementedError

    def extract(self, ctx: Context) -> object:
        """Return the fact; empty when no ancestor belongs to the same session or group."""
        if ctx.thread is None:
            return None
        leader = ctx.thread.leader
        if leader is None:
            return None
        wanted = self.id_of(leader)
        oldest: ThreadInfo | None = None
        if not leader.is_in_pidns:
            # On the host the id is the leader's pid; in a namespace it is a number that only counts there.
            oldest = ctx.machine.threads.get(wanted)
        if wanted >= 0 and oldest is None:
            for item in ancestors(ctx, leader):
                if self.id_of(item) != wanted:
                    break
                oldest = item
        return "" if oldest is None else self.fact.of(oldest)


class SessionLeader(Leader):
    """proc.sname, proc.sid.exe, proc.sid.exepath."""

    def id_of(self, thread: ThreadInfo) -> int:
        """Return the session."""
        return thread.sid


class GroupLeader(Leader):
    """proc.vpgid.name, proc.vpgid.exe, proc.vpgid.exepath."""

    def id_of(self, thread: ThreadInfo) -> int:
        """Return the process group in the process's namespace."""
        return thread.vpgid


class HostGroupLeader(Leader):
    """proc.pgid.name, proc.pgid.exe, proc.pgid.exepath."""

    def id_of(self, thread: ThreadInfo) -> int:
        """Return the process group on the host."""
        return thread.pgid


class LoginShell(Extractor):
    """proc.loginshellid."""

    def extract(self, ctx: Context) -> object:
        """Return the pid of the oldest of the process and its ancestors whose name ends in `sh`."""
        thread = ctx.thread
        leader = None if thread is None else thread.leader
        if leader is None:
            return None
        found = leader if leader.comm.endswith("sh") else None
        for item in ancestors(ctx, leader):
            if item.comm.endswith("sh"):
                found = item
        return None if found is None else found.pid


_FLAGS: Final = FF_ARG_ALLOWED | FF_ARG_INDEX | FF_NO_TRANSFORMER | FF_NO_RHS | FF_ANY


def _spec(name: str, doc: str, flags: int = 0, kind: int = PT_CHARBUF) -> FieldSpec:
    return FieldSpec(name, kind, SCOPE_PROCESS, doc, flags, PF_NA if kind == PT_CHARBUF else PF_ID)


def _leader(name: str, doc: str) -> FieldSpec:
    # Leaders are found by number: one that is no ancestor can come, go and change unnoticed by the process.
    return FieldSpec(name, PT_CHARBUF, SCOPE_EVENT, doc)


def _ancestor(name: str, what: str, flags: int = _FLAGS, kind: int = PT_CHARBUF) -> FieldSpec:
    doc = f"{what} of the ancestor N levels up ([0] the process, [1] its parent); without N any ancestor matches."
    return _spec(name, doc, flags, kind)


ROWS: Final[list[tuple[FieldSpec, type[Extractor]]]] = [
    (_spec("proc.pname", "The parent's proc.name."), ParentName),
    (_spec("proc.pexe", "The parent's proc.exe."), Parent),
    (_spec("proc.pexepath", "The parent's proc.exepath."), Parent),
    (_spec("proc.pcmdline", "The parent's proc.cmdline."), Parent),
    (_spec("proc.ppid", "The parent's process id.", 0, PT_INT64), Parent),
    (_spec("proc.pvpid", "The parent's process id in its own pid namespace.", 0, PT_INT64), Parent),
    (_ancestor("proc.aname", "The proc.name"), Ancestor),
    (_ancestor("proc.aexe", "The proc.exe"), Ancestor),
    (_ancestor("proc.aexepath", "The proc.exepath"), Ancestor),
    (_ancestor("proc.aargs", "The proc.args", FF_ARG_ALLOWED | FF_ARG_INDEX | FF_ANY), Ancestor),
    (_ancestor("proc.acmdline", "The proc.cmdline"), Ancestor),
    (_ancestor("proc.apid", "The process id", _FLAGS, PT_INT64), Ancestor),
    (
        _spec(
            "proc.aenv",
            "A variable [NAME] of the nearest of 20 ancestors that has it, or the environment of ancestor [N]; "
            "without argument any ancestor's environment matches.",
            _FLAGS | FF_ARG_KEY,
        ),
        AncestorEnv,
    ),
    (
        _spec(
            "proc.loginshellid",
            "The pid of the oldest shell (a name that ends in sh) among the process and its ancestors.",
            0,
            PT_INT64,
        ),
        LoginShell,
    ),
    (_leader("proc.sname", "The proc.name of the session's leader: its oldest known ancestor."), SessionLeader),
    (_leader("proc.sid.exe", "The proc.exe of the session's leader."), SessionLeader),
    (_leader("proc.sid.exepath", "The proc.exepath of the session's leader."), SessionLeader),
    (_leader("proc.vpgid.name", "The proc.name of the leader of the process group."), GroupLeader),
    (_leader("proc.vpgid.exe", "The proc.exe of the leader of the process group."), GroupLeader),
    (_leader("proc.vpgid.exepath", "The proc.exepath of the leader of the process group."), GroupLeader),
    (_leader("proc.pgid.name", "The proc.name of the leader of the host's process group."), HostGroupLeader),
    (_leader("proc.pgid.exe", "The proc.exe of the leader of the host's process group."), HostGroupLeader),
    (_leader("proc.pgid.exepath", "The proc.exepath of the leader of the host's process group."), HostGroupLeader),
]
