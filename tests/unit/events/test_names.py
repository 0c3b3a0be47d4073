"""Numbers have the names that captures and rules use for them."""

from __future__ import annotations

import pytest

from tercel.events import names
from tercel.events.table import EVENTS


@pytest.mark.parametrize(("number", "name"), [(2, "ENOENT"), (13, "EACCES"), (115, "EINPROGRESS"), (0, ""), (9999, "")])
def test_errors_have_symbols(number: int, name: str) -> None:
    """Unknown ones have none."""
    assert names.errno_name(number) == name


@pytest.mark.parametrize(("number", "name"), [(9, "SIGKILL"), (15, "SIGTERM"), (0, ""), (99, "")])
def test_signals_have_symbols(number: int, name: str) -> None:
    """Unknown ones have none."""
    assert names.signal_name(number) == name


def test_system_calls_are_numbered_densely() -> None:
    """The index is the number that captures carry."""
    calls = names.syscalls()
    assert [call.number for call in calls] == list(range(len(calls)))
    numbers = names.syscall_numbers()
    assert all(numbers[call.name] == call.number for call in calls if call.name != "unknown")
    assert (numbers["unknown"], numbers["sched_getattr"]) == (0, 383)


def test_a_number_that_no_call_has_is_unknown() -> None:
    """It is no generic call either, and no architecture's."""
    call = names.syscalls()[382]
    assert (call.name, call.is_generic, call.native) == ("unknown", False, {})


@pytest.mark.parametrize(
    ("arch", "number", "name"),
    [("x86_64", 59, "execve"), ("aarch64", 221, "execve"), ("x86_64", 99999, ""), ("s390x", 11, "execve")],
)
def test_native_numbers_differ_by_architecture(arch: str, number: int, name: str) -> None:
    """A machine's own number of a call."""
    assert names.native_syscall_name(number, arch) == name


def test_system_calls_have_names() -> None:
    """Numbers beyond the table, and zero, have none."""
    number = names.syscall_numbers()["openat"]
    assert names.syscall_name(number) == "openat"
    assert not names.syscalls()[number].is_generic
    assert [names.syscall_name(odd) for odd in (0, -1, 100000)] == ["", "", ""]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, ["O_NONE"]), (1, ["O_RDONLY"]), (3, ["O_RDWR"]), (0x4002, ["O_WRONLY", "O_F_CREATED"])],
)
def test_flags_are_taken_apart_in_table_order(value: int, expected: list[str]) -> None:
    """A member with several bits takes all of them away."""
    assert sorted(names.matching_flags(value, "file_flags")) == sorted(expected)


def test_an_enumeration_names_one_value() -> None:
    """Or none."""
    assert names.enum_name(2, "socket_families") == "AF_INET"
    assert names.enum_name(9999, "socket_families") == ""


def test_every_table_that_an_event_names_exists() -> None:
    """Flag tables, and tables that a parameter's first byte selects from."""
    for info in EVENTS:
        for param in info.params:
            if param.table.startswith("dyn:"):
                assert names.dynamic_table(param.table.removeprefix("dyn:"))
            elif param.table:
                assert names.flag_table(param.table)
