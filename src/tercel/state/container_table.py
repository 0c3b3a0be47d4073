"""The containers whose engine has told about them, and how it tells: one JSON object each."""

from __future__ import annotations

import json
from typing import Final, cast

from tercel.state.cgroups import BPM, CONTAINERD, CRI, CRIO, DOCKER, LIBVIRT_LXC, LXC, MESOS, PODMAN
from tercel.state.limits import MAX_CONTAINER_JSON, MAX_CONTAINER_TEXT, MAX_CONTAINERS, Counters
from tercel.state.model import Container, Mount, Probe

# Engines by the number that the metadata carries.
KINDS: Final[tuple[str, ...]] = (
    DOCKER, LXC, LIBVIRT_LXC, MESOS, "rkt", "custom", CRI, CONTAINERD, CRIO, BPM, "static", PODMAN,
)  # fmt: skip

_PROBE_KEYS: Final = ("Healthcheck", "LivenessProbe", "ReadinessProbe")
_NS_PER_S: Final = 1_000_000_000
# Deeper nesting than any engine writes; the decoder itself is stopped by its own limit far above.
_MAX_DEPTH: Final = 64

Json = dict[str, object]


def _text(values: Json, key: str) -> str:
    value = values.get(key)
    return value if isinstance(value, str) else ""


def _flag(values: Json, key: str) -> bool:
    return values.get(key) is True


def _number(values: Json, key: str, default: int) -> int:
    value = values.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def _objects(values: Json, key: str) -> list[Json]:
    found = values.get(key)
    if not isinstance(found, list):
        return []
    return [cast("Json", item) for item in found if isinstance(item, dict)]


def _texts(values: Json, key: str) -> list[str]:
    found = values.get(key)
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []


def _labels(values: Json, key: str) -> dict[str, str]:
    found = values.get(key)
    if not isinstance(found, dict):
        return {}
    return {name: value for name, value in found.items() if isinstance(name, str) and isinstance(value, str)}


def _ip(values: Json) -> str:
    """Return the address, which old captures carry as a number."""
    value = values.get("ip")
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 32:
        return ".".join(str(value >> shift & 0xFF) for shift in (24, 16, 8, 0))
    return value if isinstance(value, str) else ""


def _mounts(values: Json) -> list[Mount]:
    return [
        Mount(
            _text(item, "Source"),
            _text(item, "Destination"),
            _text(item, "Mode"),
            _flag(item, "RW"),
            _text(item, "Propagation"),
        )
        for item in _objects(values, "Mounts")
    ]


def _probes(values: Json) -> list[Probe]:
    probes: list[Probe] = []
    for key in _PROBE_KEYS:
        found = values.get(key)
        if isinstance(found, dict):
            probe = cast("Json", found)
            probes.append(Probe(key, _text(probe, "exe"), _texts(probe, "args")))
    return probes


def _port_mappings(values: Json) -> list[tuple[int, int, int]]:
    return [
        (_number(item, "HostIp", 0), _number(item, "HostPort", 0), _number(item, "ContainerPort", 0))
        for item in _objects(values, "port_mappings")
    ]


def container_from_json(values: Json) -> Container:
    """Return the container that an engine's object describes; values of the wrong type are left out."""
    number = _number(values, "type", -1)
    container = Container(_text(values, "id"), KINDS[number] if 0 <= number < len(KINDS) else "")
    container.full_id = _text(values, "full_id")
    container.name = _text(values, "name")
    _fill_image(container, values)
    container.ip = _ip(values)
    container.cni_json = _text(values, "cni_json")
    container.is_privileged = _flag(values, "privileged")
    container.host_pid = _flag(values, "host_pid")
    container.host_network = _flag(values, "host_network")
    container.host_ipc = _flag(values, "host_ipc")
    container.is_pod_sandbox = _flag(values, "is_pod_sandbox")
    container.pod_sandbox_id = _text(values, "pod_sandbox_id")
    container.pod_sandbox_cniresult = _text(values, "pod_sandbox_cniresult")
    container.pod_sandbox_labels = _labels(values, "pod_sandbox_labels")
    container.labels = _labels(values, "labels")
    container.mounts = _mounts(values)
    container.env = _texts(values, "env")
    container.probes = _probes(values)
    container.port_mappings = _port_mappings(values)
    container.created_time = _number(values, "created_time", 0) * _NS_PER_S
    container.size_rw = _number(values, "size", -1)
    container.user = _text(values, "User")
    container.has_metadata = True
    return container


def _fill_image(container: Container, values: Json) -> None:
    container.image = _text(values, "image")
    container.image_id = _text(values, "imageid")
    container.image_repo = _text(values, "imagerepo")
    container.image_tag = _text(values, "imagetag")
    container.image_digest = _text(values, "imagedigest")


def text_size(container: Container) -> int:
    """Return how many characters a container was described with."""
    return len(container.raw_json) + len(container.id) + len(container.name) + len(container.image)


class ContainerTable:
    """The containers by id, the oldest let go when there are too many."""

    def __init__(self, counters: Counters) -> None:
        """Start empty."""
        self.counters: Counters = counters
        self.by_id: dict[str, Container] = {}
        self._text: int = 0

    def clear(self) -> None:
        """Forget all."""
        self.by_id.clear()
        self._text = 0

    def add(self, container: Container) -> None:
        """Take a container, in place of an older report of it."""
        by_id = self.by_id
        self.remove(container.id)
        size = text_size(container)
        while by_id and (len(by_id) >= MAX_CONTAINERS or self._text + size > MAX_CONTAINER_TEXT):
            self.remove(next(iter(by_id)))
            self.counters.containers_evicted += 1
        by_id[container.id] = container
        self._text += size

    def remove(self, container_id: str) -> None:
        """Forget a container."""
        known = self.by_id.pop(container_id, None)
        if known is not None:
            self._text -= text_size(known)

    def read(self, text: bytes) -> Container | None:
        """Return the container that a metadata event describes, None (counted) when the text cannot be one."""
        values = self._decode(text)
        if values is None:
            self.counters.containers_malformed += 1
            return None
        container = container_from_json(values)
        if not container.id:
            self.counters.containers_malformed += 1
            return None
        container.raw_json = text.decode("utf-8", "surrogateescape")
        return container

    def _decode(self, text: bytes) -> Json | None:
        """Return the object inside `container`, None when the text is too long or not such JSON."""
        if len(text) > MAX_CONTAINER_JSON or text.count(b"[") + text.count(b"{") > len(text):
            return None
        try:
            values = json.loads(text.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            return None
        found = values.get("container") if isinstance(values, dict) else None
        return cast("Json", found) if isinstance(found, dict) else None
