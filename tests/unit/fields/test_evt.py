"""Latency, direction, category and what else system calls have."""

from __future__ import annotations

import pytest

from tercel.fields.options import RenderOptions
from tercel.fields.registry import Registry
from tercel.state import model
from tests.unit.fields.scene import NOW, REGISTRY, Scene


@pytest.fixture
def scene() -> Scene:
    """The exit of a read from a file that took 2.464 microseconds."""
    made = Scene()
    thread = made.thread()
    fd = made.fd(thread, 3, model.FD_FILE_V2, name="/etc/hosts")
    made.show("SYSCALL_READ_X", 2, b"ab", thread=thread, fd=fd, fd_num=3)
    made.ctx.latency = 2464
    made.ctx.event.cpu = 1
    return made


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("evt.latency", 2464),
        ("evt.latency.s", 0),
        ("evt.latency.ns", 2464),
        ("evt.latency.human", "2.46us"),
        ("evt.latency.quantized", 1),
        ("evt.dir", "<"),
        ("evt.type", "read"),
        ("syscall.type", "read"),
        ("evt.category", "file"),
        ("evt.cpu", 1),
        ("evt.is_io", True),
        ("evt.is_io_read", True),
        ("evt.is_io_write", False),
        ("evt.io_dir", "read"),
        ("evt.is_wait", False),
        ("evt.wait_latency", None),
        ("evt.count", 1),
        ("evt.count.exit", 1),
    ],
)
def test_the_exit_of_a_read_tells_of_the_call(scene: Scene, field: str, value: object) -> None:
    """Everything comes from the event's type and the time between entry and exit."""
    assert scene.value(field) == value


def test_an_entry_has_no_latency_and_is_no_exit() -> None:
    """The latency of an entry is zero, its column on a scale none."""
    scene = Scene()
    scene.show("SYSCALL_WRITE_E", 3, 10, thread=scene.thread())
    assert scene.value("evt.latency") == 0
    assert scene.value("evt.latency.quantized") is None
    assert scene.value("evt.count.exit") is None
    assert (scene.value("evt.dir"), scene.value("evt.io_dir")) == (">", "write")


def test_waiting_calls_have_a_wait_latency() -> None:
    """Only their exits do."""
    scene = Scene()
    scene.show("SYSCALL_POLL_X", 0, b"", thread=scene.thread())
    scene.ctx.latency = 10155
    assert (scene.value("evt.is_wait"), scene.value("evt.wait_latency")) == (True, 10155)
    scene.show("SYSCALL_POLL_E", b"", 0)
    assert scene.value("evt.wait_latency") is None


@pytest.mark.parametrize(
    ("enum", "kind", "category"),
    [
        ("SYSCALL_READ_E", model.FD_IPV6_SOCK, "net"),
        ("SYSCALL_READ_E", model.FD_UNIX_SOCK, "ipc"),
        ("SYSCALL_READ_E", model.FD_NETLINK, "unknown"),
        ("SYSCALL_FUTEX_E", None, "IPC"),
        ("SYSCALL_READ_E", None, "unknown"),
        ("SCHEDSWITCH_6_E", None, "scheduler"),
        ("SYSCALL_MMAP_E", None, "memory"),
        ("PROCINFO_E", None, "unknown"),
    ],
)
def test_the_category_of_input_and_output_depends_on_the_descriptor(enum: str, kind: int | None, category: str) -> None:
    """Every other call has a category of its own."""
    scene = Scene()
    thread = scene.thread()
    scene.show(enum, thread=thread, fd=None if kind is None else scene.fd(thread, 3, kind))
    assert scene.value("evt.category") == category


def test_events_that_are_no_calls_have_no_syscall_type() -> None:
    """A task switch is a tracepoint."""
    scene = Scene()
    scene.show("SCHEDSWITCH_6_E")
    assert (scene.value("evt.type"), scene.value("syscall.type")) == ("switch", None)


def test_delta_time_counts_from_the_event_asked_for_before(scene: Scene) -> None:
    """Events for which nobody asked do not count."""
    delta = REGISTRY.bind("evt.deltatime")
    nanoseconds = REGISTRY.bind("evt.deltatime.ns")
    seconds = REGISTRY.bind("evt.deltatime.s")
    assert [field.extract(scene.ctx) for field in (delta, nanoseconds, seconds)] == [0, 0, 0]
    scene.ctx.event.ts = NOW + 2_000_000_005
    assert [field.extract(scene.ctx) for field in (delta, nanoseconds, seconds)] == [2_000_000_005, 5, 2]


def test_a_difference_has_no_sign(scene: Scene) -> None:
    """Events of several processors are not always in the order of time."""
    delta = REGISTRY.bind("evt.deltatime")
    assert delta.extract(scene.ctx) == 0
    scene.ctx.event.ts = NOW - 1
    assert delta.extract(scene.ctx) == (1 << 64) - 1
    scene.ctx.latency = -2
    assert scene.value("evt.latency") == (1 << 64) - 2


@pytest.mark.parametrize(
    ("mode", "first", "second"),
    [
        ("a", "1700000000.000000000", "1700000000.000000061"),
        ("r", "1.000000000", "1.000000061"),
        ("d", "0.000002464", "0.000002464"),
        ("D", "0.000000000", "0.000000061"),
    ],
)
def test_output_time_has_the_form_that_was_chosen(scene: Scene, mode: str, first: str, second: str) -> None:
    """Absolute, relative to the first event, within the call, since the event shown before."""
    scene.ctx.first_ts = NOW - 1_000_000_000
    field = Registry.syscall(RenderOptions(time_mode=mode)).bind("evt.outputtime")
    assert field.shown(scene.ctx) == first
    scene.ctx.event.ts = NOW + 61
    assert field.shown(scene.ctx) == second
    assert field.json_value(scene.ctx) == NOW + 61


def test_output_time_is_the_time_of_day_unless_chosen_otherwise(scene: Scene) -> None:
    """As evt.time."""
    assert scene.shown("evt.outputtime") == scene.shown("evt.time")


def test_the_last_readable_latency_stays_for_events_without_a_thread(scene: Scene) -> None:
    """Nothing is shown before the first."""
    field = REGISTRY.bind("evt.latency.human")
    scene.ctx.thread, thread = None, scene.ctx.thread
    assert field.extract(scene.ctx) == ""
    scene.ctx.thread = thread
    field.extract(scene.ctx)
    scene.ctx.thread = None
    assert field.extract(scene.ctx) == "2.46us"
