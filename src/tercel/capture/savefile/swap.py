"""One block from big-endian to little-endian order: header, entries by their layout, parameters by their type."""

from __future__ import annotations

from typing import Final

from tercel.capture.savefile.blocks import (
    BLOCK_HEADER,
    EVENT_FLAGS_V1,
    EVENT_FLAGS_V2,
    EVENT_FLAGS_V2_LARGE,
    EVENT_STARTS,
    EVENT_V1,
    FDS_V1,
    FDS_V2,
    INTERFACES_V1,
    INTERFACES_V2,
    MACHINE_INFO,
    PROCESS_VERSIONS,
    PROCESSES_V9,
    SHB,
    USERS_V1,
    USERS_V2,
    canonical_kind,
)
from tercel.capture.savefile.layouts import (
    FD_FIELDS,
    FD_TAILS,
    INTERFACE_TYPES,
    MACHINE_FIELDS,
    MACHINE_NAME_SIZE,
    MACHINE_TAIL,
    OLD_TAIL_SIZE,
    ORDERED,
    PROCESS_INSERTED,
    PROCESS_TAIL,
    SIZES,
    USER_FIELDS,
    Field,
    process_fields,
)
from tercel.events.names import dynamic_table
from tercel.events.table import EVENT_COUNT, EVENTS, EventInfo, ParamInfo
from tercel.events.types import (
    PARAM_SIZES,
    PT_DYN,
    PT_FDLIST,
    PT_IPV4ADDR,
    PT_IPV6ADDR,
    PT_SOCKADDR,
    PT_SOCKTUPLE,
)

_AF_UNIX: Final = 1
_AF_INET: Final = 2
_AF_INET6: Final = 10
# Places of the host-order numbers in socket addresses and tuples by family: (offset, size).
_ADDRESS_NUMBERS: Final[dict[int, tuple[tuple[int, int], ...]]] = {_AF_INET: ((5, 2),), _AF_INET6: ((17, 2),)}
_TUPLE_NUMBERS: Final[dict[int, tuple[tuple[int, int], ...]]] = {
    _AF_UNIX: ((1, 8), (9, 8)),
    _AF_INET: ((5, 2), (11, 2)),
    _AF_INET6: ((17, 2), (35, 2)),
}
_NETWORK_ORDER: Final[frozenset[int]] = frozenset({PT_IPV4ADDR, PT_IPV6ADDR})
_MIN_ENTRY: Final = 4
_OPTION_HEADER: Final = 4


class _DamagedError(Exception):
    """A value lies beyond the end; what follows stays as it is and the reader says what is wrong."""


class _Swapper:
    """Turns numbers round in place, one after the other."""

    def __init__(self, block: bytearray) -> None:
        self.block: bytearray = block
        self.pos: int = BLOCK_HEADER
        self.end: int = len(block) - 4
        self.limit: int = self.end

    def left(self) -> int:
        return self.limit - self.pos

    def skip(self, size: int) -> None:
        if size > self.limit - self.pos:
            raise _DamagedError
        self.pos += size

    def number(self, size: int) -> int:
        at = self.pos
        self.skip(size)
        value = self.block[at : at + size]
        value.reverse()
        self.block[at : at + size] = value
        return int.from_bytes(value, "little")

    def value(self, code: str) -> None:
        if code in "slc":
            self.skip(self.number(2))
        elif code in ORDERED:
            self.number(SIZES[code])
        else:
            self.skip(SIZES[code])

    def values(self, fields: tuple[Field, ...] | list[Field]) -> None:
        for _, code in fields:
            self.value(code)

    def tail(self, fields: tuple[Field, ...]) -> None:
        for _, code in fields:
            if self.left() < SIZES[code]:
                return
            self.value(code)


def swap_block(data: bytes) -> bytes:
    """Return a big-endian block as a little-endian one of the same length."""
    block = bytearray(data)
    block[0:4] = block[0:4][::-1]
    block[4:8] = block[4:8][::-1]
    if len(block) >= BLOCK_HEADER + 4:
        block[-4:] = block[-4:][::-1]
    swapper = _Swapper(block)
    kind = canonical_kind(int.from_bytes(block[0:4], "little"))
    try:
        _swap_payload(kind, swapper)
    except _DamagedError:
        # What is left unswapped lies behind the damage that the reader is going to report.
        pass
    return bytes(block)


def _swap_payload(kind: int, swapper: _Swapper) -> None:
    if kind in EVENT_STARTS:
        _swap_event(kind, swapper)
    elif kind == SHB:
        for size in (4, 2, 2, 8):
            swapper.number(size)
        _swap_options(swapper)
    elif kind == MACHINE_INFO:
        swapper.values(MACHINE_FIELDS)
        swapper.skip(MACHINE_NAME_SIZE)
        swapper.values(MACHINE_TAIL)
    elif kind in PROCESS_VERSIONS:
        _swap_processes(swapper, kind)
    elif kind in {FDS_V1, FDS_V2}:
        swapper.number(8)
        _swap_entries(swapper, kind)
    elif kind in {USERS_V1, USERS_V2, INTERFACES_V1, INTERFACES_V2}:
        _swap_entries(swapper, kind)


def _open_entry(swapper: _Swapper, extra: int) -> None:
    start = swapper.pos
    length = swapper.number(4) + extra
    if length > swapper.end - start:
        raise _DamagedError
    swapper.limit = start + length


def _close_entry(swapper: _Swapper) -> None:
    if swapper.limit < swapper.end:
        swapper.pos = max(swapper.pos, swapper.limit)
        swapper.limit = swapper.end


