"""Packs what the probe judges calls by, and hands it over while the probe runs.

There is room for two policies. The one that is not in use is written, then one number says that it is the one from now
on; it carries an epoch, with which the probe forgets what it knew of descriptors. All of it is shared memory.
"""

from __future__ import annotations

import ctypes
import mmap
import platform
import struct
import time
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tercel.capture.ebpf.btf import BtfError
from tercel.capture.ebpf.guards import GRAM_SIZE, NO_MASKS, Guard, GuardDrop, GuardEffect, GuardKind
from tercel.capture.ebpf.rows import COMPAT, system_calls
from tercel.events.table import EVENT_BY_ENUM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tercel.capture.ebpf.btf import Btf, Layout, Member
    from tercel.capture.ebpf.guards import KernelPolicy, PathTables, Trie
    from tercel.capture.ebpf.rows import RowTable, SystemCall

# Slots of states with a meaning: none, the roots of both tries.
_FORWARD_ROOT: Final = 1
_BACKWARD_ROOT: Final = 2
_FIRST_SLOT: Final = 3
# All children of a state are in one such part of the states.
_PART: Final = 256
# Where a gram's bucket is: its product with this number, shifted; and in how many places from there on it may be.
_GRAM_FACTOR: Final = 0x9E3779B1
_GRAM_SHIFT: Final = 22
_GRAM_STEPS: Final = 4
# The same for names of programs, whose buckets come of FNV-1a (32 bits), and how long a name is with zeros behind it.
_FNV_START: Final = 0x811C9DC5
_FNV_FACTOR: Final = 0x01000193
_COMM_BUCKETS: Final = 256
_COMM_STEPS: Final = 8
_COMM: Final = struct.Struct("<16sII")
# How an open is told that was dropped before.
_OPEN: Final = EVENT_BY_ENUM["SYSCALL_OPENAT_2_X"]
# The setting's lowest byte is the policy in use, above it is the epoch, whose upper bits are its era. Its
# lowest bits are the probe's own: it raises the epoch when it cannot note what it should.
_EPOCH_SHIFT: Final = 8
_ERA_SHIFT: Final = 48
_ERAS: Final = 1 << 8
_EPOCH_STEP: Final = 1 << 16
_MEMBARRIER: Final[dict[str, int]] = {"x86_64": 324, "aarch64": 283}
_MEMBARRIER_GLOBAL: Final = 1
# How long programs that run are given to end, in seconds, where the kernel does not tell when they have.
_LONG: Final = 0.2

_libc: Final = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class PolicyLayout:
    """Where everything is in the memory of one policy."""

    policy: Layout
    guard: Layout
    state: Layout

    @classmethod
    def of(cls, btf: Btf) -> PolicyLayout:
        """Read it from the probe's types; raises BtfError where the numbers of both sides differ."""
        for kind, names in (("guard_kind", GuardKind), ("guard_drop", GuardDrop), ("guard_effect", GuardEffect)):
            prefix = {"guard_kind": "GUARD_", "guard_drop": "DROP_", "guard_effect": "EFFECT_"}[kind]
            ours = {prefix + name: int(member) for name, member in names.__members__.items() if name != "NOTHING"}
            if btf.enum(kind) != ours:
                raise BtfError(f"the probe is of another version: its {kind} is {btf.enum(kind)}")
        return cls(btf.layout("policy"), btf.layout("guard"), btf.layout("state"))

    def member(self, name: str) -> Member:
        """Return a member of the policy."""
        return self.policy.member(name)


def pack_guard(layout: Layout, guard: Guard) -> bytes:
    """Return a guard as the probe reads it."""
    return layout.pack(
        kind=guard.kind,
        drops=guard.drops,
        effect=guard.effect,
        fd=guard.fd,
        path=guard.path,
        flags=guard.flags,
        dirfd=guard.dirfd,
        announces=guard.announces,
        is_how=int(guard.is_how),
        maybe=guard.maybe,
        always=guard.always,
        paths=guard.paths,
        comms=guard.comms,
    )


def pack_guards(
    layout: PolicyLayout, guards: dict[str, Guard], calls: Iterable[SystemCall], pseudo: dict[str, int]
) -> tuple[bytes, bytes]:
    """Return the guards by number of 64-bit and of 32-bit programs' calls.

    Raises ValueError for the name of a call that is none.
    """
    count, size = layout.member("guards").count, layout.guard.size
    packed = {name: pack_guard(layout.guard, guard) for name, guard in guards.items()}
    tables = bytearray(pack_guard(layout.guard, Guard()) * count), bytearray(pack_guard(layout.guard, Guard()) * count)
    unknown = set(guards)
    for call in calls:
        data = packed.get(call.name)
        if data is None:
            continue
        unknown.discard(call.name)
        for number in numbers_of(call, pseudo):
            at = (number & ~COMPAT) * size
            tables[number >= COMPAT][at : at + size] = data
    if unknown:
        raise ValueError(f"there are no system calls named {', '.join(sorted(unknown))}")
    return bytes(tables[0]), bytes(tables[1])


