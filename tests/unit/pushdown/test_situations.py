"""What is said to be known of fields is true of real events, whatever the field."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from random import Random

import pytest

from tercel.capture.ebpf.guards import combo
from tercel.events.table import EVENTS
from tercel.pushdown.calls import TRANSFERS, exit_types
from tercel.pushdown.patterns import DIRECTORY, FILENAME, NAME
from tercel.pushdown.situations import (
    FAILED,
    OPEN_COMBOS,
    SUCCEEDED,
    Between,
    Knowledge,
    OnConnection,
    OnFile,
    OnUnknown,
    Opening,
    PathPart,
    Situation,
    Values,
    Words,
)
from tercel.state.context import Context
from tests.unit.pushdown.bound import plain_texts, value
from tests.unit.pushdown.made import (
    EXITS,
    FREE_FLAGS,
    LOWER,
    ON_DESCRIPTOR,
    OPEN,
    OPEN_TYPES,
    OPENAT,
    OPENAT2,
    REGISTRY,
    UPPER,
    Open,
    World,
    exit_of,
    on_file,
)
from tests.unit.state.build import ipv4_address, ipv4_tuple

FIELDS = (*plain_texts(), "evt.arg.flags", "evt.arg.name", "evt.arg.res", "evt.arg.fd", "evt.arg[0]", "evt.arg[3]")
PATHS = ("/etc/shadow", "/a", "/usr/lib/x y.so", "/tmp/a/b/c")
FILE, UNKNOWN, SOCKET = 4, 6, 9
TRANSFER_EXITS = tuple(sorted({exit_types()[name] for name in TRANSFERS}))


@dataclass(frozen=True)
class Seen:
    """An event of a situation as the machine shows it, and what is meant by its parts."""

    situation: Situation
    combo: int
    path: str
    ctx: Context


def number_of(values: list[object]) -> int:
    """Return the result in an exit's parameters."""
    assert isinstance(values[0], bytes)
    return int.from_bytes(values[0], "little", signed=True)


@cache
def opened() -> tuple[Seen, ...]:
    """Return opens of every combo."""
    found: list[Seen] = []
    random = Random(7)
    both = {type_id: [Opening([type_id]), Opening(OPEN_TYPES)] for type_id in OPEN_TYPES}
    for number in range(32 * 6):
        flags = (number >> 1 & 3) | (os.O_CREAT if number & 8 else 0) | (os.O_TRUNC if number & 16 else 0)
        for flag in random.sample(FREE_FLAGS, random.choice((0, 1, 3))):
            flags |= flag
        result = random.choice((-2, -13, -100, -512, -4095)) if number & 1 else random.choice((0, 3, 1023, 70_000))
        type_id = random.choice((OPEN, OPENAT, OPENAT2))
        layer = random.choice((0, UPPER, LOWER))
        mode = random.choice((0, 0o644, 0o755))
        made = Open(type_id, random.choice(PATHS), flags, result, mode, random.random() < 0.5, layer)
        assert made.combo == number % 32
        ctx = World().open(made)
        found += [Seen(situation, made.combo, made.path, ctx) for situation in both[type_id]]
    return tuple(found)


@cache
def on_files() -> tuple[Seen, ...]:
    """Return calls on a file, each kind of call several times."""
    found: list[Seen] = []
    for type_id in ON_DESCRIPTOR:
        for seed in range(5):
            path = PATHS[seed % len(PATHS)]
            world = World()
            world.open(Open((OPEN, OPENAT, OPENAT2)[seed % 3], path, flags=seed % 3, result=FILE))
            values = on_file(Random(seed), type_id, FILE)
            ctx = world.event(EVENTS[type_id].enum, *values)
            if ctx.fd is not None:
                found.append(Seen(OnFile([type_id]), combo(number_of([*values]) < 0), path, ctx))
    return tuple(found)


@cache
def on_unknown() -> tuple[Seen, ...]:
    """Return calls on a descriptor that is not known."""
    found: list[Seen] = []
    for type_id in ON_DESCRIPTOR:
        for seed in range(5):
            values = exit_of(Random(seed), type_id, UNKNOWN)
            ctx = World().event(EVENTS[type_id].enum, *values)
            if ctx.fd is None:
                found.append(Seen(OnUnknown([type_id]), combo(number_of([*values]) < 0), "", ctx))
    return tuple(found)