def _swap_entries(swapper: _Swapper, kind: int) -> None:
    has_lengths = kind in {FDS_V2, USERS_V2, INTERFACES_V2}
    swap_entry = {FDS_V1: _swap_fd, FDS_V2: _swap_fd, USERS_V1: _swap_user, USERS_V2: _swap_user}
    while swapper.left() >= _MIN_ENTRY:
        if has_lengths:
            _open_entry(swapper, 4 if kind == INTERFACES_V2 else 0)
        swap_entry.get(kind, _swap_interface)(swapper, has_lengths)
        _close_entry(swapper)


def _swap_processes(swapper: _Swapper, kind: int) -> None:
    fields = process_fields(PROCESS_VERSIONS[kind])
    while swapper.left() >= _MIN_ENTRY:
        if kind != PROCESSES_V9:
            swapper.values(fields)
            continue
        _open_entry(swapper, 0)
        swapper.values(fields)
        if swapper.left() > OLD_TAIL_SIZE:
            swapper.values(PROCESS_INSERTED)
        swapper.tail(PROCESS_TAIL)
        _close_entry(swapper)


def _swap_interface(swapper: _Swapper, _has_lengths: bool) -> None:
    kind = swapper.number(2)
    name_size = swapper.number(2)
    if kind not in INTERFACE_TYPES:
        raise _DamagedError
    size, has_speed = INTERFACE_TYPES[kind]
    swapper.skip(3 * size)
    if has_speed:
        swapper.number(8)
    swapper.skip(name_size)


def _swap_user(swapper: _Swapper, _has_lengths: bool) -> None:
    is_user = swapper.block[swapper.pos] == 0
    swapper.skip(1)
    swapper.values(USER_FIELDS if is_user else (("gid", "I"), ("name", "s")))


def _swap_fd(swapper: _Swapper, has_lengths: bool) -> None:
    swapper.number(8)
    swapper.number(8)
    swapper.skip(1)
    kind = swapper.block[swapper.pos - 1]
    swapper.values(FD_FIELDS.get(kind, ()))
    if has_lengths:
        swapper.tail(FD_TAILS.get(kind, ()))


def _swap_options(swapper: _Swapper) -> None:
    while swapper.left() >= _OPTION_HEADER:
        code = swapper.number(2)
        size = swapper.number(2)
        if code == 0:
            return
        swapper.skip(min((size + 3) & ~3, swapper.left()))


def _swap_event(kind: int, swapper: _Swapper) -> None:
    swapper.number(2)
    if kind in {EVENT_FLAGS_V1, EVENT_FLAGS_V2, EVENT_FLAGS_V2_LARGE}:
        swapper.number(4)
    start = swapper.pos
    swapper.number(8)
    swapper.number(8)
    size = swapper.number(4)
    number = swapper.number(2)
    is_old = kind in {EVENT_V1, EVENT_FLAGS_V1}
    count = 0 if is_old else swapper.number(4)
    if start + size > swapper.end:
        return
    if number < EVENT_COUNT:
        info = EVENTS[number]
        lengths = _old_lengths(swapper, info, start + size) if is_old else _lengths(swapper, info, count)
        for index, length in enumerate(lengths):
            _swap_param(swapper, info.params[index] if index < info.nparams else None, length)
    swapper.pos = start + size + (-(start + size - BLOCK_HEADER) & 3)
    _swap_options(swapper)


def _lengths(swapper: _Swapper, info: EventInfo, count: int) -> list[int]:
    if count * info.length_size > swapper.left():
        raise _DamagedError
    return [swapper.number(info.length_size) for _ in range(count)]


def _old_lengths(swapper: _Swapper, info: EventInfo, end: int) -> list[int]:
    """Swap the length words of an event without a parameter count: as many as make up its size."""
    lengths: list[int] = []
    total = 0
    while swapper.pos + total < end and len(lengths) < info.nparams:
        length = swapper.number(info.length_size)
        lengths.append(length)
        total += length
    return lengths


def _swap_param(swapper: _Swapper, param: ParamInfo | None, length: int) -> None:
    at = swapper.pos
    end = at + length
    if param is None or length > swapper.left():
        swapper.skip(length)
        return
    kind = param.type
    if kind in {PT_SOCKADDR, PT_SOCKTUPLE} and length:
        table = _ADDRESS_NUMBERS if kind == PT_SOCKADDR else _TUPLE_NUMBERS
        for offset, size in table.get(swapper.block[at], ()):
            _swap_at(swapper, at + offset, size, end)
    elif kind == PT_FDLIST:
        for offset, size in _fdlist_numbers(length):
            _swap_at(swapper, at + offset, size, end)
    elif kind == PT_DYN and length:
        variants = dynamic_table(param.table.removeprefix("dyn:"))
        index = swapper.block[at]
        if index < len(variants) and variants[index][0] not in _NETWORK_ORDER:
            _swap_at(swapper, at + 1, PARAM_SIZES[variants[index][0]], end)
    elif kind not in _NETWORK_ORDER and length == param.size:
        _swap_at(swapper, at, length, end)
    swapper.pos = end


def _fdlist_numbers(length: int) -> list[tuple[int, int]]:
    """Return the places of a poll list's numbers: a count, then descriptor and flags of each."""
    places = [(0, 2)]
    for at in range(2, length - 9, 10):
        places += [(at, 8), (at + 8, 2)]
    return places


def _swap_at(swapper: _Swapper, at: int, size: int, end: int) -> None:
    if size > 1 and at + size <= end:
        swapper.pos = at
        swapper.number(size)