def numbers_of(call: SystemCall, pseudo: dict[str, int]) -> list[int]:
    """Return the numbers that the probe knows a call by, those of 32-bit programs with `COMPAT` added."""
    own = pseudo.get(call.name, call.native)
    return [*([own] if own >= 0 else []), *(COMPAT | number for number in call.compat)]


def pack_grams(size: int, grams: dict[bytes, int]) -> array[int]:
    """Return text and combos of grams by bucket, in so many places; raises ValueError when they do not fit."""
    table = array("I", bytes(8 * size))
    for text, combos in grams.items():
        if len(text) != GRAM_SIZE or not combos or 0 in text:
            raise ValueError(f"{text!r} with combos {combos:#x} is no gram of {GRAM_SIZE} bytes")
        number = int.from_bytes(text, "little")
        bucket = (number * _GRAM_FACTOR & 0xFFFFFFFF) >> _GRAM_SHIFT
        # What is found at an empty bucket is nothing: later ones may not leave it empty, and none is ever taken out.
        place = next((at for at in range(bucket, bucket + _GRAM_STEPS) if not table[2 * at + 1]), None)
        if place is None:
            raise ValueError("too many of the texts that are looked for anywhere in a path are alike")
        table[2 * place] = number
        table[2 * place + 1] = combos
    return table


def pack_comms(size: int, comms: dict[bytes, int]) -> bytes:
    """Return names of programs and combos by bucket, in so many places; raises ValueError when they do not fit."""
    table: list[tuple[bytes, int, int]] = [(b"", 0, 0)] * size
    for name, combos in comms.items():
        if not 0 < len(name) < _COMM.size - 8 or not combos or 0 in name:
            raise ValueError(f"{name!r} with combos {combos:#x} is no name of a program")
        bucket = _comm_bucket(name)
        place = next((at for at in range(bucket, bucket + _COMM_STEPS) if not table[at][1]), None)
        if place is None:
            raise ValueError("rules ask for too many programs by name")
        table[place] = (name, combos, 0)
    return b"".join(_COMM.pack(*entry) for entry in table)


def _comm_bucket(name: bytes) -> int:
    number = _FNV_START
    for byte in name.ljust(16, b"\0"):
        number = (number ^ byte) * _FNV_FACTOR & 0xFFFFFFFF
    return number % _COMM_BUCKETS


class StatePacker:
    """Places the states of tries: each one's children at `base ^ byte`, the first place that fits."""

    def __init__(self, size: int, words: int) -> None:
        """Begin with so many free slots of so many 32-bit words each."""
        self._size = size
        self._words = words
        self._free = bytearray(b"\1") * size
        self._free[:_FIRST_SLOT] = bytes(_FIRST_SLOT)
        self._next = _FIRST_SLOT
        self._wide = _FIRST_SLOT
        self._end = _FIRST_SLOT
        # By slot, in the order in which they are given out: where its children are, which slot it is a child of.
        self._states = array("I", bytes(4 * words * size))

    def add(self, trie: Trie, root: int) -> None:
        """Place a trie whose root is at a slot; raises ValueError when there is no room."""
        edges = trie.edges
        slots = [0] * len(edges)
        slots[0] = root
        bases = [0] * len(edges)
        # Those with many children first, while there are many places to choose from.
        wide = sorted((node for node, children in enumerate(edges) if len(children) > 1), key=lambda n: -len(edges[n]))
        for node in wide:
            children = edges[node]
            base = self._place(list(children))
            bases[node] = base
            for byte, child in children.items():
                slots[child] = base ^ byte
        for node, children in enumerate(edges):
            if len(children) == 1:
                ((byte, child),) = children.items()
                slots[child] = slot = self._take()
                bases[node] = slot ^ byte
        self._write(trie, slots, bases, root)

    def _take(self) -> int:
        """Return a slot that nobody has, taken."""
        found = self._free.find(1, self._next)
        if found < 0:
            raise ValueError("the paths that rules ask for have too many different beginnings and ends")
        self._free[found] = 0
        self._next = found + 1
        self._end = max(self._end, found + 1)
        return found

    def _place(self, keys: list[int]) -> int:
        """Return a base at which all of some bytes are free, taken."""
        free = self._free
        # From where the last one was found: the gaps before it are for those with one child.
        for start in (self._wide, _FIRST_SLOT):
            base = self._fit(keys, start)
            if base >= 0:
                for byte in keys:
                    free[base ^ byte] = 0
                self._wide = base ^ keys[0]
                self._end = max(self._end, 1 + max(base ^ byte for byte in keys))
                return base
        raise ValueError("the paths that rules ask for have too many different beginnings and ends")

    def _fit(self, keys: list[int], at: int) -> int:
        """Return a base from a slot on at which all of some bytes are free, -1 when there is none."""
        free, first, rest = self._free, keys[0], keys[1:]
        while (at := free.find(1, at)) >= 0:
            base = at ^ first
            for byte in rest:
                if not free[base ^ byte]:
                    break
            else:
                return base
            at += 1
        return -1

    def _write(self, trie: Trie, slots: list[int], bases: list[int], root: int) -> None:
        states, words = self._states, self._words
        for node, children in enumerate(trie.edges):
            slot = slots[node]
            at = slot * words
            states[at + 1] = bases[node]
            for child in children.values():
                states[slots[child] * words] = slot
            if trie.masks[node] != NO_MASKS:
                anywhere, at_end, in_dir, veto = trie.masks[node]
                states[at + 2] = anywhere
                if root == _FORWARD_ROOT:
                    states[at + 3], states[at + 4], states[at + 5] = at_end, in_dir, veto

    def packed(self) -> memoryview:
        """Return the states as far as they are used."""
        return memoryview(self._states)[: self._end * self._words].cast("B")


