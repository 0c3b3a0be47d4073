"""Numbers of the container."""

from __future__ import annotations

from tercel.capture.savefile import blocks


def test_pre_release_numbers_stand_for_released_ones() -> None:
    """All others stand for themselves."""
    assert blocks.canonical_kind(0x8010ABCD) == blocks.EVENT_V1
    assert blocks.canonical_kind(0x216) == blocks.EVENT_V2
    assert blocks.canonical_kind(0xDEAD) == 0xDEAD


def test_messages_name_block_types() -> None:
    """Unknown ones by their number."""
    assert blocks.kind_name(blocks.EVENT_V2) == "event"
    assert blocks.kind_name(blocks.PROCESSES_V1) == "process list"
    assert blocks.kind_name(0xDEAD) == "of unknown type 0xdead"
