"""Parsers as objects: a method of a compiled class is called without boxing arguments, as functions in a table are not.

Frequent event types have a class each; all others share one that calls a function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from tercel.events.convert import Resolved
from tercel.state.model import ThreadInfo
from tercel.state.parsers import clone, descriptors, execve, files, memory, process, sockets, transfers

if TYPE_CHECKING:
    from tercel.state.machine import Machine

Handler = Callable[["Machine", Resolved, ThreadInfo], None]


class Parser:
    """What events of one type do to the tables."""

    def parse(self, m: Machine, args: Resolved, thread: ThreadInfo) -> None:
        """Change the tables; a parameter of a wrong length raises ValueError."""


class Calling(Parser):
    """Calls a function."""

    def __init__(self, handler: Handler) -> None:
        """Keep the function."""
        self._handler: Handler = handler

    def parse(self, m: Machine, args: Resolved, thread: ThreadInfo) -> None:
        """Call it."""
        self._handler(m, args, thread)


class Clone(Parser):
    """Parses clone and its kin."""

    def parse(self, m: Machine, args: Resolved, thread: ThreadInfo) -> None:
        """Change the tables."""
        clone.parse_clone(m, args, thread)


class Execve(Parser):
    """Parses execve and execveat."""

    def parse(self, m: Machine, args: Resolved, thread: ThreadInfo) -> None:
        """Change the tables."""
        execve.parse_execve(m, args, thread)


class Procexit(Parser):
    """Parses the exit of a thread."""

    def parse(self, m: Machine, args: Resolved, thread: ThreadInfo) -> None:
        """Change the tables."""
        process.parse_procexit(m, args, thread)


class Openat(Parser):
    """Parses openat."""

    def parse(self, m: Machine, args: Resolved, thread: ThreadInfo) -> None:
        """Change the tables."""
        files.parse_openat(m, args, thread)


class Open(Parser):
    """Parses open."""

    def parse(self, m: Machine, args: Resolved, thread: ThreadInfo) -> None:
        """Change the tables."""
        files.parse_open(m, args, thread)


class Close(Parser):
    """Parses close."""

    def parse(self, m: Machine, args: Resolved, thread: ThreadInfo) -> None:
        """Change the tables."""
        descriptors.parse_close(m, args, thread)


class Fcntl(Parser):
    """Parses fcntl."""

    def parse(self, m: Machine, args: Resolved, thread: ThreadInfo) -> None:
        """Change the tables."""
        descriptors.parse_fcntl(m, args, thread)


class Socket(Parser):
    """Parses socket."""

    def parse(self, m: Machine, args: Resolved, thread: ThreadInfo) -> None:
        """Change the tables."""
        sockets.parse_socket(m, args, thread)


class ConnectEnter(Parser):
    """Parses the beginning of connect."""

    def parse(self, m: Machine, args: Resolved, thread: ThreadInfo) -> None:
        """Change the tables."""
        sockets.parse_connect_enter(m, args, thread)


class Connect(Parser):
    """Parses connect."""

    def parse(self, m: Machine, args: Resolved, thread: ThreadInfo) -> None:
        """Change the tables."""
        sockets.parse_connect(m, args, thread)


class Accept(Parser):
    """Parses accept and accept4."""

    def parse(self, m: Machine, args: Resolved, thread: ThreadInfo) -> None:
        """Change the tables."""
        sockets.parse_accept(m, args, thread)


class Receive(Parser):
    """Parses recvfrom."""

    def parse(self, m: Machine, args: Resolved, thread: ThreadInfo) -> None:
        """Change the tables."""
        transfers.parse_recvfrom(m, args, thread)


class ReceiveMessage(Parser):
    """Parses recvmsg."""

    def parse(self, m: Machine, args: Resolved, thread: ThreadInfo) -> None:
        """Change the tables."""
        transfers.parse_recvmsg(m, args, thread)


class Send(Parser):
    """Parses send, sendto and sendmsg."""

    def parse(self, m: Machine, args: Resolved, thread: ThreadInfo) -> None:
        """Change the tables."""
        transfers.parse_send(m, args, thread)


class Limit(Parser):
    """Parses prlimit."""

    def parse(self, m: Machine, args: Resolved, thread: ThreadInfo) -> None:
        """Change the tables."""
        memory.parse_prlimit(m, args, thread)


DIRECT: Final[dict[str, Parser]] = {
    "SYSCALL_CLONE_20_X": Clone(),
    "SYSCALL_FORK_20_X": Clone(),
    "SYSCALL_VFORK_20_X": Clone(),
    "SYSCALL_CLONE3_X": Clone(),
    "SYSCALL_EXECVE_19_X": Execve(),
    "SYSCALL_EXECVEAT_X": Execve(),
    "PROCEXIT_1_E": Procexit(),
    "SYSCALL_OPENAT_2_X": Openat(),
    "SYSCALL_OPEN_X": Open(),
    "SYSCALL_CLOSE_X": Close(),
    "SYSCALL_FCNTL_X": Fcntl(),
    "SOCKET_SOCKET_X": Socket(),
    "SOCKET_CONNECT_E": ConnectEnter(),
    "SOCKET_CONNECT_X": Connect(),
    "SOCKET_ACCEPT_5_X": Accept(),
    "SOCKET_ACCEPT4_6_X": Accept(),
    "SOCKET_RECVFROM_X": Receive(),
    "SOCKET_RECVMSG_X": ReceiveMessage(),
    "SOCKET_SENDTO_X": Send(),
    "SOCKET_SENDMSG_X": Send(),
    "SOCKET_SEND_X": Send(),
    "SYSCALL_PRLIMIT_X": Limit(),
}
