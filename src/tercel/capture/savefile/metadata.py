"""Readers of the metadata blocks: each takes entries from a cursor and hands values to the sink, one at a time."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from tercel.capture.savefile.blocks import (
    FDS_V1,
    FDS_V2,
    INTERFACES_V1,
    INTERFACES_V2,
    MACHINE_INFO,
    PROCESS_VERSIONS,
    PROCESSES_V9,
    USERS_V1,
    USERS_V2,
)
from tercel.capture.savefile.buffer import Cursor
from tercel.capture.savefile.layouts import (
    FD_FIELDS,
    FD_TAILS,
    INTERFACE_TYPES,
    MACHINE_FIELDS,
    MACHINE_NAME_SIZE,
    MACHINE_TAIL,
    OLD_TAIL_SIZE,
    PROCESS_INSERTED,
    PROCESS_TAIL,
    SIZES,
    USER_FIELDS,
    Field,
    process_fields,
)
from tercel.capture.source import SourceStats, StateSink
from tercel.state.model import FD_UNKNOWN, FD_UNSUPPORTED, FdInfo, Interface, MachineInfo, ThreadInfo, User

METADATA_KINDS: Final[frozenset[int]] = frozenset(
    {MACHINE_INFO, INTERFACES_V1, INTERFACES_V2, USERS_V1, USERS_V2, FDS_V1, FDS_V2, *PROCESS_VERSIONS}
)
_USER_ENTRY: Final = 0
_UNINITIALIZED: Final = 255


def read_metadata(kind: int, cursor: Cursor, sink: StateSink, stats: SourceStats) -> None:
    """Read the payload of one metadata block."""
    if kind == MACHINE_INFO:
        _read_machine(cursor, sink)
    elif kind in PROCESS_VERSIONS:
        _read_processes(cursor, sink, PROCESS_VERSIONS[kind], stats)
    elif kind in {FDS_V1, FDS_V2}:
        _read_fds(cursor, sink, kind == FDS_V2)
    elif kind in {USERS_V1, USERS_V2}:
        _read_users(cursor, sink, kind == USERS_V2)
    else:
        _read_interfaces(cursor, sink, kind == INTERFACES_V2)


def string_list(value: bytes) -> list[str]:
    """Return the texts of a NUL-separated list, the last of which may or may not be ended."""
    if not value:
        return []
    if value[-1] == 0:
        value = value[:-1]
    return value.decode("utf-8", "surrogateescape").split("\x00")


def cgroup_pairs(texts: list[str]) -> list[tuple[str, str]]:
    """Split `controller=path` texts at the last equals sign, since a controller's name may hold one."""
    pairs: list[tuple[str, str]] = []
    for text in texts:
        controller, equals, path = text.rpartition("=")
        pairs.append((controller, path) if equals else (text, ""))
    return pairs


def read_value(cursor: Cursor, code: str) -> object:
    """Read a value by its layout code."""
    if code == "q":
        return cursor.s64()
    if code == "s":
        return cursor.text()
    if code == "I":
        return cursor.u32()
    if code == "Q":
        return cursor.u64()
    if code == "l":
        return string_list(cursor.counted())
    if code == "c":
        return cgroup_pairs(string_list(cursor.counted()))
    if code == "H":
        return cursor.u16()
    if code == "B":
        return cursor.u8()
    if code == "?":
        return cursor.u8() != 0
    return cursor.raw(SIZES[code])


def _read_fields(cursor: Cursor, target: object, fields: tuple[Field, ...] | list[Field]) -> None:
    for name, code in fields:
        setattr(target, name, read_value(cursor, code))


def _read_tail(cursor: Cursor, target: object, fields: tuple[Field, ...]) -> None:
    """Read the values that the entry is long enough for."""
    for name, code in fields:
        if cursor.left() < SIZES[code]:
            return
        setattr(target, name, read_value(cursor, code))


