"""The fields of class `process`: what is known of the program that caused an event, and how it was started.

Relatives of the process are in `ancestors`, ids and times in `process_ids`, what belongs to threads in `thread`.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from tercel.events.types import PF_DEC, PT_BOOL, PT_CHARBUF, PT_UINT64
from tercel.fields import ancestors, process_ids, thread
from tercel.fields.base import (
    FF_ARG_ALLOWED,
    FF_ARG_INDEX,
    FF_ARG_KEY,
    FF_DEPRECATED,
    SCOPE_PROCESS,
    Extractor,
    FieldGroup,
    FieldSpec,
)
from tercel.fields.facts import args_text, cmdline, env_value
from tercel.state.context import Context

# Categories that processes started by a container's engine are put in (ThreadInfo.category).
CATEGORY_HEALTHCHECK: Final = 2
CATEGORY_LIVENESS: Final = 3
CATEGORY_READINESS: Final = 4


class Name(Extractor):
    """proc.name."""

    def extract(self, ctx: Context) -> object:
        """Return the name."""
        thread = ctx.thread
        return None if thread is None else thread.comm


class Exe(Extractor):
    """proc.exe."""

    def extract(self, ctx: Context) -> object:
        """Return argv[0]."""
        thread = ctx.thread
        return None if thread is None else thread.exe


class ExePath(Extractor):
    """proc.exepath."""

    def extract(self, ctx: Context) -> object:
        """Return the path, empty when it is not known."""
        thread = ctx.thread
        return None if thread is None else thread.exepath


class Cmdline(Extractor):
    """proc.cmdline."""

    def extract(self, ctx: Context) -> object:
        """Return name and arguments."""
        thread = ctx.thread
        return None if thread is None else cmdline(thread)


class Exeline(Extractor):
    """proc.exeline."""

    def extract(self, ctx: Context) -> object:
        """Return argv[0], a blank and the arguments."""
        thread = ctx.thread
        return None if thread is None else thread.exe + " " + args_text(thread)


class Args(Extractor):
    """proc.args and proc.args[N]."""

    def __init__(self, spec: FieldSpec, arg: str | None, text: str) -> None:
        """Read the argument's number."""
        super().__init__(spec, arg, text)
        self.index: i64 = -1 if arg is None else int(arg)

    def extract(self, ctx: Context) -> object:
        """Return all arguments joined by blanks, or the one asked for."""
        thread = ctx.thread
        if thread is None:
            return None
        if self.arg is None:
            return args_text(thread)
        if 0 <= self.index < len(thread.args):
            return thread.args[self.index]
        return None


class ArgsCount(Extractor):
    """proc.cmdnargs."""

    def extract(self, ctx: Context) -> object:
        """Return the number of arguments."""
        thread = ctx.thread
        return None if thread is None else len(thread.args)


class ArgsLength(Extractor):
    """proc.cmdlenargs."""

    def extract(self, ctx: Context) -> object:
        """Return the bytes of all arguments together."""
        thread = ctx.thread
        if thread is None:
            return None
        total = 0
        for arg in thread.args:
            total += len(arg) if arg.isascii() else len(arg.encode("utf-8", "surrogateescape"))
        return total


class Env(Extractor):
    """proc.env, proc.env[NAME] and proc.env[N]; a process has one environment, its main thread's."""

    def __init__(self, spec: FieldSpec, arg: str | None, text: str) -> None:
        """Keep the variable's number when the argument is one."""
        super().__init__(spec, arg, text)
        self.index: i64 = int(arg) if arg is not None and arg.isascii() and arg.isdigit() and len(arg) < 10 else -1

    def extract(self, ctx: Context) -> object:
        """Return the variable's value, empty when it is not set, or all variables joined by blanks."""
        if ctx.thread is None:
            return None
        leader = ctx.thread.leader
        env: list[str] = [] if leader is None else leader.env
        if self.arg is None:
            return " ".join(env)
        if self.index < 0:
            return env_value(env, self.arg)
        return env[self.index] if self.index < len(env) else None


