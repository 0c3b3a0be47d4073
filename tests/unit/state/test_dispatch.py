from __future__ import annotations

from tercel.events.table import EVENT_BY_ENUM, EVENTS
from tercel.events.types import PT_FD
from tercel.state.dispatch import (
    ENTER_FDS,
    EXIT_FDS,
    HANDLERS,
    KIND_ENTER,
    KIND_KEEP_ENTER,
    KIND_WANTS_ENTER,
    KINDS,
    META_HANDLERS,
)
from tercel.state.parsers.execve import parse_execve


def test_old_layouts_have_the_parsers_of_the_present_one() -> None:
    """From the first layout of a call to the last."""
    for name in ("SYSCALL_EXECVE_8_X", "SYSCALL_EXECVE_15_X", "SYSCALL_EXECVE_19_X"):
        assert HANDLERS[EVENT_BY_ENUM[name]] is parse_execve
    assert HANDLERS[EVENT_BY_ENUM["SOCKET_ACCEPT4_X"]] is HANDLERS[EVENT_BY_ENUM["SOCKET_ACCEPT4_6_X"]]
    assert HANDLERS[EVENT_BY_ENUM["PROCEXIT_E"]] is HANDLERS[EVENT_BY_ENUM["PROCEXIT_1_E"]]
    assert META_HANDLERS[EVENT_BY_ENUM["CONTAINER_E"]] is not None


def test_descriptors_are_looked_for_where_they_are() -> None:
    """The parameter at the place is one."""
    for info in EVENTS:
        for place in (ENTER_FDS[info.id], EXIT_FDS[info.id]):
            if place >= 0:
                assert info.params[place].type == PT_FD, info.enum


def test_an_entry_that_a_parser_wants_is_kept() -> None:
    """Otherwise it would be gone when the exit comes."""
    for info in EVENTS:
        assert bool(KINDS[info.id] & KIND_ENTER) == info.is_enter
        if KINDS[info.id] & KIND_WANTS_ENTER:
            assert KINDS[info.id - 1] & KIND_KEEP_ENTER, info.enum
