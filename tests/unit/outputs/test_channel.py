from __future__ import annotations

from collections.abc import Sequence

from tercel.alerts.alert import Alert
from tercel.outputs.channel import Channel
from tests.unit.outputs.helpers import alert


class Counter(Channel):
    """The least that a channel has to be."""

    def __init__(self) -> None:
        self.count = 0

    def send(self, alerts: Sequence[Alert]) -> None:
        self.count += len(alerts)


def test_only_sending_has_to_be_written() -> None:
    """Opening, reopening and closing do nothing unless a channel needs them."""
    channel = Counter()
    channel.open()
    channel.send([alert("a"), alert("b")])
    channel.reopen()
    channel.close()
    assert channel.count == 2
