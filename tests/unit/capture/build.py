"""Captures made by hand: a builder that knows nothing of the reader, for either byte order, and a recording sink."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Sequence

from tercel.capture.savefile.reader import SavefileReader
from tercel.capture.source import CaptureError, StateSink, StateSource
from tercel.events.event import Event
from tercel.state.model import FdInfo, Interface, MachineInfo, ThreadInfo, User

# A piece of a payload: bytes as they are, or (struct code, number) in the capture's byte order.
Piece = bytes | tuple[str, int]
Param = Piece | Sequence[Piece]

OPEN_X = 3
CONNECT_E = 22
CONNECT_X = 23
POLL_E = 80
CLOSE_E = 4
PLUGIN = 322
ASYNC = 402


def string(text: bytes) -> list[Piece]:
    """Return a text behind its 16-bit length."""
    return [("H", len(text)), text]


class CaptureBuilder:
    """Collects blocks; `order` is `<` or `>`."""

    def __init__(self, order: str = "<") -> None:
        """Start empty."""
        self.order = order
        self.parts: list[bytes] = []

    def pack(self, pieces: Iterable[Piece]) -> bytes:
        """Return the bytes of pieces."""
        return b"".join(
            piece if isinstance(piece, bytes) else struct.pack(self.order + piece[0], piece[1]) for piece in pieces
        )

    def block(self, kind: int, payload: bytes, length: int | None = None, trailer: int | None = None) -> CaptureBuilder:
        """Add a block; `length` and `trailer` overrule what they should be."""
        payload += bytes(-len(payload) & 3)
        size = len(payload) + 12
        head = self.pack([("I", kind), ("I", size if length is None else length)])
        self.parts.append(head + payload + self.pack([("I", size if trailer is None else trailer)]))
        return self

    def options(self, *options: tuple[int, bytes]) -> bytes:
        """Return pcapng options with their end."""
        if not options:
            return b""
        packed = [self.pack([("H", code), ("H", len(text)), text, bytes(-len(text) & 3)]) for code, text in options]
        return b"".join(packed) + bytes(4)

    def section(self, *options: tuple[int, bytes], major: int = 1, minor: int = 2) -> CaptureBuilder:
        """Add a section header."""
        fixed: list[Piece] = [("I", 0x1A2B3C4D), ("H", major), ("H", minor), b"\xff" * 8]
        return self.block(0x0A0D0D0A, self.pack(fixed) + self.options(*options))

    def machine(self, hostname: bytes = b"kestrel") -> CaptureBuilder:
        """Add machine info."""
        pieces: list[Piece] = [("I", 4), ("Q", 8 << 30), ("Q", 4194304), hostname.ljust(128, b"\0")]
        pieces += [("Q", 1_700_000_000_000_000_000), ("Q", 3), ("Q", 0), ("Q", 1 << 63)]
        return self.block(0x201, self.pack(pieces))

    def interfaces(self, version: int = 2) -> CaptureBuilder:
        """Add one interface entry of each of the four types."""
        payload = b""
        for kind, size, speed in ((1, 4, 1), (2, 16, 1), (3, 4, 0), (4, 16, 0)):
            name = b"eth%d" % kind
            pieces: list[Piece] = [("H", kind), ("H", len(name)), bytes(range(size)), b"\xff" * size, b"\x0a" * size]
            pieces += [("Q", 1000)] if speed else []
            entry = self.pack([*pieces, name])
            payload += (self.pack([("I", len(entry))]) if version == 2 else b"") + entry
        return self.block(0x219 if version == 2 else 0x205, payload)

    def users(self, version: int = 2) -> CaptureBuilder:
        """Add two accounts and a group."""
        entries: list[list[Piece]] = [
            [b"\0", ("I", 0), ("I", 0), *string(b"root"), *string(b"/root"), *string(b"/bin/sh")],
            [b"\0", ("I", 1000), ("I", 100), *string("zoë".encode()), *string(b"/home/\xff"), *string(b"")],
            [b"\1", ("I", 100), *string(b"users")],
        ]
        return self.block(0x220 if version == 2 else 0x206, self.with_lengths(entries, version))

    def with_lengths(self, entries: Iterable[Iterable[Piece]], version: int = 2) -> bytes:
        """Return entries, each behind its own length in version 2."""
        packed = [self.pack(entry) for entry in entries]
        if version == 2:
            packed = [self.pack([("I", len(entry) + 4)]) + entry for entry in packed]
        return b"".join(packed)

    def thread(self, tid: int, version: int = 9, tail: int = 76, extra: bytes = b"") -> list[Piece]:
        """Return a process list entry of a version; `tail` cuts what version 9 appended."""
        rows: list[tuple[int, list[Piece]]] = [
            (1, [("Q", tid), ("Q", tid), ("Q", 1)]),
            (6, [("Q", 7)]),
            (8, [("Q", 8)]),
            (1, [*string(b"sh"), *string(b"/bin/sh")]),
            (7, string(b"/usr/bin/dash")),
            (1, [*string(b"-c\0echo \xff\0"), *string(b"/tmp"), ("q", 1024), ("I", 16), ("I", 1000), ("I", 100)]),
            (2, [("I", 11), ("I", 12), ("I", 13), ("Q", 14), ("Q", 15)]),
            (3, string(b"HOME=/\0A=B\0")),
            (4, [("q", 21), ("q", 22), *string(b"cpu=/a\0name=systemd=/b\0")]),
            (5, string(b"/")),
        ]
        pieces = [piece for since, row in rows if since <= version for piece in row]
        if version < 9:
            return pieces
        inserted: list[Piece] = [("Q", 31), ("I", 32)]
        appended: list[Piece] = [("I", 33), b"\1", ("Q", 34), ("Q", 35), ("Q", 1 << 63), b"\1"]
        appended += [("Q", 37), ("Q", 38), ("Q", 39), b"\1", b"\1", ("q", 40)]
        data = self.pack(appended) if tail <= 29 else self.pack(inserted + appended)
        return [*pieces, data[:tail], extra]

    def threads(self, tids: Iterable[int], version: int = 9, tail: int = 76, extra: bytes = b"") -> CaptureBuilder:
        """Add a process list."""
        kinds = (0x202, 0x207, 0x209, 0x210, 0x211, 0x212, 0x213, 0x214, 0x215)
        entries = [self.thread(tid, version, tail, extra) for tid in tids]
        return self.block(kinds[version - 1], self.with_lengths(entries, 2 if version == 9 else 1))

    def fds(self, tid: int, version: int = 2) -> CaptureBuilder:
        """Add a descriptor list with an entry of every type."""
        loopback = b"\x7f\0\0\1"
        bodies: list[tuple[int, list[Piece]]] = [
            (1, string(b"/etc/hosts")),
            (2, string(b"/etc")),
            (3, [loopback, loopback, ("H", 40000), ("H", 443), b"\2"]),
            (4, [bytes(15) + b"\1", bytes(15) + b"\2", ("H", 40001), ("H", 80), b"\3"]),
            (5, [loopback, ("H", 22), b"\2"]),
            (6, [bytes(16), ("H", 53), b"\3"]),
            (7, string(b"pipe:[3]")),
            (8, [("Q", 0xFFFF888000000001), ("Q", 5), *string(b"/run/x\n")]),
            *((kind, string(b"")) for kind in (9, 10, 11, 12, 13, 14, 15, 17, 18, 19, 20, 21)),
            (16, [("I", 0x1002), *string(b"/dev/kmsg"), *([("I", 6)] if version == 2 else [])]),
            (0, []),
        ]
        entries: list[list[Piece]] = [
            [("q", number), ("Q", 100 + number), bytes([kind]), *body] for number, (kind, body) in enumerate(bodies)
        ]
        payload = self.pack([("Q", tid)]) + self.with_lengths(entries, version)
        return self.block(0x218 if version == 2 else 0x203, payload)

    def record(self, kind: int, params: Sequence[Param], ts: int, tid: int, version: int, word: str) -> bytes:
        """Return an event's header, length words and values."""
        values = [self.pack([param] if isinstance(param, tuple) and isinstance(param[0], str) else _pieces(param))
                  for param in params]  # fmt: skip
        header = 26 if version == 2 else 22
        size = header + struct.calcsize(word) * len(values) + sum(map(len, values))
        head: list[Piece] = [("Q", ts), ("Q", tid), ("I", size), ("H", kind)]
        head += [("I", len(values))] if version == 2 else []
        return self.pack([*head, *((word, len(value)) for value in values), *values])

    def event(
        self,
        kind: int,
        params: Sequence[Param] = (),
        *,
        ts: int = 1_700_000_000_000_000_000,
        tid: int = 42,
        cpu: int = 1,
        version: int = 2,
        flags: int | None = None,
        large: bool = False,
        options: Sequence[tuple[int, bytes]] = (),
    ) -> CaptureBuilder:
        """Add an event block."""
        record = self.record(kind, params, ts, tid, version, "I" if large else "H")
        payload = self.pack([("H", cpu), *([] if flags is None else [("I", flags)])]) + record
        if options:
            payload += bytes(-len(payload) & 3) + self.options(*options)
        plain, flagged = (0x221, 0x222) if large else (0x216, 0x217) if version == 2 else (0x204, 0x208)
        return self.block(plain if flags is None else flagged, payload)

    def bytes(self) -> bytes:
        """Return the capture."""
        return b"".join(self.parts)


