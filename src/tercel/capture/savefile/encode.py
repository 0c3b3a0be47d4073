"""State as metadata blocks of the current versions, the reverse of `metadata`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from tercel.capture.savefile.blocks import (
    BLOCK_OVERHEAD,
    FDS_V2,
    INTERFACES_V2,
    MACHINE_INFO,
    MAGIC,
    MAJOR_VERSION,
    MINOR_VERSION,
    PROCESSES_V9,
    SHB,
    USERS_V2,
)
from tercel.capture.savefile.layouts import (
    FD_FIELDS,
    FD_TAILS,
    INTERFACE_TYPES,
    MACHINE_FIELDS,
    MACHINE_NAME_SIZE,
    MACHINE_TAIL,
    PROCESS_INSERTED,
    PROCESS_TAIL,
    SIZES,
    USER_FIELDS,
    Field,
    process_fields,
)
from tercel.capture.source import StateSource
from tercel.state.model import FD_UNKNOWN, FD_UNSUPPORTED, FdInfo, Interface, MachineInfo, ThreadInfo, User

# The longest texts that present readers accept.
MAX_PATH: Final = 1023
MAX_LIST: Final = 4096
MAX_USER_TEXT: Final = 255
# A process list longer than this is continued in another block.
LIST_BLOCK: Final = 1 << 20
_SECTION_LENGTH_UNKNOWN: Final[bytes] = b"\xff" * 8
_LATEST_FIELDS: Final[list[Field]] = process_fields(9)


def build_block(kind: int, payload: bytes) -> bytes:
    """Return a block: type, length, payload padded to four bytes, length again."""
    padding = -len(payload) & 3
    length = (len(payload) + padding + BLOCK_OVERHEAD).to_bytes(4, "little")
    return kind.to_bytes(4, "little") + length + payload + bytes(padding) + length


def number(value: int, size: int) -> bytes:
    """Return a number's low bytes; signed values wrap."""
    return (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")


def counted(data: bytes) -> bytes:
    """Return bytes behind their 16-bit length."""
    return len(data).to_bytes(2, "little") + data


def encoded(text: str) -> bytes:
    """Return the bytes that a text was decoded from."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # Not text of a capture: half a character that some JSON spelled out.
        return text.encode("utf-8", "replace")


def encode_value(value: object, code: str, limit: int) -> bytes:
    """Return a value as its layout code says, texts cut to `limit` bytes."""
    if isinstance(value, str):
        return counted(encoded(value)[:limit])
    if isinstance(value, list):
        texts = [f"{item[0]}={item[1]}" for item in value] if code == "c" else value
        return counted(b"".join([encoded(text) + b"\x00" for text in texts])[:MAX_LIST])
    size = SIZES[code]
    if isinstance(value, bytes):
        return value[:size].ljust(size, b"\x00")
    if not isinstance(value, int):
        raise TypeError(f"a value of the state is a {type(value).__name__}")
    return number(value, size)


def _fields(source: object, fields: Iterable[Field], limit: int) -> bytes:
    return b"".join([encode_value(getattr(source, name), code, limit) for name, code in fields])


def section_header(options: bytes) -> bytes:
    """Return the block that opens a section, with pcapng options if there are any."""
    fixed = number(MAGIC, 4) + number(MAJOR_VERSION, 2) + number(MINOR_VERSION, 2) + _SECTION_LENGTH_UNKNOWN
    return build_block(SHB, fixed + options)


def machine_info(info: MachineInfo) -> bytes:
    """Return the block of the host's facts."""
    hostname = encoded(info.hostname)[: MACHINE_NAME_SIZE - 1].ljust(MACHINE_NAME_SIZE, b"\x00")
    return build_block(MACHINE_INFO, _fields(info, MACHINE_FIELDS, 0) + hostname + _fields(info, MACHINE_TAIL, 0))


def interface_entry(interface: Interface) -> bytes:
    """Return an interface's entry; nothing for one whose address is neither IPv4 nor IPv6."""
    shape = (len(interface.addr), interface.linkspeed >= 0)
    for kind, known in INTERFACE_TYPES.items():
        if known == shape:
            size = shape[0]
            name = encoded(interface.name)[:MAX_PATH]
            values = (interface.addr, interface.netmask, interface.broadcast)
            addresses = b"".join([value[:size].ljust(size, b"\x00") for value in values])
            speed = number(interface.linkspeed, 8) if shape[1] else b""
            entry = number(kind, 2) + number(len(name), 2) + addresses + speed + name
            return number(len(entry), 4) + entry
    return b""


def _with_length(entry: bytes) -> bytes:
    return number(len(entry) + 4, 4) + entry


def user_entry(user: User) -> bytes:
    """Return an account's entry of the user list."""
    return _with_length(b"\x00" + _fields(user, USER_FIELDS, MAX_USER_TEXT))


def group_entry(gid: int, name: str) -> bytes:
    """Return a group's entry of the user list."""
    return _with_length(b"\x01" + number(gid, 4) + counted(encoded(name)[:MAX_USER_TEXT]))


def thread_entry(thread: ThreadInfo) -> bytes:
    """Return a thread's entry of the process list."""
    return _with_length(
        _fields(thread, _LATEST_FIELDS, MAX_PATH)
        + _fields(thread, PROCESS_INSERTED, 0)
        + _fields(thread, PROCESS_TAIL, 0)
    )


def fd_entry(fd_number: int, fd: FdInfo) -> bytes:
    """Return a descriptor's entry of its thread's list."""
    kind = fd.kind if fd.kind in FD_FIELDS or fd.kind == FD_UNKNOWN else FD_UNSUPPORTED
    head = number(fd_number, 8) + number(fd.ino, 8) + number(kind, 1)
    return _with_length(head + _fields(fd, FD_FIELDS.get(kind, ()), MAX_PATH) + _fields(fd, FD_TAILS.get(kind, ()), 0))


def fd_list(tid: int, fds: Iterable[tuple[int, FdInfo]]) -> bytes:
    """Return the block of a thread's descriptors."""
    return build_block(FDS_V2, number(tid, 8) + b"".join([fd_entry(fd_number, fd) for fd_number, fd in fds]))


def _process_blocks(threads: Iterable[ThreadInfo]) -> Iterator[bytes]:
    parts: list[bytes] = []
    size = 0
    for thread in threads:
        entry = thread_entry(thread)
        if parts and size + len(entry) > LIST_BLOCK:
            yield build_block(PROCESSES_V9, b"".join(parts))
            parts = []
            size = 0
        parts.append(entry)
        size += len(entry)
    if parts:
        yield build_block(PROCESSES_V9, b"".join(parts))


def state_blocks(state: StateSource) -> Iterator[bytes]:
    """Yield the metadata blocks of a section in the order in which present tools write them.

    Only the process list may be continued: readers keep the last interface list and the last user list.
    """
    yield machine_info(state.saved_info())
    interfaces = b"".join([interface_entry(interface) for interface in state.saved_interfaces()])
    users = [user_entry(user) for user in state.saved_users()]
    users += [group_entry(gid, name) for gid, name in state.saved_groups()]
    for kind, payload in ((INTERFACES_V2, interfaces), (USERS_V2, b"".join(users))):
        if payload:
            yield build_block(kind, payload)
    yield from _process_blocks(state.saved_threads())
    for thread in state.saved_threads():
        yield fd_list(thread.tid, state.saved_fds(thread))
