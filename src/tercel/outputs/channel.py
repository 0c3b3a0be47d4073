"""What every output is to the queue that feeds it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tercel.alerts.alert import Alert


class Channel(ABC):
    """A destination of alerts.

    The queue calls every method from one thread that belongs to the channel alone, in the order `open`, any number of
    `send` and `reopen`, `close`. A method may block; it raises OSError (or ValueError) when the destination fails,
    which the queue reports; the alerts of that call are then lost for this channel only.
    """

    name: str = "output"

    def open(self) -> None:  # noqa: B027 - most destinations need nothing here
        """Get ready; called once before the first alert."""

    @abstractmethod
    def send(self, alerts: Sequence[Alert]) -> None:
        """Deliver alerts in order. They come in batches so that a channel can save work per alert."""

    def reopen(self) -> None:  # noqa: B027 - most destinations need nothing here
        """Let go of the destination and take it up again, as log rotation asks."""

    def close(self) -> None:  # noqa: B027 - most destinations need nothing here
        """Deliver what is still held back and let go of the destination."""
