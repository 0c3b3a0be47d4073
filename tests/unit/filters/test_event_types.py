from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.events.names import syscall_numbers
from tercel.events.table import EVENT_BY_ENUM, EVENT_COUNT, EVENT_IDS, EVENTS
from tercel.filters.errors import FilterError
from tercel.filters.event_types import bits_of, event_mask, event_names, event_types, restricts_types, syscalls_used
from tercel.filters.parser import parse

OPEN = frozenset(EVENT_IDS["open"])
CLOSE = frozenset(EVENT_IDS["close"])
ALL = frozenset(range(EVENT_COUNT))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("evt.type = open", OPEN),
        ("evt.type == open", OPEN),
        ("syscall.type = open", OPEN),
        ("evt.type in (open, close)", OPEN | CLOSE),
        ("evt.type != open", ALL - OPEN),
        ("not evt.type = open", ALL - OPEN),
        ("not evt.type != open", OPEN),
        ("evt.type = open and proc.name = x", OPEN),
        ("evt.type = open or proc.name = x", ALL),
        ("evt.type = open and evt.type = close", frozenset()),
        ("not (evt.type = open and proc.name = x)", ALL),
        ("not (evt.type = open or proc.name = x)", ALL - OPEN),
        ("evt.type exists", ALL),
        ("not evt.type exists", frozenset()),
        ("evt.type startswith open", ALL),
        ("proc.name = open", ALL),
        ("macro", ALL),
        ("not macro", ALL),
        ("evt.type = nosuch", frozenset()),
        ("evt.num = 0", frozenset()),
        ("not evt.num = 0", ALL),
        ("evt.num in (0)", frozenset()),
        ("evt.num > 0 and evt.type = open", OPEN),
        ("not evt.num >= 1", frozenset()),
        ("evt.num = 5", ALL),
    ],
)
def test_types_follow_from_the_checks_of_types(condition: str, expected: frozenset[int]) -> None:
    """Everything else is neutral, negated or not."""
    assert event_types(parse(condition)) == expected
    assert restricts_types(parse(condition)) is (expected != ALL)


def test_calls_without_an_event_of_their_own_are_generic_events() -> None:
    """Those report them by number, in older captures also calls that have got one since."""
    generic = {EVENT_BY_ENUM["GENERIC_E"], EVENT_BY_ENUM["GENERIC_X"]}
    assert event_types(parse("evt.type = mincore")) == generic
    assert syscalls_used(parse("evt.type = mincore")) == {syscall_numbers()["mincore"]}
    assert event_names(parse("evt.type = mincore")) == {"mincore"}
    assert generic <= event_types(parse("not evt.type in (mincore, open)"))
    assert event_types(parse("evt.type = close_range")) == generic | set(EVENT_IDS["close_range"])
    assert event_names(parse("evt.type = close_range")) == {"close_range"}


def test_names_are_those_that_descriptions_list() -> None:
    """All events and calls where nothing restricts them, whatever the number of the event must be."""
    assert event_names(parse("evt.type in (open, execve)")) == {"open", "execve"}
    names = event_names(parse("evt.num = 0"))
    assert {"open", "mincore", "asyncevent"} <= names
    assert not {"syscall", "task", "unknown"} & names


@pytest.mark.parametrize("condition", ["tolower(evt.type) = open", "evt.type = val(proc.name)"])
def test_types_must_be_compared_with_constants(condition: str) -> None:
    """Otherwise nothing could be said before the event is there."""
    with pytest.raises(FilterError, match="event code search"):
        event_types(parse(condition))


NAMES = ["open", "close", "read", "write"]
LEAF = st.one_of(
    st.sampled_from(NAMES).map(lambda name: f"evt.type = {name}"),
    st.sampled_from(NAMES).map(lambda name: f"evt.type != {name}"),
    st.just("proc.name = x"),
)
TEXT = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} and {pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} or {pair[1]})"),
        inner.map(lambda part: f"not ({part})"),
    ),
    max_leaves=12,
)


@given(TEXT, st.sampled_from(NAMES), st.booleans())
def test_an_event_that_a_condition_holds_for_is_never_left_out(text: str, name: str, named_x: bool) -> None:
    """Whatever the neutral checks say."""
    truth = {f"evt.type = {other}": other == name for other in NAMES}
    truth |= {f"evt.type != {other}": other != name for other in NAMES}
    truth["proc.name = x"] = named_x
    python = text
    for check, value in truth.items():
        python = python.replace(check, str(value))
    if eval(python):
        assert set(EVENT_IDS[name]) <= event_types(parse(text))


def test_masks_are_sets_of_bits() -> None:
    """Bit by bit."""
    assert bits_of(0b1011) == {0, 1, 3}
    assert bits_of(0) == frozenset()
    assert event_mask(parse("proc.name = x")) == (1 << len(EVENTS)) - 1
