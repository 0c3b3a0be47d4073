"""Random captures: processes that are born, change and die, descriptors that are opened, used, closed and reused.

A `Story` is a capture that grows step by step. It begins with a process list of its own or with a piece of a recorded
capture, whose events then go on between the made ones. A step is a number from which everything random in it follows.
"""

from __future__ import annotations

import gzip
import json
import struct
from functools import cache
from random import Random

from tercel.events import types
from tercel.events.table import EVENT_BY_ENUM, EVENTS, EventInfo, ParamInfo
from tercel.state.model import CL_FILES, CL_FS, CL_NEWPID, CL_PARENT, CL_THREAD, CL_VFORK, CL_VM
from tests.paths import HAS_SHARED, ROOT, SHARED
from tests.unit.capture.build import CaptureBuilder
from tests.unit.state.build import Value, encode, ipv4_address, ipv4_tuple, ipv6_tuple, unix_tuple

FIRST_TS = 1_700_000_000_000_000_000
LISTED_TIDS = (10, 11, 12)
EXAMPLE = ROOT / "examples" / "attack-container.scap.gz"
_EVENT_PREFIX = {0x216: 2, 0x217: 6, 0x221: 2, 0x222: 6}

# Small worlds, so that what conditions name is met again and again.
_DOCKER = ("ab" * 32, "cd" * 32)
_WORDS = ("sh", "cat", "ls", "nginx", "bash", "Bash", "", "init", "eth0", "web", "container", "note", "zoë", "x" * 300)
_PATHS = (
    "/etc/passwd",
    "/etc/shadow",
    "/etc",
    "/bin/sh",
    "/bin/cat",
    "/usr/bin/nginx",
    "/tmp/a b",
    "/",
    "a.txt",
    "../etc/hosts",
    "",
    "/dev/log",
    "/usr/lib/x.so",
    "/home/zoë/.ssh/id_rsa",
    "/var/" + "deep/" * 60,
)
_ARGUMENTS: tuple[list[str], ...] = (
    ["-c", "echo x"],
    ["-l", "/tmp"],
    [],
    ["/etc/passwd"],
    ["--user", "root", "-p", "22"],
    ["a" * 300],
)
_ENVIRONMENTS: tuple[list[str], ...] = (["HOME=/root", "A=b"], [], ["PATH=/bin", "LD_PRELOAD=x.so"], ["HOME=/"])
_CGROUPS: tuple[list[str], ...] = (
    ["cpu=/"],
    [f"cpu=/docker/{_DOCKER[0]}"],
    [f"cpu=/docker/{_DOCKER[1]}", "memory=/a"],
    [],
)
_DATA = (b"", b"GET / HTTP/1.1\r\n", b"\x00\xff", b"<13>prog: text", b"password", b"y" * 300, b"aGVsbG8=")
_ADDRESSES = ("127.0.0.1", "10.0.0.1", "10.0.0.2", "192.168.1.9", "8.8.8.8", "0.0.0.0")
_ADDRESSES6 = (bytes(15) + b"\x01", b"\xfe\x80" + bytes(13) + b"\x02")
_PORTS = (22, 53, 80, 443, 40000, 40001)
_NUMBERS = (0, 1, 2, 3, 7, 33, 34, 100, 1000, 1024, 65534)
_FLAGS = (0, 1, 2, 3, 0x40, 0x41, 0x241, 0x1000, 0x10000, 0x80000)
_RESULTS = (0, 0, 0, 0, 1, 5, -1, -2, -13, -115)
_THREAD_FLAGS = CL_THREAD | CL_VM | CL_FS | CL_FILES
_CLONE_FLAGS = (0, 0, 0, _THREAD_FLAGS, _THREAD_FLAGS, CL_FILES, CL_PARENT, CL_NEWPID, CL_VM | CL_VFORK, CL_THREAD)
_JSON_CONTAINERS = tuple(
    json.dumps({"container": {"id": found[:12], "full_id": found, "type": 0, "name": name, "image": image, **more}})
    for found in _DOCKER
    for name, image in (("web", "shop:1"), ("db", "store:2"))
    for more in (
        {"privileged": True, "Mounts": [{"Source": "/", "Destination": "/host", "Mode": "", "RW": True}]},
        {"labels": {"io.kubernetes.pod.name": "p1", "app": "web"}, "ip": "10.0.0.1"},
    )
)

