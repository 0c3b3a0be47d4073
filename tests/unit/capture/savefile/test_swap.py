"""Blocks of the other byte order are turned round without changing their length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.capture.savefile.swap import swap_block
from tercel.events.table import EVENT_BY_ENUM
from tests.unit.capture.build import CaptureBuilder, Param


def event(order: str, enum: str, params: list[Param], version: int = 2) -> bytes:
    """Return the block of an event."""
    return CaptureBuilder(order).event(EVENT_BY_ENUM[enum], params, version=version).bytes()


@pytest.mark.parametrize(
    ("enum", "params"),
    [
        ("SOCKET_SETSOCKOPT_X", [("q", 0), ("q", 3), b"\1", b"\2", [b"\2", ("I", 5)], ("I", 4)]),
        ("SYSCALL_PTRACE_X", [("q", 0), [b"\0", ("Q", 1 << 60)], [b"\1", b"\x09"]]),
        ("SYSCALL_BPF_X", [[b"\1", ("q", -7)]]),
        ("SOCKET_BIND_X", [("q", 0), [b"\2\x7f\0\0\1", ("H", 22)], ("q", 3)]),
        ("SOCKET_BIND_X", [("q", 0), b"\1/run/socket\0", ("q", 3)]),
        ("SOCKET_BIND_X", [("q", 0), b"\x63??", ("q", 3)]),
        ("SOCKET_BIND_X", [("q", 0), b"\2\x7f", b""]),
        ("SYSCALL_OPEN_X", [("q", 0), b"/x\0", ("I", 1), ("I", 2), ("I", 3), ("Q", 4), b"beyond the table"]),
        ("PROCINFO_E", [("Q", 1), ("Q", 2)]),
    ],
)
def test_parameters_are_turned_round_by_their_type(enum: str, params: list[Param]) -> None:
    """Also those whose type their first byte selects, and half ones that stay."""
    for version in (1, 2):
        # An old event has no parameters beyond the table: its number of them is found there.
        values = params if version == 2 else params[:6]
        assert swap_block(event(">", enum, values, version)) == event("<", enum, values, version)


def test_an_unknown_event_has_its_header_turned_round() -> None:
    """So that it can be counted."""
    big, little = (CaptureBuilder(order).event(9999, [b"ab"]).bytes() for order in "><")
    assert swap_block(big)[:36] == little[:36]


@given(st.binary(max_size=200), st.integers(0x201, 0x222))
def test_any_bytes_keep_their_number(payload: bytes, kind: int) -> None:
    """Damage is left for the reader to report."""
    block = CaptureBuilder(">").block(kind, payload).bytes()
    assert len(swap_block(block)) == len(block)


@given(st.binary(min_size=8, max_size=40))
def test_cut_blocks_are_survived(data: bytes) -> None:
    """Even without room for a closing length."""
    assert len(swap_block(data)) == len(data)
