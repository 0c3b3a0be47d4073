from __future__ import annotations

from tercel.state.limits import Counters


def test_every_counter_is_told_by_name() -> None:
    """None is forgotten in the list."""
    counters = Counters()
    methods = {"as_dict", "remarks"}
    assert set(counters.as_dict()) == {name for name in dir(counters) if name[0] != "_" and name not in methods}
    counters.fds_refused = 3
    assert counters.as_dict()["fds_refused"] == 3


def test_only_damage_and_loss_are_remarked_upon() -> None:
    """What happens in every capture is none."""
    counters = Counters()
    counters.threads_added = 5
    assert counters.remarks() == []
    counters.fds_refused = 3
    assert counters.remarks() == ["3 descriptors were left out because the table was full"]
