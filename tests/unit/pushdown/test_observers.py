"""Fields that look at descriptors are said to: found out by states that differ in one descriptor alone."""

from __future__ import annotations

from random import Random

import pytest

from tercel.events.table import EVENT_BY_ENUM, EVENTS
from tercel.events.types import PT_FD, PT_FDLIST, PT_FSRELPATH
from tercel.filters.filter import compile_filter
from tercel.pushdown.observers import shows_descriptor, shows_sequence, shows_table
from tercel.pushdown.reduce import all_fields
from tercel.state.model import FD_DIRECTORY, FD_FILE_V2, FD_IPV4_SOCK, FdInfo
from tests.unit.pushdown.bound import field_texts, shown, value
from tests.unit.pushdown.made import EXITS, REGISTRY, TID, World, exit_of
from tests.unit.state.build import Value

NUMBER, OTHER = 5, 9
STATES = (
    None,
    (FD_FILE_V2, "/dev/log"),
    (FD_FILE_V2, "/etc/x"),
    (FD_DIRECTORY, "/srv"),
    (FD_IPV4_SOCK, "10.0.0.1:5->10.0.0.2:7"),
)
# Those that remember earlier events differ by themselves; they show the sequence.
FIELDS = {text: field for text in field_texts() if not (field := REGISTRY.bind(text)).remembers}
# The path of a directory that a process goes to is its own from then on; opens of directories are reported.
FOLLOWS = {("proc.cwd", "SYSCALL_FCHDIR_X")}
WITH_DESCRIPTORS = [
    type_id
    for type_id in EXITS
    if any(param.type in (PT_FD, PT_FDLIST, PT_FSRELPATH) for param in EVENTS[type_id].params)
]


def seen(enum: str, values: list[Value], number: int, state: tuple[int, str] | None) -> dict[str, object]:
    """Return what every field shows of an event, with a descriptor in a state."""
    world = World()
    world.machine.fd(TID, 3, FdInfo(FD_FILE_V2))
    if state is not None:
        fd = FdInfo(state[0])
        fd.name = fd.name_raw = state[1]
        fd.ino = fd.dev = 5
        world.machine.fd(TID, number, fd)
    ctx = world.event(enum, *values)
    return {text: (repr(value(field, ctx)), shown(field, ctx)) for text, field in FIELDS.items()}


def differing(type_id: int, number: int, rounds: int) -> set[str]:
    """Return the fields that a descriptor makes a difference to, of events that are about descriptor 5."""
    found: set[str] = set()
    for seed in range(rounds):
        values = exit_of(Random(seed), type_id, NUMBER)
        views = [seen(EVENTS[type_id].enum, values, number, state) for state in STATES]
        found |= {text for text in FIELDS if len({view[text] for view in views}) > 1}
    return found


@pytest.mark.parametrize("type_id", WITH_DESCRIPTORS, ids=lambda type_id: EVENTS[type_id].enum)
def test_a_field_to_which_the_descriptor_makes_a_difference_shows_it(type_id: int) -> None:
    """Otherwise a file that such a rule tells of could be missing."""
    enum = EVENTS[type_id].enum
    silent = {text for text in differing(type_id, NUMBER, 3) if not shows_descriptor(FIELDS[text], type_id)}
    assert {text for text in silent if (text, enum) not in FOLLOWS} == set()


@pytest.mark.parametrize("number", [1, OTHER])
@pytest.mark.parametrize(
    "enum", ["SYSCALL_READ_X", "SYSCALL_OPENAT_2_X", "SYSCALL_POLL_X", "SYSCALL_DUP2_X", "SYSCALL_GETCWD_X"]
)
def test_a_field_to_which_another_descriptor_makes_a_difference_shows_the_table(enum: str, number: int) -> None:
    """Such a rule has all files reported."""
    silent = {text for text in differing(EVENT_BY_ENUM[enum], number, 3) if not shows_table(FIELDS[text])}
    assert silent == set()


@pytest.mark.parametrize("text", sorted(field_texts()))
def test_a_field_to_which_earlier_events_make_a_difference_shows_the_sequence(text: str) -> None:
    """An event of another process, one that changes nothing, comes before or does not."""
    views: set[object] = set()
    for count in (0, 1, 3):
        world = World()
        field = REGISTRY.bind(text)
        for _ in range(count):
            ctx = world.event("SYSCALL_GETCWD_X", -1, tid=1)
            value(field, ctx)
        world.clock += 1_000_000 - 1000 * count
        ctx = world.event("SYSCALL_UNLINK_2_X", 0, "/a")
        views.add((repr(value(field, ctx)), shown(field, ctx)))
    assert len(views) == 1 or shows_sequence(field)


@pytest.mark.parametrize(
    "text",
    [
        'join(",", (proc.stdin.name, proc.name)) = "x"',
        'concat(proc.stdout.name, "x") = "x"',
        'getopt((proc.stdin.name, proc.name), "c")[c] = x',
        "tolower(proc.stdin.name) = x",
        "proc.name = val(proc.stdin.name)",
        "len(fd.types) = 3",
    ],
)
def test_a_field_within_a_transformer_shows_what_it_shows(text: str) -> None:
    """However deep it is in a condition."""
    fields = all_fields(compile_filter(text, REGISTRY).predicate)
    assert any(shows_table(field) for field in fields)


def test_fields_that_keep_to_their_event() -> None:
    """Otherwise nothing would ever be dropped."""
    read = EVENT_BY_ENUM["SYSCALL_READ_X"]
    for text in ("proc.name", "evt.type", "evt.arg.data", "evt.rawarg.res", "user.name", "evt.time", "evt.res"):
        assert not shows_descriptor(REGISTRY.bind(text), read), text
        assert not shows_table(REGISTRY.bind(text)), text
        assert not shows_sequence(REGISTRY.bind(text)), text
    assert shows_descriptor(REGISTRY.bind("evt.arg.fd"), read)
    assert shows_descriptor(REGISTRY.bind("evt.args"), read)
    assert not shows_descriptor(REGISTRY.bind("evt.arg.fd"), EVENT_BY_ENUM["SYSCALL_UNLINK_2_X"])
