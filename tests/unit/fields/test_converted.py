"""Parameters that exits of old recordings lack."""

from __future__ import annotations

import pytest

from tercel.fields.converted import param_count, param_value
from tercel.fields.options import ALERT_OPTIONS, line_options
from tests.unit.fields.scene import Scene, make_event

PRESENT = ALERT_OPTIONS.with_present_exits()


@pytest.fixture
def scene() -> Scene:
    """The exit of a read without descriptor and size, after its entry."""
    made = Scene()
    made.show("SYSCALL_READ_X", 2, b"ab", thread=made.thread())
    made.ctx.made_enter = make_event("SYSCALL_READ_E", 3, 100)
    return made


def test_alerts_continue_the_exit_with_its_entry(scene: Scene) -> None:
    """Descriptor and size stand behind result and data."""
    assert param_count(scene.ctx, ALERT_OPTIONS) == 4
    assert param_value(scene.ctx, 0, ALERT_OPTIONS) == (2).to_bytes(8, "little")
    assert param_value(scene.ctx, 2, ALERT_OPTIONS) == (3).to_bytes(8, "little")
    assert param_value(scene.ctx, 3, ALERT_OPTIONS) == (100).to_bytes(4, "little")
    assert param_value(scene.ctx, 4, ALERT_OPTIONS) == b""


def test_lines_show_the_exit_as_it_was_recorded(scene: Scene) -> None:
    """As sysdig did."""
    assert param_count(scene.ctx, line_options()) == 2
    assert param_value(scene.ctx, 2, line_options()) == b""


def test_an_exit_without_its_entry_is_continued_with_zeros(scene: Scene) -> None:
    """Of the size of each parameter."""
    scene.ctx.made_enter = None
    assert param_value(scene.ctx, 3, ALERT_OPTIONS) == bytes(4)


def test_exits_of_the_present_layout_and_other_calls_are_left_alone(scene: Scene) -> None:
    """A parameter beyond those that the type has does not count."""
    scene.show("SYSCALL_READ_X", 2, b"ab", 5, 7)
    assert param_count(scene.ctx, ALERT_OPTIONS) == 4
    assert param_value(scene.ctx, 2, ALERT_OPTIONS) == (5).to_bytes(8, "little")
    scene.show("SYSCALL_CLOSE_X", 0)
    assert param_count(scene.ctx, ALERT_OPTIONS) == 1
    assert param_value(scene.ctx, 1, ALERT_OPTIONS) == b""


def test_rules_that_know_exits_only_find_there_what_any_entry_said(scene: Scene) -> None:
    """The request of a ptrace stands in its entry; the rest of the present layout follows."""
    scene.show("SYSCALL_PTRACE_X", 0, b"\x00" + bytes(8), b"\x00" + bytes(8), thread=scene.thread())
    scene.ctx.made_enter = make_event("SYSCALL_PTRACE_E", 16, 42)
    assert param_count(scene.ctx, ALERT_OPTIONS) == 3
    assert param_count(scene.ctx, PRESENT) == 5
    assert param_value(scene.ctx, 3, PRESENT) == (16).to_bytes(2, "little")
    assert param_value(scene.ctx, 4, PRESENT) == (42).to_bytes(8, "little")
    scene.ctx.made_enter = None
    assert param_value(scene.ctx, 3, PRESENT) == b""