# Calls that change nothing and show what others changed; then what others there are, by name, each with its weight.
_LOOKS = (("read", 5), ("write", 3), ("getuid", 4))
_CALLS: dict[str, int] = {
    "open openat openat2 creat": 3,
    "close": 3,
    "pread pwrite readv writev": 1,
    "socket": 5,
    "connect": 10,
    "bind listen accept accept4 socketpair shutdown getsockopt": 2,
    "sendto recvfrom sendmsg recvmsg sendmmsg": 2,
    "dup dup2 dup3 fcntl pipe pipe2 eventfd epoll_create1 memfd_create timerfd_create signalfd": 2,
    "chdir fchdir chroot getcwd": 4,
    "setuid setgid setresuid setresgid capset setsid setpgid prctl": 4,
    "prlimit setrlimit unlink unlinkat mkdir mkdirat rename symlinkat linkat mmap ioctl bpf unshare setns": 1,
    "signaldeliver switch procinfo": 1,
}
_BIRTHS = ("clone", "clone3", "fork", "vfork")
_METADATA = ("useradded", "userdeleted", "groupadded", "groupdeleted")


def _ids_by_name() -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for info in EVENTS:
        if not info.flags & types.EF_UNUSED:
            found.setdefault(info.name, []).append(info.id)
    return found


_IDS = _ids_by_name()
_CALL_NAMES = [name for names, weight in _CALLS.items() for name in names.split() * weight if name in _IDS]
_LOOK_IDS = [_IDS[name][-1] for name, weight in _LOOKS for _ in range(weight)]
_EVERY_ID = [info.id for info in EVENTS if not info.flags & types.EF_UNUSED]
_EXEC_EXITS = [number for name in ("execve", "execveat") for number in _IDS[name] if not EVENTS[number].is_enter]


class Piece:
    """A recorded capture: what stands before its events, and the blocks of these."""

    def __init__(self, data: bytes) -> None:
        """Divide a capture into blocks; what stands between events is left out."""
        head: list[bytes] = []
        self.events: list[bytes] = []
        self.tids: list[int] = []
        at = 0
        while at + 12 <= len(data):
            kind, length = struct.unpack_from("<II", data, at)
            block = data[at : at + length]
            if kind in _EVENT_PREFIX:
                self.events.append(block)
                tid = struct.unpack_from("<q", block, 8 + _EVENT_PREFIX[kind] + 8)[0]
                if tid > 0 and tid not in self.tids:
                    self.tids.append(tid)
            elif not self.events:
                head.append(block)
            at += length
        self.head = b"".join(head)
        self.last_ts = max(_time_of(block) for block in self.events)


def _time_of(block: bytes) -> int:
    kind = struct.unpack_from("<I", block)[0]
    found: int = struct.unpack_from("<Q", block, 8 + _EVENT_PREFIX[kind])[0]
    return found


def piece_names() -> list[str]:
    """Return the names of the recorded captures that stories may go on from."""
    shared = ["py", "shop", "attack-container", "admin", "web"] if HAS_SHARED else []
    return ["example", *shared]


@cache
def piece(name: str) -> Piece:
    """Return a recorded capture."""
    path = EXAMPLE if name == "example" else SHARED / "captures" / f"{name}.scap.gz"
    return Piece(gzip.decompress(path.read_bytes()))


