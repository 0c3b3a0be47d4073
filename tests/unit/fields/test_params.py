"""Event parameters of every type as text."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.events.event import MalformedEventError
from tercel.events.table import EVENTS
from tercel.events.types import EF_UNUSED
from tercel.fields.options import ALERT_OPTIONS, line_options
from tercel.fields.params import argument_text, arguments_text, param_texts
from tests.unit.fields.scene import Scene, make_event


@pytest.fixture
def scene() -> Scene:
    """A process without descriptors."""
    made = Scene()
    made.thread(comm="sh", cwd="/home/")
    return made


def shown(scene: Scene, enum: str, *values: object) -> tuple[str, str]:
    """Return text and resolved form of the last parameter given."""
    ctx = scene.show(enum, *values, thread=scene.machine.threads[10])
    return param_texts(ctx, len(values) - 1, ALERT_OPTIONS)


def test_what_is_empty_is_null_or_not_available(scene: Scene) -> None:
    """Texts and paths are not available, everything else is NULL."""
    assert shown(scene, "SYSCALL_READ_X", 0, None) == ("NULL", "")
    assert shown(scene, "SYSCALL_READ_X", None) == ("NULL", "")
    assert shown(scene, "SYSCALL_EXECVE_19_E", None) == ("<NA>", "")
    assert shown(scene, "SYSCALL_EXECVE_19_X", 0, "(NULL)") == ("<NA>", "")


def test_the_first_byte_of_a_dynamic_value_says_what_it_is(scene: Scene) -> None:
    """A socket option is an error number, a number or bytes; an unknown kind is not shown."""
    head = (0, 3, 1, 4)
    texts = [
        shown(scene, "SOCKET_GETSOCKOPT_X", *head, bytes([kind]) + value)
        for kind, value in ((1, (-111).to_bytes(8, "little", signed=True)), (2, (5).to_bytes(4, "little")))
    ]
    assert texts == [("-111", "ECONNREFUSED"), ("5", "")]
    assert shown(scene, "SOCKET_GETSOCKOPT_X", *head, b"\xff\x00") == ("(n.a.)", "")


def test_the_resolved_form_wins_for_one_argument(scene: Scene) -> None:
    """The text stands where there is none."""
    ctx = scene.show("SYSCALL_CLOSE_X", -9, thread=scene.machine.threads[10])
    assert argument_text(ctx, 0, ALERT_OPTIONS) == "EBADF"
    ctx = scene.show("SYSCALL_CLOSE_X", 7, thread=scene.machine.threads[10])
    assert argument_text(ctx, 0, ALERT_OPTIONS) == "7"


def test_lines_use_the_names_of_their_time(scene: Scene) -> None:
    """The process group of an exec had another name."""
    ctx = scene.show("SYSCALL_EXECVE_19_X", *([b""] * 17), 5, thread=scene.machine.threads[10])
    assert " vpgid=5" in arguments_text(ctx, ALERT_OPTIONS)
    assert " pgid=5" in arguments_text(ctx, line_options())


USED = [info.enum for info in EVENTS if not info.flags & EF_UNUSED and info.nparams]


@given(st.sampled_from(USED), st.lists(st.binary(max_size=40), max_size=8))
def test_any_bytes_of_any_event_are_shown_or_reported(enum: str, values: list[bytes]) -> None:
    """A capture can hold anything in any parameter."""
    scene = Scene()
    thread = scene.thread()
    info = scene.show(enum).event.info
    scene.ctx.event = make_event(enum, *values[: info.nparams], tid=10)
    scene.ctx.thread = thread
    for options in (ALERT_OPTIONS, line_options()):
        # Whoever plays a capture counts such an event and passes it over.
        with contextlib.suppress(MalformedEventError):
            assert isinstance(arguments_text(scene.ctx, options), str)
