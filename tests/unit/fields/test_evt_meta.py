"""What every event has."""

from __future__ import annotations

import pytest

from tests.unit.fields.scene import NOW, REGISTRY, Scene


@pytest.fixture
def scene() -> Scene:
    """An event a second and 61 ns after the first."""
    made = Scene()
    made.machine.info.hostname = "node1"
    made.show("SYSCALL_CLOSE_E", 3, thread=made.thread())
    made.ctx.event.num = 42
    made.ctx.event.ts = NOW + 61
    made.ctx.first_ts = NOW - 1_000_000_000
    return made


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("evt.num", 42),
        ("evt.rawtime", NOW + 61),
        ("evt.rawtime.s", NOW // 1_000_000_000),
        ("evt.rawtime.ns", 61),
        ("evt.reltime", 1_000_000_061),
        ("evt.reltime.s", 1),
        ("evt.reltime.ns", 61),
        ("evt.time.iso8601", "2023-11-14T22:13:20.000000061+0000"),
        ("evt.source", "syscall"),
        ("evt.is_async", False),
        ("evt.asynctype", None),
        ("evt.hostname", "node1"),
        ("evt.pluginname", None),
        ("evt.plugininfo", None),
    ],
)
def test_an_event_has_number_times_and_source(scene: Scene, field: str, value: object) -> None:
    """Relative times count from the first event."""
    assert scene.value(field) == value


@pytest.mark.parametrize("field", ["evt.time", "evt.time.s", "evt.datetime", "evt.datetime.s", "evt.time.iso8601"])
def test_json_has_nanoseconds_whatever_the_form_of_the_time(scene: Scene, field: str) -> None:
    """Programs want the number, people the text."""
    extractor = REGISTRY.bind(field)
    assert isinstance(extractor.shown(scene.ctx), str)
    assert extractor.json_value(scene.ctx) == NOW + 61


@pytest.mark.parametrize("field", ["evt.rawtime.ns", "evt.reltime.ns"])
def test_nanoseconds_are_padded_in_text_and_numbers_in_json(scene: Scene, field: str) -> None:
    """Nine digits."""
    extractor = REGISTRY.bind(field)
    assert extractor.shown(scene.ctx) == "000000061"
    assert extractor.json_value(scene.ctx) == 61


def test_generic_events_are_named_after_their_call() -> None:
    """The number of the call is the first parameter; a machine's own number helps where that is missing."""
    scene = Scene()
    scene.show("GENERIC_E", 392, 436)
    assert scene.value("evt.type") == "close_range"
    scene.show("GENERIC_E", 0, 221)
    assert scene.value("evt.type") == "fadvise64"
    scene.show("GENERIC_X", 0)
    assert scene.value("evt.type") == "unknown"


def test_asynchronous_events_have_their_own_name() -> None:
    """Other events from outside the stream are named after their type."""
    scene = Scene()
    scene.show("ASYNCEVENT_E", 0, "container", b"{}")
    assert (scene.value("evt.type"), scene.value("evt.is_async")) == ("container", True)
    assert scene.value("evt.asynctype") == "container"
    scene.show("CONTAINER_JSON_2_E", "{}")
    assert scene.value("evt.asynctype") == "container"


def test_the_counter_counts_how_often_it_was_asked(scene: Scene) -> None:
    """Every place in a format counts for itself."""
    counter = REGISTRY.bind("util.cnt")
    assert [counter.extract(scene.ctx) for _ in range(3)] == [1, 2, 3]
