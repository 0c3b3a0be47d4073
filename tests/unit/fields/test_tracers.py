"""Fields of tracers load and have no value."""

from __future__ import annotations

import pytest

from tests.unit.fields.scene import Scene


@pytest.mark.parametrize(
    "field",
    ["span.id", "span.duration.human", "span.tag[0]", "span.arg.name", "evtin.span.p.id", "evtin.span.m.tag[1]"],
)
def test_no_recording_has_tracers(field: str) -> None:
    """The fields are known and missing."""
    scene = Scene()
    scene.show("SYSCALL_CLOSE_E", 3, thread=scene.thread())
    assert scene.value(field) is None
