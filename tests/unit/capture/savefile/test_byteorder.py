"""A big-endian capture reads as the same capture written by a little-endian machine."""

from __future__ import annotations

import gzip

import pytest

from tests.unit.capture.build import CaptureBuilder, Reading, old_capture, small_capture

WHOLE = Reading(small_capture())


@pytest.mark.parametrize("make", [small_capture, old_capture])
def test_a_big_endian_capture_reads_as_its_little_endian_twin(make: object) -> None:
    """Headers, entries, parameters and options are turned round; addresses are the network's in both."""
    assert callable(make)
    little, big = Reading(make("<")), Reading(make(">"))
    assert big.error is None
    assert big.records == little.records
    assert big.sink.told == little.sink.told
    assert big.reader.comments == little.reader.comments


@pytest.mark.parametrize("orders", ["<>", "><", ">>", "<><>"])
def test_sections_of_different_byte_order_follow_each_other(orders: str) -> None:
    """Each section header decides anew."""
    reading = Reading(b"".join(small_capture(order) for order in orders))
    assert reading.error is None
    assert len(reading.events) == 9 * len(orders)
    assert [record[1:] for record in reading.records[-9:]] == [record[1:] for record in WHOLE.records]


def test_a_compressed_capture_may_follow_a_big_endian_one() -> None:
    """Also while the stream walks the blocks itself."""
    reading = Reading(small_capture(">") + gzip.compress(small_capture(">")))
    assert reading.error is None
    assert len(reading.events) == 18


def test_a_block_too_long_to_be_turned_round_is_an_error() -> None:
    """It would have to be held as a whole."""
    data = small_capture(">")
    reading = Reading(data + CaptureBuilder(">").block(0x215, b"", length=0x7FFFFFFC).bytes())
    assert "a block of 2147483644 bytes is more than a big-endian capture may hold" in str(reading.error)
    assert reading.error is not None
    assert reading.error.offset == len(data)
    assert len(reading.events) == 9


def test_everything_before_damage_below_is_read() -> None:
    """Blocks that were turned round already are handed out first."""
    # Stored without compression, so that the capture is there up to the very place of the cut.
    data = gzip.compress(small_capture(">") * 2, compresslevel=0)
    reading = Reading(data[:-300])
    assert "truncated" in str(reading.error)
    assert len(reading.events) > 9


def test_what_follows_a_big_endian_section_passes_whole() -> None:
    """Native blocks longer than one read, and an end within a block's header."""
    native = CaptureBuilder().section().event(322, [("I", 1), bytes(3 << 20)], large=True).bytes()
    reading = Reading(small_capture(">") + native + b"\x16\x02")
    assert len(reading.events) == 10
    assert reading.error is not None
    assert reading.error.offset == len(small_capture()) + len(native)
