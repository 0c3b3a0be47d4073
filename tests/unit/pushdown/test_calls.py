"""What is said of calls is what the state makes of their exits: found out by feeding every kind of exit."""

from __future__ import annotations

from functools import cache
from random import Random

import pytest

from tercel.capture.ebpf.guards import GuardEffect, GuardKind
from tercel.capture.ebpf.rows import row_sources
from tercel.events.names import syscalls
from tercel.events.table import EVENT_BY_ENUM, EVENTS
from tercel.events.types import EF_OLD_VERSION, PT_FD, PT_FDLIST
from tercel.pushdown import calls
from tercel.state.model import FD_DIRECTORY, FD_FILE_V2, FD_IPV4_SOCK, FD_PIDFD, FdInfo
from tests.unit.pushdown.bound import plain_texts, shown
from tests.unit.pushdown.made import EXITS, FOR_SOCKETS, REGISTRY, TID, World, exit_of
from tests.unit.state.build import Value

NUMBER, TARGET = 5, 7
KINDS = (
    None,
    (FD_FILE_V2, "/etc/x"),
    (FD_IPV4_SOCK, ""),
    (FD_IPV4_SOCK, "10.0.0.1:5->10.0.0.2:7"),
    (FD_DIRECTORY, "/srv"),
    (FD_PIDFD, "/proc/1"),
)
NAMES: dict[int, list[str]] = {}
for name, type_id in calls.exit_types().items():
    NAMES.setdefault(type_id, []).append(name)
_MAKES_NONE = {GuardEffect.NONE, GuardEffect.CLOSES_RANGE, GuardEffect.CONNECTS}
# Births copy the tables of descriptors: the probe sees them by themselves.
BIRTHS = {"clone", "clone3", "fork", "vfork"}
# Whether an entry is shared, and whether its name has still to be made of its ends.
_PASSING = {"listed", "is_name_due"}
_ATTRIBUTES = [name for name in dir(FdInfo(FD_FILE_V2)) if not name.startswith("_") and name not in _PASSING]
_SHOWN = [
    field for text in plain_texts() if not (field := REGISTRY.bind(text)).remembers and text.startswith(("proc.", "th"))
]


def world(kind: tuple[int, str] | None) -> World:
    """Return a world in which a descriptor is of a kind, and another process has one to take."""
    made = World()
    for tid, number, what in (
        (TID, 3, (FD_FILE_V2, "/kept")),
        (1, TARGET, (FD_FILE_V2, "/other")),
        (TID, NUMBER, kind),
    ):
        if what is not None:
            fd = FdInfo(what[0])
            fd.name = fd.name_raw = what[1]
            fd.pid = 1
            made.machine.fd(tid, number, fd)
    return made


Table = dict[tuple[int, int], tuple[str, ...]]


def table(made: World) -> Table:
    """Return all descriptors with all that is known of them."""
    return {
        (thread.tid, number): tuple(repr(getattr(fd, name)) for name in _ATTRIBUTES if not callable(getattr(fd, name)))
        for thread in made.machine.threads.values()
        for number, fd in thread.fds.items()
    }


def idle(made: World) -> dict[str, str | None]:
    """Return what fields show of the process when it next does something; what was left behind is gone then."""
    ctx = made.event("SYSCALL_GETCWD_X", -1)
    return {field.text: shown(field, ctx) for field in _SHOWN if field.spec.name != "proc.duration"}


def values_of(type_id: int, seed: int, number: int = NUMBER) -> list[Value]:
    """Return the parameters of an exit; those that matter for what it makes are the likely ones."""
    chosen: dict[str, Value] = {}
    if "BPF" in EVENTS[type_id].enum:
        chosen = {"cmd": seed % 6}
    if "PIDFD_GETFD" in EVENTS[type_id].enum:
        chosen = {"target_fd": TARGET}
    if "FCNTL" in EVENTS[type_id].enum:
        chosen = {"cmd": (1, 3, 26, 2, 4, 5)[seed % 6]}
    return exit_of(Random(seed), type_id, number, **chosen)


@cache
def makes(type_id: int) -> bool:
    """Return whether some exit of a type puts a descriptor into the table."""
    for kind in KINDS:
        for seed in range(24):
            made = world(kind)
            before = set(table(made))
            made.event(EVENTS[type_id].enum, *values_of(type_id, seed))
            if {key for key in set(table(made)) - before if key[0] == TID}:
                return True
    return False


@pytest.mark.parametrize("type_id", EXITS, ids=lambda type_id: EVENTS[type_id].enum)
def test_calls_that_make_descriptors_known_are_listed(type_id: int) -> None:
    """Otherwise the probe would take such a descriptor for unknown, and drop what is done with it."""
    listed = {
        *calls.OPENS,
        *calls.COPIES,
        *(name for name, guard in calls.MAKES.items() if guard.effect not in _MAKES_NONE),
    }
    for name in NAMES[type_id]:
        if name not in BIRTHS:
            assert makes(type_id) == (name in listed), name


def test_what_is_listed_are_calls_with_an_exit_of_their_own() -> None:
    """A misspelt name would be no guard at all."""
    known = calls.exit_types()
    for names in (calls.OPENS, calls.COPIES, calls.TRANSFERS, calls.ON_FD, calls.MAKES, calls.LIMITS, ["close"]):
        assert set(names) <= set(known)
    assert set(known) <= {call.name for call in syscalls()}
    assert not any(EVENTS[type_id].is_enter or EVENTS[type_id].flags & EF_OLD_VERSION for type_id in known.values())


