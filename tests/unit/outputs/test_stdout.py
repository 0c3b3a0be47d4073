from __future__ import annotations

import io

from tercel.outputs.stdout import StdoutChannel
from tests.unit.outputs.helpers import alert


def test_each_alert_is_a_line() -> None:
    """The stream stays open for the closing summary."""
    stream = io.StringIO()
    channel = StdoutChannel(stream)
    channel.send([alert("a"), alert("b")])
    channel.close()
    assert stream.getvalue() == "a\nb\n"
