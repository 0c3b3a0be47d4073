"""What stands for each kind of descriptor: its letter in event arguments and in fd.typechar, its word in fd.type."""

from __future__ import annotations

from typing import Final

from tercel.state import model

TYPE_CHARS: Final[dict[int, str]] = {
    model.FD_UNKNOWN: "o",
    model.FD_FILE: "f",
    model.FD_DIRECTORY: "d",
    model.FD_IPV4_SOCK: "4",
    model.FD_IPV6_SOCK: "6",
    model.FD_IPV4_SERVSOCK: "4",
    model.FD_IPV6_SERVSOCK: "6",
    model.FD_FIFO: "p",
    model.FD_UNIX_SOCK: "u",
    model.FD_EVENT: "e",
    model.FD_UNSUPPORTED: "X",
    model.FD_SIGNALFD: "s",
    model.FD_EVENTPOLL: "l",
    model.FD_INOTIFY: "i",
    model.FD_TIMERFD: "t",
    model.FD_NETLINK: "n",
    model.FD_FILE_V2: "f",
    model.FD_BPF: "b",
    model.FD_USERFAULTFD: "u",
    model.FD_IOURING: "r",
    model.FD_MEMFD: "m",
    model.FD_PIDFD: "P",
}

TYPE_WORDS: Final[dict[int, str]] = {
    model.FD_FILE: "file",
    model.FD_DIRECTORY: "directory",
    model.FD_IPV4_SOCK: "ipv4",
    model.FD_IPV6_SOCK: "ipv6",
    model.FD_IPV4_SERVSOCK: "ipv4",
    model.FD_IPV6_SERVSOCK: "ipv6",
    model.FD_FIFO: "pipe",
    model.FD_UNIX_SOCK: "unix",
    model.FD_EVENT: "event",
    model.FD_SIGNALFD: "signalfd",
    model.FD_EVENTPOLL: "eventpoll",
    model.FD_INOTIFY: "inotify",
    model.FD_TIMERFD: "timerfd",
    model.FD_NETLINK: "netlink",
    model.FD_FILE_V2: "file",
    model.FD_BPF: "bpf",
    model.FD_USERFAULTFD: "userfaultfd",
    model.FD_IOURING: "io_uring",
    model.FD_MEMFD: "memfd",
    model.FD_PIDFD: "pidfd",
}

PROTOCOL_CHARS: Final[dict[int, str]] = {
    model.L4_TCP: "t",
    model.L4_UDP: "u",
    model.L4_ICMP: "i",
    model.L4_RAW: "r",
}

PROTOCOL_WORDS: Final[dict[int, str]] = {
    model.L4_TCP: "tcp",
    model.L4_UDP: "udp",
    model.L4_ICMP: "icmp",
    model.L4_RAW: "raw",
}


def type_char(kind: int) -> str:
    """Return the letter of a kind of descriptor, `?` for one that no table knows."""
    return TYPE_CHARS.get(kind, "?")
