from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from tercel.state import limits
from tercel.state.container_table import ContainerTable
from tercel.state.limits import Counters
from tercel.state.model import Container

FULL = {
    "type": 0,
    "id": "a144c3c95700",
    "full_id": "a144c3c95700da8c7663544909cf78e07016a73f559ffbfc09cab435c566b4d5",
    "name": "web",
    "image": "shop:1.4",
    "imageid": "e521",
    "imagerepo": "shop",
    "imagetag": "1.4",
    "imagedigest": "sha256:1",
    "ip": 0x0A000001,
    "privileged": True,
    "created_time": 5,
    "labels": {"app": "shop", "bad": 1},
    "env": ["A=b", 3],
    "Mounts": [{"Source": "/a", "Destination": "/b", "Mode": "ro", "RW": False, "Propagation": "rprivate"}],
    "port_mappings": [{"HostIp": 1, "HostPort": 80, "ContainerPort": 8080}],
    "Healthcheck": {"exe": "curl", "args": ["-f", "x"]},
}


def read(values: object) -> Container | None:
    """Read what an event with these values says."""
    return ContainerTable(Counters()).read(json.dumps({"container": values}).encode())


def test_metadata_is_read_whole() -> None:
    """All of it, values of the wrong type left out."""
    found = read(FULL)
    assert found is not None
    assert (found.id, found.kind, found.name, found.image_repo, found.image_tag) == (
        "a144c3c95700", "docker", "web", "shop", "1.4",
    )  # fmt: skip
    assert found.ip == "10.0.0.1"
    assert found.is_privileged
    assert found.has_metadata
    assert found.created_time == 5_000_000_000
    assert found.labels == {"app": "shop"}
    assert found.env == ["A=b"]
    assert [(mount.source, mount.dest, mount.rdwr) for mount in found.mounts] == [("/a", "/b", False)]
    assert [(probe.kind, probe.exe, probe.args) for probe in found.probes] == [("Healthcheck", "curl", ["-f", "x"])]
    assert found.port_mappings == [(1, 80, 8080)]


def test_text_that_is_no_metadata_is_counted() -> None:
    """Neither JSON nor an object nor an id; too long; too deep."""
    counters = Counters()
    table = ContainerTable(counters)
    texts = [
        b"",
        b"{",
        b"[]",
        b'{"container": []}',
        b'{"container": {}}',
        b'{"container": {"id": 5}}',
        b"[" * 100_000,
        b'{"container": {"id": "' + b"x" * limits.MAX_CONTAINER_JSON + b'"}}',
    ]
    assert [table.read(text) for text in texts] == [None] * len(texts)
    assert counters.containers_malformed == len(texts)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*FULL, "x"]), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from([*FULL]), json_values))
def test_wrong_types_never_raise(values: dict[str, object]) -> None:
    """Every value may be of any type."""
    read({**values, "id": "x"})


@given(st.binary(max_size=60))
def test_any_bytes_are_read_without_an_error(text: bytes) -> None:
    """Bytes that are not even text."""
    ContainerTable(Counters()).read(text)


def test_the_oldest_container_is_let_go_when_there_are_too_many() -> None:
    """The table has an end."""
    counters = Counters()
    table = ContainerTable(counters)
    for number in range(limits.MAX_CONTAINERS + 2):
        table.add(Container(f"c{number}", "docker"))
    assert len(table.by_id) == limits.MAX_CONTAINERS
    assert counters.containers_evicted == 2
    assert "c0" not in table.by_id
    table.remove("c5")
    assert "c5" not in table.by_id


def test_the_oldest_container_is_let_go_when_there_is_too_much_text() -> None:
    """A report may be a megabyte long; one that was replaced or removed does not count."""
    counters = Counters()
    table = ContainerTable(counters)
    count = limits.MAX_CONTAINER_TEXT // limits.MAX_CONTAINER_JSON
    for number in [0, 0, *range(count)]:
        container = Container(f"c{number}", "docker")
        container.raw_json = "x" * (limits.MAX_CONTAINER_JSON - 100)
        table.add(container)
    assert len(table.by_id) == count
    table.add(container)
    assert counters.containers_evicted == 0
    last = Container("last", "docker")
    last.image = "i" * limits.MAX_CONTAINER_JSON
    table.add(last)
    assert "c0" not in table.by_id
    assert counters.containers_evicted == 1