def _read_machine(cursor: Cursor, sink: StateSink) -> None:
    cursor.sync()
    info = MachineInfo()
    _read_fields(cursor, info, MACHINE_FIELDS)
    info.hostname = cursor.raw(MACHINE_NAME_SIZE).split(b"\x00", 1)[0].decode("utf-8", "surrogateescape")
    _read_fields(cursor, info, MACHINE_TAIL)
    sink.machine_info(info)


def _read_interfaces(cursor: Cursor, sink: StateSink, has_lengths: bool) -> None:
    while cursor.next_entry():
        if has_lengths:
            length: i64 = cursor.u32()
            # Alone among the lists, this one's lengths do not count themselves.
            cursor.narrow(length + 4)
        kind: int = cursor.u16()
        name_size: i64 = cursor.u16()
        if kind not in INTERFACE_TYPES:
            raise cursor.fail(f"there is no interface type {kind}")
        size, has_speed = INTERFACE_TYPES[kind]
        address = cursor.raw(size)
        netmask = cursor.raw(size)
        broadcast = cursor.raw(size)
        speed = cursor.u64() if has_speed else -1
        name = cursor.raw(name_size).decode("utf-8", "surrogateescape")
        sink.interface(Interface(name, address, netmask, broadcast, speed))
        if has_lengths:
            cursor.finish_entry()


def _read_users(cursor: Cursor, sink: StateSink, has_lengths: bool) -> None:
    while cursor.next_entry():
        if has_lengths:
            cursor.narrow(cursor.u32())
        if cursor.u8() == _USER_ENTRY:
            user = User(0, 0, "", "", "")
            _read_fields(cursor, user, USER_FIELDS)
            sink.user(user)
        else:
            gid: i64 = cursor.u32()
            sink.group(gid, cursor.text())
        if has_lengths:
            cursor.finish_entry()


def _read_processes(cursor: Cursor, sink: StateSink, version: int, stats: SourceStats) -> None:
    kind_has_lengths = version == PROCESS_VERSIONS[PROCESSES_V9]
    fields = process_fields(version)
    while cursor.next_entry():
        if kind_has_lengths:
            cursor.narrow(cursor.u32())
        if not sink.wants_threads():
            stats.skipped_threads += 1
            if not kind_has_lengths:
                return
            cursor.finish_entry()
            continue
        thread = ThreadInfo(-1)
        _read_fields(cursor, thread, fields)
        if kind_has_lengths:
            if cursor.left() > OLD_TAIL_SIZE:
                _read_fields(cursor, thread, PROCESS_INSERTED)
            _read_tail(cursor, thread, PROCESS_TAIL)
            cursor.finish_entry()
        sink.thread(thread)


def _read_fds(cursor: Cursor, sink: StateSink, has_lengths: bool) -> None:
    cursor.sync()
    tid: i64 = cursor.s64()
    while cursor.next_entry():
        if has_lengths:
            cursor.narrow(cursor.u32())
        number: i64 = cursor.s64()
        inode: i64 = cursor.s64()
        fd = _read_fd(cursor, has_lengths)
        fd.ino = inode
        sink.fd(tid, number, fd)
        if has_lengths:
            cursor.finish_entry()


def _read_fd(cursor: Cursor, has_lengths: bool) -> FdInfo:
    kind: int = cursor.u8()
    fd = FdInfo(kind)
    if kind in FD_FIELDS:
        _read_fields(cursor, fd, FD_FIELDS[kind])
        if has_lengths and kind in FD_TAILS:
            _read_tail(cursor, fd, FD_TAILS[kind])
    elif kind in {FD_UNKNOWN, _UNINITIALIZED}:
        fd.kind = FD_UNKNOWN
    elif has_lengths:
        fd.kind = FD_UNSUPPORTED
        fd.name = f"unknown-type:[{kind}]"
    else:
        raise cursor.fail(f"there is no descriptor type {kind}")
    return fd
