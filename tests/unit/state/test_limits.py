from __future__ import annotations

from tercel.state.limits import Counters


def test_every_counter_is_told_by_name() -> None:
    """None is forgotten in the list."""
    counters = Counters()
    assert set(counters.as_dict()) == {name for name in dir(counters) if name[0] != "_" and name != "as_dict"}
    counters.fds_refused = 3
    assert counters.as_dict()["fds_refused"] == 3
