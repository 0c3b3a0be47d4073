from __future__ import annotations

import pytest

from tercel.state.model import Container
from tests.unit.fields.scene import REGISTRY, Scene

SANDBOX = "5a4db0c5" * 8


def scene_with(**values: object) -> Scene:
    """Return a thread in a container with the labels of a pod."""
    made = Scene()
    container = Container("c0ffee123456", "containerd")
    container.labels = {
        "io.kubernetes.pod.name": "web-1",
        "io.kubernetes.pod.namespace": "prod",
        "io.kubernetes.pod.uid": "0f5b",
    }
    container.ip = "10.1.2.3"
    for name, value in values.items():
        setattr(container, name, value)
    made.machine.container_table.add(container)
    made.show("SYSCALL_CLOSE_E", 3, thread=made.thread(10, vtid=1, container_id=container.id))
    return made


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("k8s.pod.name", "web-1"),
        ("k8s.ns.name", "prod"),
        ("k8s.pod.id", "0f5b"),
        ("k8s.pod.uid", "0f5b"),
        ("k8s.pod.sandbox_id", SANDBOX[:12]),
        ("k8s.pod.full_sandbox_id", SANDBOX),
        ("k8s.pod.label[app]", "web"),
        ("k8s.pod.label[none]", None),
        ("k8s.pod.labels", "app:web, tier:front"),
        ("k8s.pod.ip", "10.1.2.3"),
        ("k8s.pod.cni.json", "{}"),
    ],
)
def test_a_field_tells_of_the_pod(field: str, value: object) -> None:
    """Container and sandbox tell it by their labels."""
    made = scene_with(
        pod_sandbox_id=SANDBOX, pod_sandbox_labels={"app": "web", "tier": "front"}, pod_sandbox_cniresult="{}"
    )
    assert made.value(field) == value


@pytest.mark.parametrize("field", ["k8s.pod.name", "k8s.ns.name", "k8s.pod.uid", "k8s.pod.labels", "k8s.pod.ip"])
def test_labels_alone_make_no_pod(field: str) -> None:
    """Anyone may label any container; the engine says whether it has a sandbox."""
    assert scene_with().value(field) is None


FORMER = [spec.name for spec in REGISTRY.specs() if spec.doc.startswith("Formerly") and spec.name.startswith("k8s.")]


@pytest.mark.parametrize("name", FORMER)
def test_what_needed_the_api_server_loads_and_has_no_value(name: str) -> None:
    """Rules of earlier years go on loading."""
    text = f"{name}[app]" if name.endswith(".label") else name
    assert scene_with(pod_sandbox_id=SANDBOX).value(text) is None