def _pieces(param: Param) -> Sequence[Piece]:
    return [param] if isinstance(param, bytes) else param  # type: ignore[return-value]


def open_exit(fd: int, name: bytes) -> list[Param]:
    """Return the parameters of an open's exit."""
    return [("q", fd), name + b"\0", ("I", 1), ("I", 0o644), ("I", 6), ("Q", 99)]


def add_events(builder: CaptureBuilder, version: int = 2) -> CaptureBuilder:
    """Add a few events with parameters of every kind whose bytes depend on the byte order."""
    inet: list[Piece] = [b"\2\x7f\0\0\1", ("H", 40000), b"\x08\x08\x08\x08", ("H", 53)]
    unix: list[Piece] = [b"\1", ("Q", 0xFFFF888000000001), ("Q", 2), b"/run/x\0"]
    address6: list[Piece] = [b"\x0a" + bytes(range(16)), ("H", 8080)]
    builder.event(OPEN_X, open_exit(3, b"/etc/passwd"), version=version)
    builder.event(CONNECT_E, [("q", 4), address6], version=version, tid=43)
    builder.event(CONNECT_X, [("q", -115), inet], version=version, cpu=300)
    builder.event(CONNECT_X, [("q", 0), unix, ("q", 4)], version=version, flags=1)
    builder.event(POLL_E, [[("H", 2), ("q", 5), ("h", 1), ("q", -1), ("h", 4)], ("q", -1)], version=version)
    return builder.event(CLOSE_E, [("q", 3)], version=version, tid=0xFFFFFFFFFFFFFFFF)


