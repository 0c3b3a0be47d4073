from __future__ import annotations

import pytest

from tests.unit.state.build import Feed, Value

JSON = '{"container": {"id": "abc", "type": 0, "name": "web", "image": "shop:1"}}'


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("CONTAINER_E", ["abc", 0, "web", "shop:1"]),
        ("CONTAINER_JSON_E", [JSON]),
        ("CONTAINER_JSON_2_E", [JSON]),
        ("ASYNCEVENT_E", [0, "container", JSON.encode() + b"\x00"]),
    ],
)
def test_metadata_arrives_in_every_form(name: str, values: list[Value]) -> None:
    """A thread of no number stands for the container in the event itself."""
    feed = Feed()
    ctx = feed.event(name, *values, tid=-1)
    container = feed.machine.container("abc")
    assert container is not None
    assert (container.kind, container.name, container.image) == ("docker", "web", "shop:1")
    assert container.has_metadata
    assert ctx.thread is not None
    assert (ctx.thread.comm, ctx.thread.container_id) == ("container:abc", "abc")
    assert -1 not in feed.machine.threads


def test_a_container_leaves() -> None:
    """When a helper of the recorder says so; other reports concern others."""
    feed = Feed()
    feed.event("CONTAINER_JSON_E", JSON, tid=-1)
    feed.event("ASYNCEVENT_E", 0, "other", b"{}", tid=-1)
    assert "abc" in feed.machine.containers
    feed.event("ASYNCEVENT_E", 0, "container_removed", JSON.encode(), tid=-1)
    assert "abc" not in feed.machine.containers


def test_malformed_metadata_is_counted() -> None:
    """And changes nothing."""
    feed = Feed()
    feed.event("CONTAINER_JSON_E", "{", tid=-1)
    feed.event("CONTAINER_E", "", 99, "x", "y", tid=-1)
    assert feed.machine.containers == {}
    assert feed.machine.counters.containers_malformed == 1
