"""Facts of one thread, whichever way the thread was reached: itself, its parent, an ancestor, its session's leader.

Fields such as `proc.pname`, `proc.aname[2]` and `proc.sname` ask for the same fact of different threads. The
texts that most rules ask for are joined once and kept on the thread.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from tercel.state.context import Context
from tercel.state.model import ThreadInfo

# How far up the process tree fields look; more levels only occur in damaged captures (loops).
MAX_ANCESTORS: Final = 1024


def ancestor(ctx: Context, thread: ThreadInfo, levels: i64) -> ThreadInfo | None:
    """Return the ancestor that many levels above the thread's process (0: its main thread), None when unknown."""
    found = thread.leader
    if levels > MAX_ANCESTORS:
        return None
    while levels > 0 and found is not None:
        found = ctx.machine.parent(found)
        levels -= 1
    return found


def ancestors(ctx: Context, thread: ThreadInfo) -> list[ThreadInfo]:
    """Return the known ancestors of the thread's process, nearest first; a loop ends the list."""
    result: list[ThreadInfo] = []
    start = thread.leader
    if start is None:
        return result
    at = ctx.machine.parent(start)
    while at is not None and at is not start and len(result) < MAX_ANCESTORS:
        result.append(at)
        at = ctx.machine.parent(at)
    return result


def args_text(thread: ThreadInfo) -> str:
    """Return the arguments joined by blanks."""
    args = thread.args
    if thread.args_text_of is not args:
        thread.args_text = " ".join(args)
        thread.args_text_of = args
    return thread.args_text


def cmdline(thread: ThreadInfo) -> str:
    """Return the name and the arguments joined by blanks."""
    comm = thread.comm
    args = thread.args
    if thread.cmdline_comm is not comm or thread.cmdline_args is not args:
        thread.cmdline_text = " ".join([comm, *args])
        thread.cmdline_comm = comm
        thread.cmdline_args = args
    return thread.cmdline_text


def env_value(env: list[str], name: str) -> str:
    """Return the value of an environment variable without blanks around it; empty when it is not set."""
    head = name + "="
    for item in env:
        if item.startswith(head):
            return item[len(head) :].strip(" ")
    return ""


class Fact:
    """Something that a thread can be asked for."""

    def of(self, thread: ThreadInfo) -> object:
        """Return the value for the thread."""
        raise NotImplementedError


class Comm(Fact):
    """The kernel's name of the thread."""

    def of(self, thread: ThreadInfo) -> object:
        """Return the name."""
        return thread.comm


class Exe(Fact):
    """The first argument that the program was started with."""

    def of(self, thread: ThreadInfo) -> object:
        """Return argv[0]."""
        return thread.exe


class ExePath(Fact):
    """The path of the executable."""

    def of(self, thread: ThreadInfo) -> object:
        """Return the path, empty when it is not known."""
        return thread.exepath


class Args(Fact):
    """The arguments."""

    def of(self, thread: ThreadInfo) -> object:
        """Return them joined by blanks."""
        return args_text(thread)


class Cmdline(Fact):
    """The command line."""

    def of(self, thread: ThreadInfo) -> object:
        """Return name and arguments joined by blanks."""
        return cmdline(thread)


class Env(Fact):
    """The environment."""

    def of(self, thread: ThreadInfo) -> object:
        """Return the variables joined by blanks."""
        return " ".join(thread.env)


class Pid(Fact):
    """The process id."""

    def of(self, thread: ThreadInfo) -> object:
        """Return the id in the host's namespace."""
        return thread.pid


class Vpid(Fact):
    """The process id in the process's own namespace."""

    def of(self, thread: ThreadInfo) -> object:
        """Return the id."""
        return thread.vpid


class CloneTime(Fact):
    """When the process was started."""

    def of(self, thread: ThreadInfo) -> object:
        """Return ns since the epoch, None when the start was not seen."""
        return thread.clone_ts or None


COMM: Final = Comm()
EXE: Final = Exe()
EXEPATH: Final = ExePath()
ARGS: Final = Args()
CMDLINE: Final = Cmdline()
ENV: Final = Env()
PID: Final = Pid()
VPID: Final = Vpid()
CLONE_TIME: Final = CloneTime()