def small_capture(order: str = "<") -> bytes:
    """Return a capture of about 3 KiB with everything that the current version has."""
    builder = CaptureBuilder(order).section((1, b"made by hand"), (4, b"build"))
    builder.machine().interfaces().users().threads([1, 42]).fds(42)
    builder.block(0x218, builder.pack([("Q", 1)]))
    add_events(builder)
    builder.event(PLUGIN, [("I", 3), b"x" * 300], large=True)
    builder.event(ASYNC, [("I", 0), b"note\0", b"data"], large=True, flags=1)
    return builder.event(CLOSE_E, [("q", 9)], options=((1, b"the last one"),)).bytes()


def old_capture(order: str = "<", processes: int = 5) -> bytes:
    """Return a capture of the first versions: events without parameter counts, lists without lengths."""
    builder = CaptureBuilder(order).section(minor=0)
    builder.machine().interfaces(1).users(1).threads([1, 42], processes).fds(42, 1)
    return add_events(builder, version=1).bytes()


_PLAIN = (int, float, str, bytes, list)
_NAMES: dict[type, list[str]] = {}


def values(item: object) -> dict[str, object]:
    """Return an object's plain attributes; compiled classes have no `__dict__` to look into."""
    names = _NAMES.get(type(item))
    if names is None:
        names = [name for name in dir(item) if name[0] != "_" and isinstance(getattr(item, name), _PLAIN)]
        _NAMES[type(item)] = names
    return {name: getattr(item, name) for name in names}


