"""Which calls belong together, and which stand behind event types."""

from __future__ import annotations

import pytest

from tercel.events.names import syscall_numbers, syscalls
from tercel.events.syscall_sets import (
    CONSTANT,
    IO,
    NET,
    PROCESS_EXIT,
    STATE,
    calls_named,
    calls_of_events,
    ignored_calls,
    native_numbers,
    repaired,
    syscall_set,
)
from tercel.events.table import EVENT_BY_ENUM, EVENT_COUNT, EVENTS
from tercel.events.types import EF_MODIFIES_STATE

SIZES = {"state": 70, "io": 18, "io_other": 12, "file": 45, "net": 11, "proc": 24, "sys": 18, "repair": 22}


@pytest.mark.parametrize(("name", "size"), SIZES.items())
def test_sets_hold_known_calls_each_once(name: str, size: int) -> None:
    """A name that is misspelt in the table would never be captured, and nobody would notice."""
    members = syscall_set(name)
    assert len(members) == size
    assert members <= syscall_numbers().keys()


def test_all_calls_whose_events_change_the_state_are_in_its_set() -> None:
    """The table of events and the table of sets say the same about calls that the kernel has today."""
    changing = {
        call.name
        for call in syscalls()
        if call.enter_id >= 0
        and (EVENTS[call.enter_id].flags | EVENTS[call.enter_id + 1].flags) & EF_MODIFIES_STATE
        and call.native.get("x86_64")
    }
    assert changing - syscall_set(STATE) == set()


def test_frequent_calls_that_the_state_does_not_need_are_left_out() -> None:
    """The twelve that the present sensor's `-i` names."""
    assert sorted(ignored_calls()) == [
        "pread64",
        "preadv",
        "pwrite64",
        "pwritev",
        "read",
        "readv",
        "recv",
        "send",
        "sendfile",
        "sendfile64",
        "write",
        "writev",
    ]
    assert ignored_calls() < syscall_set(IO)


@pytest.mark.parametrize(
    ("names", "added"),
    [
        ((), set()),
        (("openat",), {"openat", "close"}),
        (("read",), {"read", "close"}),
        (("ioctl",), {"ioctl", "close"}),
        (("accept",), {"accept", "bind", "close", "getsockopt", "socket"}),
        (("connect",), {"connect", "close", "getsockopt", "socket"}),
        (("ptrace",), {"ptrace"}),
    ],
)
def test_repairing_adds_what_makes_a_call_understood(names: tuple[str, ...], added: set[str]) -> None:
    """Sockets need their making, descriptors their end, and everything the life of processes."""
    assert repaired(frozenset(names)) == repaired(frozenset()) | added
    assert len(repaired(frozenset())) == SIZES["repair"]
    assert PROCESS_EXIT in repaired(frozenset(names))
    assert "accept" in syscall_set(NET)


@pytest.mark.parametrize(
    ("enum", "calls"),
    [
        ("SYSCALL_OPENAT_2_X", {"openat"}),
        ("SYSCALL_FCNTL_E", {"fcntl", "fcntl64"}),
        ("SYSCALL_SETUID_X", {"setuid", "setuid32"}),
        ("PROCEXIT_1_E", {"sched_process_exit"}),
        ("SIGNALDELIVER_E", {"signal_deliver"}),
        ("SCHEDSWITCH_6_E", {"sched_switch"}),
        ("PAGE_FAULT_E", {"page_fault_user", "page_fault_kernel"}),
        ("GENERIC_X", set()),
        ("CONTAINER_JSON_E", set()),
    ],
)
def test_calls_stand_behind_event_types(enum: str, calls: set[str]) -> None:
    """Several calls may share an event type; those without one of their own are told apart by number only."""
    assert calls_of_events([EVENT_BY_ENUM[enum]]) == calls


def test_every_call_with_an_event_type_is_found() -> None:
    """Nothing is lost between the two tables."""
    assert calls_of_events(range(EVENT_COUNT)) == {call.name for call in syscalls() if call.enter_id > 0}
    assert calls_of_events(range(EVENT_COUNT)) >= CONSTANT


@pytest.mark.parametrize(
    ("name", "calls"),
    [
        ("openat", {"openat"}),
        ("accept", {"accept"}),
        ("mincore", {"mincore"}),
        ("procexit", {"sched_process_exit"}),
        ("sched_process_exit", {"sched_process_exit"}),
        ("page_fault", {"page_fault_user", "page_fault_kernel"}),
        ("container", set()),
        ("unknown", set()),
        ("opennat", set()),
        ("", set()),
    ],
)
def test_names_are_those_of_calls_or_of_event_types(name: str, calls: set[str]) -> None:
    """The name of a call means this call alone."""
    assert calls_named(name) == calls


def test_an_architecture_has_numbers_of_its_own() -> None:
    """Calls that it does not have are left out."""
    assert native_numbers(["execve", "open", "fcntl64", PROCESS_EXIT], "x86_64") == {59, 2}
    assert native_numbers(["execve", "open"], "aarch64") == {221}
    assert native_numbers(["execve"], "vax") == frozenset()
