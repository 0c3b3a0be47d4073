"""Hand-made events: values are encoded as the event table says, and fed to a machine one after the other."""

from __future__ import annotations

import struct

from tercel.events.event import Event
from tercel.events.table import EVENT_BY_ENUM, EVENTS, ParamInfo
from tercel.state.context import Context
from tercel.state.machine import Machine
from tercel.state.model import FdInfo, ThreadInfo

Value = int | str | bytes | list[str] | None

HEADER = 26
SECOND = 1_000_000_000


def encode(param: ParamInfo, value: Value) -> bytes:
    """Return the bytes of a parameter's value; None is an empty one."""
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode() + b"\x00"
    if isinstance(value, list):
        return b"".join(item.encode() + b"\x00" for item in value)
    return (value % (1 << 8 * param.size)).to_bytes(param.size, "little")


def make_event(name: str, *values: Value, tid: int = 1, ts: int = SECOND, num: int = 1) -> Event:
    """Return an event of a type, named as in the event table, with as many parameters as there are values."""
    info = EVENTS[EVENT_BY_ENUM[name]]
    parts = [encode(param, value) for param, value in zip(info.params, values, strict=False)]
    word = "<H" if info.length_size == 2 else "<I"
    body = b"".join(struct.pack(word, len(part)) for part in parts) + b"".join(parts)
    size = HEADER + len(body)
    head = struct.pack("<QqIHI", ts, tid, size, info.id, len(parts))
    event = Event(b"..." + head + body, 3, HEADER, len(parts), info, ts, tid)
    event.num = num
    event.size = size
    return event


def ipv4_tuple(sip: str, sport: int, dip: str, dport: int) -> bytes:
    """Return a tuple parameter of IPv4 addresses."""
    return b"\x02" + packed(sip) + struct.pack("<H", sport) + packed(dip) + struct.pack("<H", dport)


def ipv6_tuple(sip: bytes, sport: int, dip: bytes, dport: int) -> bytes:
    """Return a tuple parameter of packed IPv6 addresses."""
    return b"\x0a" + sip + struct.pack("<H", sport) + dip + struct.pack("<H", dport)


def unix_tuple(source: int, dest: int, path: str) -> bytes:
    """Return a tuple parameter of unix sockets."""
    return b"\x01" + struct.pack("<QQ", source, dest) + path.encode() + b"\x00"


def ipv4_address(ip: str, port: int) -> bytes:
    """Return an address parameter."""
    return b"\x02" + packed(ip) + struct.pack("<H", port)


def packed(ip: str) -> bytes:
    """Return the four bytes of an IPv4 address."""
    return bytes(int(word) for word in ip.split("."))


class Feed:
    """A machine with a few threads, and a clock that each event moves on."""

    def __init__(self) -> None:
        """Start with init (1) and a shell (10, child of 1) that has a file open as 3."""
        self.machine: Machine = Machine()
        self.clock: int = SECOND
        self.num: int = 0
        self.add_thread(1, 1, 0, comm="init")
        shell = self.add_thread(10, 10, 1, comm="bash")
        shell.cwd = "/home/user/"
        self.open_file(10, 3, "/etc/hosts")
        self.machine.metadata_done()

    def add_thread(self, tid: int, pid: int, ptid: int, comm: str = "proc") -> ThreadInfo:
        """Put a thread into the process list."""
        thread = ThreadInfo(tid)
        thread.pid = pid
        thread.ptid = ptid
        thread.vtid = tid
        thread.vpid = pid
        thread.comm = comm
        thread.exe = "/bin/" + comm
        thread.exepath = "/bin/" + comm
        thread.uid = 1000
        thread.gid = 1000
        thread.cwd = "/"
        thread.clone_ts = 1
        self.machine.thread(thread)
        return thread

    def open_file(self, tid: int, number: int, name: str) -> FdInfo:
        """Put a file into the descriptor list of a thread."""
        fd = FdInfo(16)
        fd.name = name
        self.machine.fd(tid, number, fd)
        return fd

    def event(self, name: str, *values: Value, tid: int = 10) -> Context:
        """Feed one event."""
        self.clock += 1000
        self.num += 1
        return self.machine.process(make_event(name, *values, tid=tid, ts=self.clock, num=self.num))

    def call(self, name: str, enter: list[Value], leave: list[Value], tid: int = 10) -> Context:
        """Feed the entry and the exit of a call and return the view of the exit."""
        self.event(name + "_E", *enter, tid=tid)
        return self.event(name + "_X", *leave, tid=tid)

    def thread(self, tid: int = 10) -> ThreadInfo:
        """Return a thread of the table."""
        return self.machine.threads[tid]

    def fd(self, number: int, tid: int = 10) -> FdInfo:
        """Return a descriptor of a thread's process."""
        return self.machine.threads[tid].fds[number]


def clone_values(
    res: int,
    tid: int,
    pid: int,
    ptid: int,
    flags: int = 0,
    comm: str = "bash",
    vtid: int | None = None,
    vpid: int | None = None,
    cgroups: list[str] | None = None,
) -> list[Value]:
    """Return the values of a clone exit; tid, pid and ptid are those of the thread that tells."""
    return [
        res, "/bin/" + comm, ["-c", "true"], tid, pid, ptid, "", 1024, 1, 2, 3, 4, 5, comm, cgroups or [], flags,
        1000, 1000, tid if vtid is None else vtid, pid if vpid is None else vpid, 77,
    ]  # fmt: skip


def execve_values(res: int = 0, tid: int = 10, pid: int = 10, ptid: int = 1, **changes: Value) -> list[Value]:
    """Return the values of an execve exit, those of `changes` by parameter name."""
    values: dict[str, Value] = {
        "res": res, "exe": "/bin/ls", "args": ["-l", "/tmp"], "tid": tid, "pid": pid, "ptid": ptid, "cwd": "",
        "fdlimit": 2048, "pgft_maj": 1, "pgft_min": 2, "vm_size": 3, "vm_rss": 4, "vm_swap": 5, "comm": "ls",
        "cgroups": ["cpu=/"], "env": ["HOME=/root", "A=b"], "tty": 34816, "vpgid": 10, "loginuid": 1000, "flags": 1,
        "cap_inheritable": 1, "cap_permitted": 2, "cap_effective": 3, "exe_ino": 99, "exe_ino_ctime": SECOND // 2,
        "exe_ino_mtime": 8, "uid": 0, "trusted_exepath": "/usr/bin/ls", "pgid": 10, "gid": 0,
    }  # fmt: skip
    values.update(changes)
    return list(values.values())