@cache
def on_connections() -> tuple[Seen, ...]:
    """Return transfers over a TCP connection that was made under our eyes: from here, to here, bound before or not."""
    found: list[Seen] = []
    for type_id in TRANSFER_EXITS:
        for seed in range(24):
            world = World()
            ends = ipv4_tuple("10.0.0.1", 40000, "10.0.0.2", 443)
            if seed % 4 == 3:
                world.event("SOCKET_ACCEPT4_6_X", SOCKET, ends, 0, 0, 0, 0)
            else:
                world.event("SOCKET_SOCKET_X", SOCKET, 2, 1, 0, 0)
            if seed % 4 == 1:
                world.event("SOCKET_BIND_X", 0, ipv4_address("10.0.0.1", 40000), SOCKET)
            if seed % 4 != 3:
                result = 0 if seed < 8 else -115
                world.event("SOCKET_CONNECT_X", result, ends, SOCKET, ipv4_address("10.0.0.2", 443))
            sent = b"" if seed % 3 else ends
            values = exit_of(Random(seed), type_id, SOCKET, tuple=sent)
            ctx = world.event(EVENTS[type_id].enum, *values)
            found.append(Seen(OnConnection([type_id]), combo(number_of([*values]) < 0), "", ctx))
    return tuple(found)


@cache
def at_all() -> tuple[Seen, ...]:
    """Return events of every type of exit that has a result."""
    found: list[Seen] = []
    for type_id in EXITS:
        for seed in range(4):
            values = exit_of(Random(seed), type_id, FILE)
            ctx = World().event(EVENTS[type_id].enum, *values)
            is_failed = len(values) > 0 and number_of([*values]) < 0
            found.append(Seen(Situation([type_id]), combo(is_failed), "", ctx))
    return tuple(found)


def part_of(path: str, part: int) -> str:
    """Return a part of an absolute path, or the name of the program."""
    directory, _, name = path.rpartition("/")
    return {NAME: path, DIRECTORY: directory or "/", FILENAME: name}.get(part, "cat")


def is_true(said: Knowledge, found: object, path: str) -> bool:
    """Return whether a value is among those that are said to be possible."""
    if isinstance(said, Values):
        return (tuple(found) if isinstance(found, list) else found) in said.values
    if isinstance(said, Between):
        return isinstance(found, int) and said.low <= found <= said.high
    if isinstance(said, PathPart):
        return found == part_of(path, said.part)
    assert isinstance(said, Words)
    words = frozenset(str(found).split("|"))
    return said.certain <= words <= said.possible


@pytest.mark.parametrize("text", FIELDS)
@pytest.mark.parametrize("events", [opened, on_files, on_unknown, on_connections, at_all])
def test_what_is_said_of_a_field_is_true(text: str, events: object) -> None:
    """A guard is a proof, and these are its premises."""
    assert callable(events)
    field = REGISTRY.bind(text)
    for seen in events():
        for mask, said in seen.situation.known(field):
            if mask >> seen.combo & 1:
                found = value(field, seen.ctx)
                info = seen.ctx.event.info
                assert is_true(said, found, seen.path), (info.enum, seen.combo, seen.path, found)


@pytest.mark.parametrize("events", [opened, on_files, on_unknown, on_connections, at_all])
def test_nothing_is_said_of_combos_twice(events: object) -> None:
    """The first word would count as much as the last; and no combos are meant that the situation does not have."""
    assert callable(events)
    for situation in {seen.situation for seen in events()}:
        for text in FIELDS:
            told = 0
            for mask, _ in situation.known(REGISTRY.bind(text)):
                assert not mask & told, text
                assert not mask & ~situation.combos, text
                told |= mask


def test_much_is_known_of_opens() -> None:
    """Saying nothing would be true as well."""
    opening = Opening([OPENAT])
    for text in ("fd.name", "fd.directory", "fd.type", "fd.num", "evt.is_open_read", "evt.arg.flags", "evt.failed"):
        told = 0
        for mask, _ in opening.known(REGISTRY.bind(text)):
            told |= mask
        assert told == OPEN_COMBOS, text


def test_combos_of_results() -> None:
    """The lowest bit of a combo says that the call failed."""
    assert SUCCEEDED | FAILED == OPEN_COMBOS
    assert all(FAILED >> combo(True, flags) & 1 for flags in range(0o2000))
    assert all(SUCCEEDED >> combo(False, flags) & 1 for flags in range(0o2000))