class Story:
    """A capture that grows by steps."""

    def __init__(self, recorded: Piece | None = None, start: int = 0) -> None:
        """Begin with a small process list, or with a recorded one and its events from `start` on."""
        self.builder = CaptureBuilder()
        self.ts = FIRST_TS
        self.recorded = recorded
        self._next = start
        # The newest recorders tell only of exits.
        self._entries = 0.0 if recorded is None and start % 3 == 1 else 0.85
        if recorded is None:
            self.tids = list(LISTED_TIDS)
            self._begin()
        else:
            self.builder.parts.append(recorded.head)
            self.tids = [*recorded.tids[:5]]
            self.ts = recorded.last_ts
        self.newborn = [*LISTED_TIDS, 20, 21, 22]
        # A capture without events is none.
        self._event(Random(start), EVENT_BY_ENUM["SYSCALL_CLOSE_E"], self.tids[0])

    def _begin(self) -> None:
        self.builder.section().machine().interfaces().users()
        self.builder.threads([1, *LISTED_TIDS])
        for tid in LISTED_TIDS:
            self.builder.fds(tid)

    def capture(self) -> bytes:
        """Return the capture so far."""
        return self.builder.bytes()

    def add(self, number: int, tid: int, values: dict[str, Value]) -> None:
        """Add an event of a type; parameters that `values` does not have are random, yet always the same."""
        self._event(Random(number), number, tid, values)

    def step(self, seed: int) -> None:
        """Add what happens next: a change, with calls before and behind it that show what it changed."""
        random = Random(seed)
        if self.recorded is not None and random.random() < 0.5:
            self._go_on(random.randint(1, 12))
            return
        tid = random.choice(self.tids)
        fd = random.choice((-1, 3, 3, 3, 3, 4, 4, 5))
        look = random.choice(_LOOK_IDS)
        looker = tid if random.random() < 0.7 else random.choice(self.tids)
        self._call(random, looker, look, fd)
        self._change(random, tid, fd)
        self._call(random, looker, look, fd)

    def _change(self, random: Random, tid: int, fd: int) -> None:
        what = random.random()
        if what < 0.14:
            self._birth(random, tid)
        elif what < 0.32:
            self._exec(random, tid)
        elif what < 0.37:
            self._death(random, tid)
        elif what < 0.41:
            self._news(random)
        elif what < 0.45:
            self._event(random, random.choice(_EVERY_ID), tid)
        elif what < 0.455 and self.recorded is None:
            self._begin()
        elif what < 0.55:
            self._connection(random, tid, fd)
        else:
            self._call(random, tid, random.choice(_IDS[random.choice(_CALL_NAMES)]), fd)

    def _go_on(self, count: int) -> None:
        """Add the next recorded events."""
        assert self.recorded is not None
        self.builder.parts.extend(self.recorded.events[self._next : self._next + count])
        self._next += count

    def _call(self, random: Random, tid: int, number: int, fd: int) -> None:
        """Add the entry and the exit of a call, or one of them, as an old or a new recorder tells it."""
        info = EVENTS[number]
        other = EVENTS[number ^ 1]
        if other.flags & types.EF_UNUSED:
            self._event(random, number, tid)
            return
        enter, leave = (info, other) if info.is_enter else (other, info)
        if random.random() < self._entries:
            self._event(random, enter.id, tid, fd=fd)
            if random.random() < 0.1:
                self._event(random, random.choice(_IDS["switch"]), random.choice(self.tids))
        if random.random() < 0.95:
            self._event(random, leave.id, tid, fd=fd)

    def _birth(self, random: Random, tid: int) -> None:
        exits = [number for number in _IDS[random.choice(_BIRTHS)] if not EVENTS[number].is_enter]
        number = random.choice(exits)
        child = random.choice(self.newborn)
        flags = random.choice(_CLONE_FLAGS)
        if random.random() < self._entries:
            self._event(random, number - 1, tid)
        parts: list[dict[str, Value]] = [
            {"res": child, "tid": tid, "pid": tid, "flags": flags},
            {"res": 0, "tid": child, "pid": tid if flags & CL_THREAD else child, "ptid": tid, "flags": flags},
        ]
        random.shuffle(parts)
        for values in parts[: random.choice((1, 2, 2, 2))]:
            teller = values["tid"]
            assert isinstance(teller, int)
            self._event(random, number, teller, values)
        if child not in self.tids:
            self.tids.append(child)

    def _exec(self, random: Random, tid: int) -> None:
        number = random.choice(_EXEC_EXITS)
        if random.random() < self._entries:
            self._event(random, number - 1, tid)
        pid = random.choice((tid, tid, tid, random.choice(self.tids)))
        result = random.choice((0, 0, 0, -2))
        self._event(random, number, tid, {"res": result, "tid": tid, "pid": pid})

    def _connection(self, random: Random, tid: int, fd: int) -> None:
        """Add a socket that is made, or only connected, or connected anew."""
        if random.random() < 0.3:
            self._event(random, EVENT_BY_ENUM["SOCKET_SOCKET_X"], tid, {"domain": random.choice((2, 10))}, fd)
            self._call(random, tid, random.choice(_LOOK_IDS), fd)
        number = EVENT_BY_ENUM["SOCKET_CONNECT_X"]
        if random.random() < self._entries:
            self._event(random, number - 1, tid, fd=fd)
        self._event(random, number, tid, {"res": random.choice((0, 0, -115, -111))}, fd)

    def _death(self, random: Random, tid: int) -> None:
        self._event(random, random.choice(_IDS["procexit"]), tid)

    def _news(self, random: Random) -> None:
        """Add what a recorder tells of containers and accounts."""
        form = random.randrange(5)
        if form < 2:
            name = ("CONTAINER_JSON_E", "CONTAINER_JSON_2_E")[form]
            self._event(random, EVENT_BY_ENUM[name], -1, {"json": random.choice(_JSON_CONTAINERS)})
        elif form == 2:
            values: dict[str, Value] = {"name": random.choice(("container", "container_removed", "note"))}
            values["data"] = random.choice(_JSON_CONTAINERS).encode() + b"\x00"
            self._event(random, EVENT_BY_ENUM["ASYNCEVENT_E"], -1, values)
        else:
            number = random.choice(_IDS[random.choice(_METADATA)])
            values = {"uid": random.choice((0, 33, 1000)), "gid": random.choice((0, 100)), "container_id": ""}
            self._event(random, number, -1, values if random.random() < 0.7 else {})

    def _event(
        self, random: Random, number: int, tid: int, values: dict[str, Value] | None = None, fd: int | None = None
    ) -> None:
        """Add an event of a type; parameters that `values` does not have are random."""
        info = EVENTS[number]
        self.ts += random.choice((1, 1000, 1_000_000, 2_000_000_000))
        params = [self._param(random, param, values or {}, fd) for param in info.params]
        if random.random() < 0.04:
            params = params[: random.randint(0, len(params))]
        self.builder.event(
            number, params, ts=self.ts, tid=tid % (1 << 64), cpu=random.randrange(4), large=_is_large(info)
        )

    def _param(self, random: Random, param: ParamInfo, values: dict[str, Value], fd: int | None) -> bytes:
        if param.name in values:
            return encode(param, values[param.name])
        if random.random() < 0.004:
            return random.choice((b"", b"\x01", b"\x01" * 9))
        if fd is not None and param.type == types.PT_FD:
            return encode(param, fd)
        return random_value(random, param, self.tids)


