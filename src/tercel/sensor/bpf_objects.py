"""Programs, maps and links that are in the kernel, asked for with bpf(2)."""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

_NUMBERS: Final[dict[str, int]] = {"x86_64": 321, "aarch64": 280, "riscv64": 280, "s390x": 351, "ppc64le": 361}

_INFO_BY_FD: Final = 15
_NO_COMMAND: Final = 0x7FFFFFFF

# (the command that gives the next id, the command that gives a descriptor for an id)
_PROGRAMS: Final = (11, 13)
_MAPS: Final = (12, 14)
_LINKS: Final = (31, 30)

_PROGRAM_TYPES: Final[dict[int, str]] = {
    1: "socket_filter",
    2: "kprobe",
    5: "tracepoint",
    7: "perf_event",
    17: "raw_tracepoint",
    26: "tracing",
    29: "lsm",
    31: "syscall",
}
_MAP_TYPES: Final[dict[int, str]] = {
    1: "hash",
    2: "array",
    3: "prog_array",
    4: "perf_event_array",
    5: "percpu_hash",
    6: "percpu_array",
    9: "lru_hash",
    10: "lru_percpu_hash",
    11: "lpm_trie",
    12: "array_of_maps",
    13: "hash_of_maps",
    22: "queue",
    23: "stack",
    27: "ringbuf",
    29: "task_storage",
    31: "user_ringbuf",
    33: "arena",
}
_LINK_TYPES: Final[dict[int, str]] = {
    1: "raw_tracepoint",
    2: "tracing",
    3: "cgroup",
    4: "iter",
    7: "perf_event",
    8: "kprobe_multi",
}

# Of the kernel's answers only the beginning is read, which all kernels fill alike.
_PROGRAM_INFO_SIZE: Final = 216
_MAP_INFO_SIZE: Final = 80
_LINK_INFO_SIZE: Final = 80
_MAPS_AT: Final = 52  # in a program's info: the number of its maps, four bytes later the place for their ids
_MAPS_LIMIT: Final = 64

_libc: Final = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Program:
    """A program; the times are counted only while kernel.bpf_stats_enabled is 1."""

    id: int
    name: str
    type: str
    maps: tuple[int, ...]
    run_count: int
    run_time_ns: int


@dataclass(frozen=True, slots=True)
class Map:
    """A map."""

    id: int
    name: str
    type: str
    key_size: int
    value_size: int
    max_entries: int


@dataclass(frozen=True, slots=True)
class Link:
    """What attaches a program to a place in the kernel."""

    id: int
    type: str
    program: int


_Object = TypeVar("_Object", Program, Map, Link)


def programs() -> list[Program]:
    """Return all programs; raise OSError without CAP_SYS_ADMIN, which the kernel asks for here."""
    return list(_objects(_PROGRAMS, _program))


def maps() -> list[Map]:
    """Return all maps; raise OSError without CAP_SYS_ADMIN."""
    return list(_objects(_MAPS, _map))


def links() -> list[Link]:
    """Return all links; raise OSError without CAP_SYS_ADMIN."""
    return list(_objects(_LINKS, _link))


def reason_unreachable() -> str:
    """Return why bpf(2) cannot be called, or nothing if it can.

    A command that no kernel knows is answered with EINVAL wherever the call reaches the kernel's code for it.
    """
    try:
        _bpf(_NO_COMMAND, bytearray(8))
    except OSError as error:
        if error.errno == errno.ENOSYS:
            return "the kernel has no bpf system call, or a seccomp filter hides it"
        if error.errno == errno.EPERM:
            return "refused: a seccomp filter forbids bpf, or neither CAP_BPF nor CAP_SYS_ADMIN is held"
    return ""


def _objects(commands: tuple[int, int], read: Callable[[int], _Object]) -> Iterator[_Object]:
    """Walk all objects of a kind; what goes away in the meantime is left out."""
    next_command, open_command = commands
    identity = 0
    while True:
        attributes = bytearray(struct.pack("=III", identity, 0, 0))
        try:
            _bpf(next_command, attributes)
        except FileNotFoundError:
            return
        identity = struct.unpack_from("=I", attributes, 4)[0]
        try:
            descriptor = _bpf(open_command, bytearray(struct.pack("=III", identity, 0, 0)))
        except FileNotFoundError:
            continue
        try:
            yield read(descriptor)
        finally:
            os.close(descriptor)


def _program(descriptor: int) -> Program:
    room = (ctypes.c_uint32 * _MAPS_LIMIT)()
    info = bytearray(_PROGRAM_INFO_SIZE)
    struct.pack_into("=IQ", info, _MAPS_AT, _MAPS_LIMIT, ctypes.addressof(room))
    _info(descriptor, info)
    kind, identity = struct.unpack_from("=II", info)
    count = min(struct.unpack_from("=I", info, _MAPS_AT)[0], _MAPS_LIMIT)
    run_time, run_count = struct.unpack_from("=QQ", info, 192)
    return Program(identity, _name(info, 64), _word(_PROGRAM_TYPES, kind), tuple(room[:count]), run_count, run_time)


def _map(descriptor: int) -> Map:
    info = bytearray(_MAP_INFO_SIZE)
    _info(descriptor, info)
    kind, identity, key_size, value_size, max_entries = struct.unpack_from("=IIIII", info)
    return Map(identity, _name(info, 24), _word(_MAP_TYPES, kind), key_size, value_size, max_entries)


def _link(descriptor: int) -> Link:
    info = bytearray(_LINK_INFO_SIZE)
    _info(descriptor, info)
    kind, identity, program = struct.unpack_from("=III", info)
    return Link(identity, _word(_LINK_TYPES, kind), program)


def _info(descriptor: int, info: bytearray) -> None:
    """Have the kernel describe an object."""
    room = (ctypes.c_char * len(info)).from_buffer(info)
    _bpf(_INFO_BY_FD, bytearray(struct.pack("=IIQ", descriptor, len(info), ctypes.addressof(room))))


def _bpf(command: int, attributes: bytearray) -> int:
    """Call bpf(2), which may answer in `attributes`; raise OSError when it refuses."""
    number = _NUMBERS.get(os.uname().machine)
    if number is None:
        raise OSError(errno.ENOSYS, f"the number of the bpf system call is not known for {os.uname().machine}")
    room = (ctypes.c_char * len(attributes)).from_buffer(attributes)
    answer: int = _libc.syscall(
        ctypes.c_long(number), ctypes.c_int(command), ctypes.byref(room), ctypes.c_uint(len(attributes))
    )
    if answer < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return answer


def _name(info: bytearray, at: int) -> str:
    return info[at : at + 16].split(b"\0", 1)[0].decode("ascii", "replace")


def _word(words: dict[int, str], number: int) -> str:
    return words.get(number, f"type {number}")
