"""Loading without the cyclic garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from tercel.rules.pause import CollectorPause


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """Leave the collector as it was found."""
    was_enabled, frozen = gc.isenabled(), gc.get_freeze_count()
    yield
    if not frozen:
        gc.unfreeze()
    if was_enabled:
        gc.enable()


def test_the_collector_runs_again_behind_the_block_also_after_an_error() -> None:
    """Or else a failed load would leave a program that never frees a cycle."""
    gc.enable()
    with CollectorPause():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ValueError, match="x"), CollectorPause():
        raise ValueError("x")
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    """One pause may lie within another."""
    gc.disable()
    with CollectorPause():
        pass
    assert not gc.isenabled()


def test_what_is_kept_is_out_of_the_collectors_sight() -> None:
    """So that its next run does not look at everything that was loaded."""
    before = gc.get_freeze_count()
    with CollectorPause():
        pass
    assert gc.get_freeze_count() == before
    with CollectorPause(keep=True):
        kept = [[number] for number in range(1000)]
    assert gc.get_freeze_count() > before
    assert len(kept) == 1000