def _is_large(info: EventInfo) -> bool:
    return info.length_size == 4


def random_value(random: Random, param: ParamInfo, tids: list[int]) -> bytes:
    """Return the bytes of a parameter."""
    choices = _BY_NAME.get(param.name) or _BY_TYPE.get(param.type)
    if choices is not None:
        return encode(param, random.choice(choices))
    if param.type in (types.PT_PID, types.PT_PID32):
        return encode(param, random.choice((*tids, 1, 0)))
    if param.type == types.PT_SOCKADDR:
        return random.choice((b"", ipv4_address(random.choice(_ADDRESSES), random.choice(_PORTS)), b"\x01/run/x\x00"))
    if param.type == types.PT_SOCKTUPLE:
        return _random_tuple(random)
    if param.size > 0:
        return encode(param, random.choice(_NUMBERS))
    return random.choice((b"", b"\x00", b"\x01" + bytes(7), b"\x08" + bytes(8), bytes(4)))


def _random_tuple(random: Random) -> bytes:
    family = random.random()
    source, dest = random.choice(_PORTS), random.choice(_PORTS)
    if family < 0.6:
        return ipv4_tuple(random.choice(_ADDRESSES), source, random.choice(_ADDRESSES), dest)
    if family < 0.8:
        return ipv6_tuple(random.choice(_ADDRESSES6), source, random.choice(_ADDRESSES6), dest)
    return unix_tuple(1, 2, "/run/x") if family < 0.9 else b""


_BY_NAME: dict[str, tuple[Value, ...]] = {
    "args": _ARGUMENTS,
    "env": _ENVIRONMENTS,
    "cgroups": _CGROUPS,
    "flags": _FLAGS,
    "cwd": ("", "/", "/home/user", "/etc"),
    "comm": _WORDS[:8],
    "exe": ("/bin/sh", "sh", "cat", "/usr/bin/nginx", "<NA>", ""),
    "domain": (1, 2, 10),
    "option": (15, 15, 36, 4),
    "arg2_str": _WORDS[:8],
    "ID": (39, 102, 186, 0, 9999),
    "nativeID": (39, 102, 186, 0),
    "tty": (0, 34816),
}
_BY_TYPE: dict[int, tuple[Value, ...]] = {
    types.PT_CHARBUF: _WORDS,
    types.PT_FSPATH: _PATHS,
    types.PT_FSRELPATH: _PATHS,
    types.PT_BYTEBUF: _DATA,
    types.PT_FD: (-1, 0, 1, 2, 3, 4, 5, 6, 7, 9, -100),
    types.PT_FD32: (-1, 3, 4, 5, -100),
    types.PT_ERRNO: _RESULTS,
    types.PT_UID: (0, 33, 1000, 0xFFFFFFFF),
    types.PT_GID: (0, 100, 0xFFFFFFFF),
    types.PT_FLAGS32: _FLAGS,
    types.PT_FLAGS16: (0, 1, 2, 0x40),
    types.PT_RELTIME: (0, 1000, 10**9),
}
