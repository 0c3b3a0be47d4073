from __future__ import annotations

import pytest

from tercel.trace.formats import DEFAULT_FORMAT, line_format


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, DEFAULT_FORMAT),
        ("p", DEFAULT_FORMAT),
        (r"a\tb\nc\e[1m\\x", "a\tb\nc\x1b[1m\\\\x"),
        ("%evt.num", "%evt.num"),
    ],
)
def test_a_format_is_a_short_name_or_a_text(text: str | None, expected: str) -> None:
    """Three escapes are interpreted, everything else is kept."""
    assert line_format(text) == expected


def test_containers_have_a_format_of_their_own() -> None:
    """`-pc` shows the container and the thread's id inside it."""
    assert line_format("c") == line_format("container")
    assert "%container.name (%container.id) %proc.name (%thread.tid:%thread.vtid)" in line_format("c")


def test_a_terminal_gets_colours() -> None:
    """And the process's id in front of the thread's."""
    assert "(%proc.pid.%thread.tid)" in line_format(None, terminal=True)
