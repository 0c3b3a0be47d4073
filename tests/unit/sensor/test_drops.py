from __future__ import annotations

from tercel.sensor.drops import SECOND, TokenBucket


def test_a_bucket_lets_a_burst_through_and_then_its_rate() -> None:
    """Time is that of the events."""
    bucket = TokenBucket(rate=0.5, burst=2, now=0)
    assert [bucket.take(0) for _ in range(3)] == [True, True, False]
    assert not bucket.take(1 * SECOND)
    assert bucket.take(2 * SECOND)


def test_time_that_goes_back_gives_no_tokens() -> None:
    """Captures may be out of order."""
    bucket = TokenBucket(rate=1, burst=1, now=10 * SECOND)
    assert bucket.take(10 * SECOND)
    assert not bucket.take(9 * SECOND)
