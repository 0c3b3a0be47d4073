"""What conditions need: wherever one holds for a real event, its need admits the call."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tercel.events.table import EVENTS
from tercel.filters.errors import FilterError
from tercel.filters.evaluate import Predicate
from tercel.filters.filter import compile_filter
from tercel.pushdown.calls import TRANSFERS, exit_types
from tercel.pushdown.needs import EXACT, Pattern
from tercel.pushdown.reduce import Reducer, all_fields
from tercel.pushdown.situations import OnConnection, OnFile, OnUnknown, Opening, Situation
from tests.unit.pushdown.conditions import cases, conditions, opens
from tests.unit.pushdown.made import (
    ON_DESCRIPTOR,
    OPEN,
    OPEN_TYPES,
    OPENAT,
    REGISTRY,
    TID,
    Open,
    World,
    admits,
    exit_of,
    on_file,
)
from tests.unit.state.build import ipv4_address, ipv4_tuple

OPENINGS = {type_id: Opening([type_id]) for type_id in OPEN_TYPES}
ALL_OPENS = Opening(OPEN_TYPES)
TRANSFER_EXITS = tuple(sorted({exit_types()[name] for name in TRANSFERS}))
FILE, UNKNOWN, SOCKET = 4, 6, 9


def predicate(text: str) -> Predicate:
    """Compile a condition."""
    return compile_filter(text, REGISTRY).predicate


def random_predicate(text: str) -> Predicate:
    """Compile a condition; one that cannot be compiled is no example."""
    try:
        return predicate(text)
    except FilterError:
        assume(False)
        raise


@settings(max_examples=200)
@given(cases())
def test_an_open_for_which_a_condition_holds_is_admitted_by_its_need(case: tuple[str, list[Open]]) -> None:
    """Whatever else is unknown: nothing that a rule could match is dropped."""
    text, made = case
    condition = random_predicate(text)
    for one in made:
        if condition.evaluate(World().open(one)):
            for situation in (OPENINGS[one.type_id], ALL_OPENS):
                need = Reducer(situation).holds(condition)
                assert admits(need, one.combo, one.path.encode()), (text, one, need.always, need.patterns)


@st.composite
def calls(draw: st.DrawFn, exits: tuple[int, ...]) -> list[tuple[int, int]]:
    """Return some calls: the type of the exit, and a number from which its parameters follow."""
    one = st.tuples(st.sampled_from(exits), st.integers(0, 10_000))
    return draw(st.lists(one, min_size=1, max_size=8))


def result_of(values: list[object]) -> int:
    """Return what a call's exit says first."""
    assert isinstance(values[0], bytes)
    return int.from_bytes(values[0], "little", signed=True)


@settings(max_examples=200)
@given(conditions, st.data())
def test_a_call_on_a_file_for_which_a_condition_holds_is_admitted_by_its_path(text: str, data: st.DataObject) -> None:
    """The path is the one by which the file was opened."""
    condition = random_predicate(text)
    made = data.draw(opens(text))
    made = Open(made.type_id, made.path, made.flags, FILE, made.mode, made.is_created, made.layer)
    for type_id, seed in data.draw(calls(ON_DESCRIPTOR)):
        world = World()
        world.open(made)
        values = on_file(Random(seed), type_id, FILE)
        ctx = world.event(EVENTS[type_id].enum, *values)
        if ctx.fd is None or not condition.evaluate(ctx):
            continue
        need = Reducer(OnFile([type_id])).holds(condition)
        assert admits(need, result_of([*values]) < 0, made.path.encode()), (text, made, EVENTS[type_id].enum, seed)


@settings(max_examples=200)
@given(conditions, calls(ON_DESCRIPTOR))
def test_a_call_on_an_unknown_descriptor_for_which_a_condition_holds_is_admitted(
    text: str, made: list[tuple[int, int]]
) -> None:
    """Nothing is known of it but that it is unknown."""
    condition = random_predicate(text)
    for type_id, seed in made:
        values = exit_of(Random(seed), type_id, UNKNOWN)
        ctx = World().event(EVENTS[type_id].enum, *values)
        if ctx.fd is None and condition.evaluate(ctx):
            need = Reducer(OnUnknown([type_id])).holds(condition)
            assert need.always >> (result_of([*values]) < 0) & 1, (text, EVENTS[type_id].enum, seed)


def connected() -> World:
    """Return a world in which descriptor 9 is a TCP connection over IPv4."""
    world = World()
    world.event("SOCKET_SOCKET_X", SOCKET, 2, 1, 0, 0)
    ends = ipv4_tuple("10.0.0.1", 40000, "10.0.0.2", 443)
    world.event("SOCKET_CONNECT_X", 0, ends, SOCKET, ipv4_address("10.0.0.2", 443))
    return world


