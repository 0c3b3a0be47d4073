"""What the probe may drop: the names of kinds, and what an open is before its path."""

from __future__ import annotations

import os

import pytest

from tercel.capture.ebpf.guards import NO_ARGUMENT, Guard, GuardKind, PathTables, combo


def test_a_guard_lets_everything_pass_unless_it_is_told_otherwise() -> None:
    """A call without one is reported."""
    guard = Guard()
    assert (guard.kind, int(guard.drops), int(guard.effect)) == (GuardKind.PASS, 0, 0)
    assert {guard.fd, guard.path, guard.flags, guard.dirfd} == {NO_ARGUMENT}


def test_tables_begin_with_roots_that_want_nothing() -> None:
    """And they are not shared."""
    one, other = PathTables(), PathTables()
    one.forward.edges[0][47] = 1
    assert other.forward.edges == [{}]
    assert other.backward.masks == [(0, 0, 0, 0)]


@pytest.mark.parametrize(
    ("failed", "flags", "number"),
    [
        (False, os.O_RDONLY, 0),
        (True, os.O_RDONLY, 1),
        (False, os.O_WRONLY, 2),
        (False, os.O_RDWR, 4),
        (True, os.O_RDWR | os.O_CREAT, 13),
        (False, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 26),
        (True, 3 | os.O_TRUNC | os.O_CREAT, 31),
    ],
)
def test_a_combo_has_a_bit_for_each_thing(failed: bool, flags: int, number: int) -> None:
    """Other flags do not count."""
    assert combo(failed, flags) == number