def test_no_call_is_in_two_lists() -> None:
    """There is one guard per call."""
    lists = (calls.OPENS, calls.COPIES, calls.TRANSFERS, calls.ON_FD, calls.MAKES)
    names = [name for one in lists for name in one]
    assert len(names) == len(set(names))
    assert all(guard.kind == GuardKind.PASS and guard.effect != GuardEffect.NONE for guard in calls.MAKES.values())


@pytest.mark.parametrize("name", [*calls.ON_FD, *calls.TRANSFERS])
def test_calls_on_unknown_descriptors_change_nothing(name: str) -> None:
    """They are dropped."""
    type_id = calls.exit_types()[name]
    for seed in range(24):
        made = world(None)
        plain = world(None)
        before = table(made)
        made.event(EVENTS[type_id].enum, *values_of(type_id, seed))
        assert table(made) == before
        plain.clock += 1000
        assert idle(made) == idle(plain)


@pytest.mark.parametrize("name", list(calls.ON_FD))
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not None])
def test_calls_on_known_descriptors_that_are_no_transfers_change_nothing(name: str, kind: tuple[int, str]) -> None:
    """Sockets have no positions: what reads and writes at one fails there."""
    type_id = calls.exit_types()[name]
    for seed in range(24):
        made = world(kind)
        values = values_of(type_id, seed)
        if kind[0] == FD_IPV4_SOCK and name.startswith(("pread", "pwrite")):
            values[0] = -29
        before = table(made)
        made.event(EVENTS[type_id].enum, *values)
        assert table(made) == before


@pytest.mark.parametrize("name", [*calls.ON_FD, *calls.TRANSFERS, *calls.COPIES, "close"])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not None])
def test_calls_that_fail_change_nothing(name: str, kind: tuple[int, str]) -> None:
    """They are dropped where no rule is about failures."""
    type_id = calls.exit_types()[name]
    for seed in range(24):
        made, plain = world(kind), world(kind)
        before = table(made)
        values = values_of(type_id, seed)
        values[0] = -9
        made.event(EVENTS[type_id].enum, *values)
        assert table(made) == before
        plain.clock += 1000
        assert idle(made) == idle(plain)
        assert table(made) == before


@pytest.mark.parametrize("name", list(calls.TRANSFERS))
def test_transfers_over_a_connection_whose_ends_are_known_change_nothing(name: str) -> None:
    """The first one makes it connected; later ones are dropped where nobody looks."""
    type_id = calls.exit_types()[name]
    for seed in range(24):
        made = world(None)
        made.event("SOCKET_SOCKET_X", NUMBER, 2, 1, 0, 0)
        made.event("SOCKET_CONNECT_X", 0, b"\x02\x0a\x00\x00\x01\x05\x00\x0a\x00\x00\x02\x07\x00", NUMBER, None)
        before = table(made)
        made.event(EVENTS[type_id].enum, *values_of(type_id, seed))
        assert table(made) == before


@pytest.mark.parametrize(
    "type_id", [type_id for type_id in EXITS if calls.is_stateless(type_id)], ids=lambda type_id: EVENTS[type_id].enum
)
def test_calls_without_state_change_nothing(type_id: int) -> None:
    """All their events are dropped where no rule is about them."""
    for kind in KINDS:
        for seed in range(6):
            made, plain = world(kind), world(kind)
            before = table(made)
            made.event(EVENTS[type_id].enum, *values_of(type_id, seed))
            assert table(made) == before
            plain.clock += 1000
            assert idle(made) == idle(plain)
            assert table(made) == before


def test_calls_with_state() -> None:
    """The other side, so that the test above asks somebody."""
    names = ("close", "execve", "clone", "read", "write", "openat", "chdir", "setuid", "prctl", "mmap", "brk")
    assert not any(calls.is_stateless(calls.exit_types()[name]) for name in names)
    assert all(calls.is_stateless(calls.exit_types()[name]) for name in ("ioctl", "fchmod", "unlink", "mount", "kill"))
    assert EVENT_BY_ENUM["SOCKET_CONNECT_X"] in FOR_SOCKETS


@pytest.mark.parametrize("type_id", EXITS, ids=lambda type_id: EVENTS[type_id].enum)
def test_every_descriptor_that_a_call_is_about_is_announced(type_id: int) -> None:
    """An argument for each parameter; descriptors that the call makes and lists of them are not among these."""
    steps = {row.event: row.steps for row in row_sources()}[type_id]
    made = {"fd1", "fd2"}
    told = [p.name for p in EVENTS[type_id].params[1:] if p.type == PT_FD and p.name not in made]
    arguments = {int(step.split(":")[1]) for step in steps if step.startswith("fd:")}
    mask = sum(1 << argument for argument in arguments)
    assert len(arguments) >= len(told)
    assert all(calls.descriptor_arguments(name) == mask for name in NAMES[type_id])


def test_calls_on_descriptors() -> None:
    """Of opens and of calls on paths the descriptor is a directory at most."""
    on = {name for name, type_id in calls.exit_types().items() if calls.is_on_descriptor(type_id)}
    assert {"read", "fchmod", "dup", "close", "poll", "ppoll", "mmap", "sendfile", "setns", "fcntl", "connect"} <= on
    assert not on & {"open", "openat", "openat2", "unlinkat", "mkdirat", "fchmodat", "linkat", "renameat2", "execve"}
    for type_id in EXITS:
        if any(param.type == PT_FDLIST for param in EVENTS[type_id].params):
            assert calls.is_on_descriptor(type_id)
