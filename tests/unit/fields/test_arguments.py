"""Parameters by name and their typed values."""

from __future__ import annotations

from tercel.events import types
from tercel.events.table import EVENT_BY_ENUM, EVENTS
from tercel.fields.arguments import ParamIndex, has_param, is_param_name, param_type, text_of, typed_value
from tercel.fields.options import ALERT_OPTIONS
from tests.unit.fields.scene import Scene


def test_a_name_has_its_place_in_each_event_type() -> None:
    """The second look-up gives what the first found."""
    flags = ParamIndex("flags")
    info = EVENTS[EVENT_BY_ENUM["SYSCALL_OPEN_E"]]
    assert flags.of(info) == flags.of(info) == 1
    assert flags.of(EVENTS[EVENT_BY_ENUM["SYSCALL_CLOSE_E"]]) == -1


def test_only_names_of_parameters_are_parameter_names() -> None:
    """Of any event type."""
    assert is_param_name("exe_ino_ctime")
    assert not is_param_name("nosuch")


def test_values_have_the_python_type_of_their_type() -> None:
    """Nothing is None, texts are text even when empty."""
    scene = Scene()
    thread = scene.thread()
    ctx = scene.show("SYSCALL_OPENAT_2_X", -2, -100, "/x", 1, thread=thread)
    assert [typed_value(ctx, index, ALERT_OPTIONS) for index in range(4)] == [-2, -100, "/x", 1]
    assert has_param(ctx, 3, ALERT_OPTIONS)
    assert not has_param(ctx, 4, ALERT_OPTIONS)
    assert not has_param(ctx, -1, ALERT_OPTIONS)
    ctx = scene.show("SYSCALL_READ_X", None, b"\x00a", thread=thread)
    assert [typed_value(ctx, index, ALERT_OPTIONS) for index in range(2)] == [None, b"\x00a"]


def test_a_dynamic_value_has_the_type_that_it_names() -> None:
    """Without its first byte."""
    scene = Scene()
    ctx = scene.show("SOCKET_GETSOCKOPT_X", 0, 3, 1, 4, b"\x02\x05\x00\x00\x00", thread=scene.thread())
    assert typed_value(ctx, 4, ALERT_OPTIONS) == 5
    assert param_type(ctx, 4, ALERT_OPTIONS) == types.PT_UINT32


def test_text_ends_at_its_nul() -> None:
    """Or with its bytes."""
    assert text_of(b"a\x00b") == "a"
    assert text_of(b"a\xff") == "a\udcff"
