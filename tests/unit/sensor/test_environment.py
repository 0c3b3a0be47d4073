from __future__ import annotations

import pytest

from tercel.sensor.environment import expand

VARIABLES = {"HOME": "/root", "X": "1"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("${HOME}/f", "/root/f"),
        ("a${X}b${X}", "a1b1"),
        ("${NONE}x", "x"),
        ("$${HOME}", "${HOME}"),
        ("$5 ${HOME}", "$5 ${HOME}"),
        ("${X} $HOME ${X}", "1 $HOME ${X}"),
        ("$", "$"),
        ("${open", "${open"),
    ],
)
def test_references_become_values(text: str, expected: str) -> None:
    """A dollar sign that starts no reference ends the expansion of the text."""
    assert expand(text, VARIABLES) == expected