class Cwd(Extractor):
    """proc.cwd."""

    def extract(self, ctx: Context) -> object:
        """Return the working directory with a slash at its end; empty when it is not known."""
        if ctx.thread is None:
            return None
        leader = ctx.thread.leader
        return "" if leader is None else leader.cwd


class IsHealthcheck(Extractor):
    """proc.is_container_healthcheck."""

    def extract(self, ctx: Context) -> object:
        """Return whether the container's engine started the process to check the container's health."""
        thread = ctx.thread
        return None if thread is None else thread.category == CATEGORY_HEALTHCHECK


class IsLivenessProbe(Extractor):
    """proc.is_container_liveness_probe."""

    def extract(self, ctx: Context) -> object:
        """Return whether Kubernetes started the process to see if the container lives."""
        thread = ctx.thread
        return None if thread is None else thread.category == CATEGORY_LIVENESS


class IsReadinessProbe(Extractor):
    """proc.is_container_readiness_probe."""

    def extract(self, ctx: Context) -> object:
        """Return whether Kubernetes started the process to see if the container is ready."""
        thread = ctx.thread
        return None if thread is None else thread.category == CATEGORY_READINESS


def _text(name: str, doc: str, flags: int = 0) -> FieldSpec:
    return FieldSpec(name, PT_CHARBUF, SCOPE_PROCESS, doc, flags)


ROWS: Final[list[tuple[FieldSpec, type[Extractor]]]] = [
    (_text("proc.exe", "The first word of the command line as the program received it (argv[0])."), Exe),
    (_text("proc.exepath", "The full path of the program's file."), ExePath),
    (_text("proc.name", "The program's name as the kernel keeps it: at most 15 bytes, no path."), Name),
    (
        _text(
            "proc.args",
            "The arguments after argv[0], joined by blanks; proc.args[N] is one of them, the first being 0.",
            FF_ARG_ALLOWED | FF_ARG_INDEX,
        ),
        Args,
    ),
    (_text("proc.cmdline", "The whole command line: proc.name and the arguments, joined by blanks."), Cmdline),
    (
        FieldSpec("proc.cmdnargs", PT_UINT64, SCOPE_PROCESS, "How many arguments follow argv[0].", 0, PF_DEC),
        ArgsCount,
    ),
    (
        FieldSpec(
            "proc.cmdlenargs",
            PT_UINT64,
            SCOPE_PROCESS,
            "How many bytes the arguments have together, blanks between them not counted.",
            0,
            PF_DEC,
        ),
        ArgsLength,
    ),
    (_text("proc.exeline", "The whole command line beginning with argv[0]: proc.exe and the arguments."), Exeline),
    (
        _text(
            "proc.env",
            "The environment, joined by blanks; proc.env[NAME] is the value of one variable.",
            FF_ARG_ALLOWED | FF_ARG_INDEX | FF_ARG_KEY,
        ),
        Env,
    ),
    (_text("proc.cwd", "The working directory, with a slash at its end."), Cwd),
]

_PROBE_ROWS: Final[list[tuple[FieldSpec, type[Extractor]]]] = [
    (
        FieldSpec(
            "proc.is_container_healthcheck",
            PT_BOOL,
            SCOPE_PROCESS,
            "Whether the process runs as its container's health check.",
            FF_DEPRECATED,
        ),
        IsHealthcheck,
    ),
    (
        FieldSpec(
            "proc.is_container_liveness_probe",
            PT_BOOL,
            SCOPE_PROCESS,
            "Whether the process runs as its container's liveness probe.",
            FF_DEPRECATED,
        ),
        IsLivenessProbe,
    ),
    (
        FieldSpec(
            "proc.is_container_readiness_probe",
            PT_BOOL,
            SCOPE_PROCESS,
            "Whether the process runs as its container's readiness probe.",
            FF_DEPRECATED,
        ),
        IsReadinessProbe,
    ),
]

GROUPS: Final[list[FieldGroup]] = [
    FieldGroup(
        "process",
        "The process and thread that caused the event, its relatives and its resources.",
        [*ROWS, *ancestors.ROWS, *process_ids.ROWS, *thread.ROWS, *_PROBE_ROWS],
    ),
]