NET_CHECKS = (
    "fd.type = ipv4", "fd.typechar = 4", "fd.type != ipv4", "fd.l4proto = tcp", "fd.l4proto != tcp",
    "fd.l4proto in (udp, icmp)", "fd.sockfamily = ip", "fd.sip = 10.0.0.2", "fd.sport = 443", "fd.cport > 1000",
    "fd.connected = true", "fd.connected = false", "fd.name contains 443", "fd.is_server = true", "fd.net = 10.0.0.0/8",
)  # fmt: skip


@settings(max_examples=200)
@given(
    st.recursive(
        st.sampled_from(NET_CHECKS) | conditions,
        lambda inner: (
            inner.map(lambda text: f"not ({text})")
            | st.tuples(inner, st.sampled_from((" and ", " or ")), inner).map("".join).map("({})".format)
        ),
        max_leaves=4,
    ),
    calls(TRANSFER_EXITS),
)
def test_a_call_on_a_connection_for_which_a_condition_holds_is_admitted(text: str, made: list[tuple[int, int]]) -> None:
    """Of a connection more is unknown than known."""
    condition = random_predicate(text)
    for type_id, seed in made:
        values = exit_of(Random(seed), type_id, SOCKET)
        ctx = connected().event(EVENTS[type_id].enum, *values)
        assert ctx.fd is not None
        if condition.evaluate(ctx):
            need = Reducer(OnConnection([type_id])).holds(condition)
            assert need.always >> (result_of([*values]) < 0) & 1, (text, EVENTS[type_id].enum, seed)


@pytest.mark.parametrize(
    ("text", "always", "patterns"),
    [
        ("fd.name = /a/b", 0, {Pattern(EXACT, b"/a/b"): 0xFFFFFFFF}),
        ("fd.name = /a/b and evt.rawres >= 0", 0, {Pattern(EXACT, b"/a/b"): 0x55555555}),
        ("fd.name = /a/b and evt.is_open_write = true", 0, {Pattern(EXACT, b"/a/b"): 0x3C3C3C3C}),
        ("fd.name = /a/b or evt.failed = true", 0xAAAAAAAA, {Pattern(EXACT, b"/a/b"): 0x55555555}),
        ("fd.type = ipv4", 0, {}),
        ("not fd.type = file and evt.rawres >= 0", 0x55555555, {}),
        ("not fd.name = /a/b", 0xFFFFFFFF, {}),
        ("fd.num < 0", 0xAAAAAAAA, {}),
        ("fd.num >= 0", 0x55555555, {}),
        ("evt.arg.flags contains O_CREAT", 0xFF00FF00, {}),
        ("not evt.arg.flags contains O_TRUNC", 0x0000FFFF, {}),
        ("evt.res = ENOENT", 0xAAAAAAAA, {}),
        ("evt.res = SUCCESS", 0x55555555, {}),
        ("evt.type = close", 0, {}),
        ("fd.name = val(fd.sockfamily)", 0, {}),
    ],
)
def test_what_is_known_of_opens_is_made_use_of(text: str, always: int, patterns: dict[Pattern, int]) -> None:
    """Soundness alone would be had by saying always."""
    need = Reducer(OPENINGS[OPENAT]).holds(predicate(text))
    assert (need.always, need.patterns) == (always, patterns)


def fields_of(situation: Situation, text: str) -> list[str]:
    """Return the names of the fields that still decide."""
    return [field.text for field in Reducer(situation).fields(predicate(text))]


def test_fields_that_decide_nothing_are_left_out() -> None:
    """A term that cannot hold, or always does, hides what it asks."""
    text = "evt.type = open and (evt.type = close or fd.ino = 3) and not (evt.type = dup and fd.sip = 1.2.3.4)"
    assert fields_of(OPENINGS[OPEN], text) == ["fd.ino"]
    assert {field.text for field in all_fields(predicate(text))} == {"evt.type", "fd.ino", "fd.sip"}


@settings(max_examples=150)
@given(cases(), st.integers(0, 3))
def test_paths_that_are_ignored_are_such_for_which_the_condition_holds(
    case: tuple[str, list[Open]], shape: int
) -> None:
    """What is vetoed must concern no rule, so the condition has to be sure to hold."""
    text, made = case
    beginning = made[0].path[: 1 + len(made[0].path) // 2]
    start = f'fd.name startswith "{beginning}"'
    whole = (start, f"{start} or {text}", f"{start} and {text}", f"{start} and evt.rawres < 0")[shape]
    condition = random_predicate(whole)
    for situation in (*OPENINGS.values(), ALL_OPENS):
        for prefix, mask in Reducer(situation).prefixes(condition).items():
            for one in made:
                is_meant = one.path.encode().startswith(prefix) and mask >> one.combo & 1
                if is_meant and one.type_id in situation.type_ids:
                    assert condition.evaluate(World().open(one)), (whole, prefix, one)


def test_a_thread_of_the_world_is_the_one_that_acts() -> None:
    """The tests above would prove nothing of events without a thread."""
    ctx = World().open(Open(OPENAT, "/etc/passwd"))
    assert ctx.thread is not None
    assert ctx.thread.tid == TID
    assert ctx.fd is not None
