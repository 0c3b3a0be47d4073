from __future__ import annotations

import pytest

from tercel.events.convert import (
    SOURCE_BUILT,
    SOURCE_DEFAULT,
    SOURCE_ENTER,
    SOURCE_NOTHING,
    Plan,
    Resolved,
    plan_for,
    present_type,
)
from tercel.events.table import EVENT_BY_ENUM, EVENT_COUNT, EVENTS
from tests.unit.state.build import make_event


def plan(name: str, nparams: int) -> Plan:
    """Return the plan of an event type by its name."""
    return plan_for(EVENT_BY_ENUM[name], nparams)


def test_an_event_of_the_present_layout_is_read_as_it_is() -> None:
    """Without any detour."""
    assert plan("SYSCALL_OPEN_X", 6).is_identity
    assert plan(
        "SYSCALL_SETSOCKOPT_X" if "SYSCALL_SETSOCKOPT_X" in EVENT_BY_ENUM else "SOCKET_SETSOCKOPT_X", 6
    ).is_identity


def test_missing_parameters_come_from_the_entry() -> None:
    """Or stay away, or read as zero."""
    assert plan("SYSCALL_READ_X", 2).sources == [0, 1, SOURCE_ENTER, SOURCE_ENTER - 2]
    assert plan("SYSCALL_OPEN_X", 4).sources == [0, 1, 2, 3, SOURCE_NOTHING, SOURCE_NOTHING]
    assert plan("SOCKET_SEND_X", 2).sources[-1] == SOURCE_DEFAULT
    assert plan("CONTAINER_E", 4).sources == [SOURCE_BUILT]
    assert plan("SYSCALL_READ_X", 2).uses_enter


def test_chains_of_layouts_are_followed_to_the_end() -> None:
    """The first execve becomes the present one in six steps."""
    found = plan("SYSCALL_EXECVE_8_X", 8)
    assert found.target == EVENT_BY_ENUM["SYSCALL_EXECVE_19_X"]
    assert found.sources[:8] == list(range(8))
    assert len(found.sources) == EVENTS[found.target].nparams
    clone = plan("SYSCALL_CLONE_11_X", 11)
    assert clone.target == EVENT_BY_ENUM["SYSCALL_CLONE_20_X"]
    assert clone.sources[15:18] == [8, 9, 10]


@pytest.mark.parametrize("type_id", range(EVENT_COUNT))
def test_every_plan_ends_and_fits_the_present_layout(type_id: int) -> None:
    """From any number of parameters."""
    for nparams in range(EVENTS[type_id].nparams + 1):
        found = plan_for(type_id, nparams)
        assert len(found.sources) <= max(EVENTS[found.target].nparams, nparams)
        assert all(source < nparams for source in found.sources)


def test_more_parameters_than_the_type_has_are_no_matter() -> None:
    """A later writer's; the plan is not kept."""
    assert plan("SYSCALL_CLOSE_X", 60_000).is_identity or plan("SYSCALL_CLOSE_X", 60_000).sources


def test_the_type_that_took_the_place_is_known() -> None:
    """Itself when none did."""
    assert present_type(EVENT_BY_ENUM["SOCKET_ACCEPT4_X"]) == EVENT_BY_ENUM["SOCKET_ACCEPT4_6_X"]
    assert present_type(EVENT_BY_ENUM["SYSCALL_READ_X"]) == EVENT_BY_ENUM["SYSCALL_READ_X"]


def test_an_old_exit_is_read_with_its_entry() -> None:
    """All kinds of values."""
    enter = make_event("SYSCALL_OPENAT_E", -100, "name", 5, 0o644)
    leave = make_event("SYSCALL_OPENAT_X", 7)
    args = Resolved(leave)
    args.bind(leave, enter)
    assert not args.is_identity
    assert (args.int64(0), args.int64(1), args.text(2), args.uint32(3)) == (7, -100, "name", 5)
    assert args.param(2) == b"name\x00"
    assert args.has(2)
    assert not args.has(5)
    assert args.int64(6, -5) == -5


def test_without_its_entry_the_caller_decides() -> None:
    """Except where the conversion supplies zeros."""
    leave = make_event("SYSCALL_OPENAT_X", 7)
    args = Resolved(leave)
    args.bind(leave, None)
    assert (args.text(2), args.uint32(3, 9), args.has(2)) == ("", 9, False)
    read = make_event("SYSCALL_READ_X", 7, b"x")
    args.bind(read, None)
    assert (args.int64(2, -1), args.uint32(3, 5)) == (0, 0)


def test_lists_and_small_numbers_are_read() -> None:
    """Of the present layout and of old ones."""
    new = make_event("SYSCALL_SEMOP_X", 0, 1, 2, 3, 4, 5, 6, 7, 8)
    args = Resolved(new)
    args.bind(new, None)
    assert (args.uint16(2), args.uint64(0), args.strings(30)) == (2, 0, [])
    old = make_event("SYSCALL_EXECVE_8_X", 0, "a", ["b", "c"], 1, 1, 0, "/", 5)
    args.bind(old, None)
    assert (args.strings(2), args.uint64(7), args.uint8(25, 4), args.uint16(25, 4)) == (["b", "c"], 5, 4, 4)