def pack_states(layout: PolicyLayout, paths: PathTables) -> memoryview:
    """Return the states of both tries, as far as they are used; raises ValueError when they do not fit."""
    states, state = layout.member("states"), layout.state
    order = ["check", "base", "anywhere", "at_end", "in_dir", "veto"]
    if [state.member(name).offset for name in order] != [0, 4, 8, 12, 16, 20]:
        raise BtfError("the probe is of another version: its states have another form")
    packer = StatePacker(states.count, state.size // 4)
    packer.add(paths.forward, _FORWARD_ROOT)
    packer.add(paths.backward, _BACKWARD_ROOT)
    return packer.packed()


def await_programs() -> None:
    """Return when no program of the probe runs any more that ran before."""
    number = _MEMBARRIER.get(platform.machine())
    if number is None or _libc.syscall(number, _MEMBARRIER_GLOBAL, 0, 0) != 0:
        # Machines with processors that are kept free of the kernel do not offer it. A program runs for microseconds.
        time.sleep(_LONG)  # noqa: TID251 - what is waited for is that others had their turn


class Pushdown:
    """The probe's two policies, and the number that says which one is in use."""

    def __init__(self, layout: PolicyLayout, memory: Callable[[], mmap.mmap], table: RowTable) -> None:
        """Keep what is needed; `memory` maps both policies."""
        self._layout = layout
        self._memory = memory
        self._pseudo = table.pseudo
        self._open_row = table.row_of[_OPEN]
        self._calls = system_calls()
        self._used = [0, 0]
        self._serial = 0

    @property
    def size(self) -> int:
        """Bytes of a policy."""
        return self._layout.policy.size

    def write(self, half: int, policy: KernelPolicy) -> None:
        """Write a policy into a half that no program reads; raises ValueError, with nothing changed."""
        layout = self._layout
        guards, compat_guards = pack_guards(layout, policy.guards, self._calls, self._pseudo)
        grams = pack_grams(layout.member("grams").count, policy.paths.grams)
        comms = pack_comms(layout.member("comms").count, policy.paths.comms)
        states = pack_states(layout, policy.paths)
        self._serial += 1
        await_programs()
        # Mapped for this moment only: what is written counts as memory of this process while it is mapped.
        with self._memory() as memory:
            start = half * layout.policy.size
            for name, data in (
                ("guards", guards),
                ("compat_guards", compat_guards),
                ("has_grams", struct.pack("<I", int(bool(policy.paths.grams)))),
                ("has_comms", struct.pack("<I", int(bool(policy.paths.comms)))),
                ("serial", struct.pack("<I", self._serial)),
                ("open_row", struct.pack("<I", self._open_row)),
                ("grams", grams.tobytes()),
                ("comms", comms),
                ("states", bytes(max(len(states), self._used[half]))),
                ("states", states),
            ):
                at = start + layout.member(name).offset
                memory[at : at + len(data)] = data
        self._used[half] = len(states)


def setting_for(old: int, half: int | None) -> int:
    """Return the number that puts a half to use, or none; a new era begins where no calls were judged before."""
    epoch = old >> _EPOCH_SHIFT
    if half is not None and half_in_use(old) is None:
        epoch = ((epoch >> _ERA_SHIFT) + 1) % _ERAS << _ERA_SHIFT | _EPOCH_STEP
    return epoch << _EPOCH_SHIFT | (0 if half is None else half + 1)


def renewed(old: int) -> int:
    """Return the same number in a new epoch of its era."""
    epoch = old >> _EPOCH_SHIFT
    era, within = epoch >> _ERA_SHIFT, epoch % (1 << _ERA_SHIFT)
    within = (within // _EPOCH_STEP + 1) * _EPOCH_STEP % (1 << _ERA_SHIFT) or _EPOCH_STEP
    return (era << _ERA_SHIFT | within) << _EPOCH_SHIFT | old % (1 << _EPOCH_SHIFT)


def half_in_use(setting: int) -> int | None:
    """Return which half the probe reads; None when it judges nothing."""
    used = setting % (1 << _EPOCH_SHIFT)
    return used - 1 if used else None