class Recorder(StateSink):
    """Keeps everything that it is told, as comparable values in order; `state` gives it back."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.told: list[tuple[object, ...]] = []
        self.new_section()
        self.told.clear()

    def new_section(self) -> None:
        """Note it and forget the state."""
        self.told.append(("section",))
        self.info = MachineInfo()
        self.interfaces: list[Interface] = []
        self.users: list[User] = []
        self.groups: list[tuple[int, str]] = []
        self.threads: list[ThreadInfo] = []
        self.fds: dict[int, list[tuple[int, FdInfo]]] = {}

    def machine_info(self, info: MachineInfo) -> None:
        """Keep the facts."""
        self.told.append(("machine", values(info)))
        self.info = info

    def interface(self, interface: Interface) -> None:
        """Keep an interface."""
        self.told.append(("interface", values(interface)))
        self.interfaces.append(interface)

    def user(self, user: User) -> None:
        """Keep an account."""
        self.told.append(("user", values(user)))
        self.users.append(user)

    def group(self, gid: int, name: str) -> None:
        """Keep a group."""
        self.told.append(("group", gid, name))
        self.groups.append((gid, name))

    def thread(self, thread: ThreadInfo) -> None:
        """Keep a thread."""
        self.told.append(("thread", values(thread)))
        self.threads.append(thread)

    def fd(self, tid: int, number: int, fd: FdInfo) -> None:
        """Keep a descriptor."""
        self.told.append(("fd", tid, number, values(fd)))
        self.fds.setdefault(tid, []).append((number, fd))

    def metadata_done(self) -> None:
        """Note it."""
        self.told.append(("done",))

    @property
    def state(self) -> StateSource:
        """What was told, for a writer."""
        return RecordedState(self)


class RecordedState(StateSource):
    """Gives back what a recorder was told of its last section."""

    def __init__(self, recorder: Recorder) -> None:
        """Look into a recorder."""
        self.recorder = recorder

    def saved_info(self) -> MachineInfo:
        """Return the facts."""
        return self.recorder.info

    def saved_interfaces(self) -> list[Interface]:
        """Return the interfaces."""
        return self.recorder.interfaces

    def saved_users(self) -> list[User]:
        """Return the accounts."""
        return self.recorder.users

    def saved_groups(self) -> list[tuple[int, str]]:
        """Return the groups."""
        return self.recorder.groups

    def saved_threads(self) -> list[ThreadInfo]:
        """Return the threads."""
        return self.recorder.threads

    def saved_fds(self, thread: ThreadInfo) -> list[tuple[int, FdInfo]]:
        """Return a thread's descriptors."""
        return self.recorder.fds.get(thread.tid, [])


class Reading:
    """Everything that reading a capture gave: events, what the sink heard, the reader, and the error."""

    def __init__(self, data: bytes) -> None:
        """Read a capture to its end."""
        self.sink = Recorder()
        self.reader = SavefileReader(io.BytesIO(data), self.sink)
        self.events: list[Event] = []
        self.error: CaptureError | None = None
        try:
            while batch := self.reader.next_batch():
                self.events += batch
        except CaptureError as error:
            self.error = error

    @property
    def records(self) -> list[tuple[object, ...]]:
        """The events as comparable values."""
        return [event_values(event) for event in self.events]


def event_values(event: Event) -> tuple[object, ...]:
    """Return everything that an event says about itself, but for the size of its header."""
    head = (event.num, event.ts, event.tid, event.cpu, event.type, event.flags, event.nparams, event.options)
    return (*head, event.raw()[event.header_size :])
