from __future__ import annotations

import pytest

from tercel.state.model import Container, Mount, Probe
from tests.unit.fields.scene import NOW, Scene

ID = "c0ffee123456"


def a_container() -> Container:
    """Return a container of which all is known."""
    made = Container(ID, "docker")
    made.full_id = ID * 5
    made.name, made.image, made.image_id = "web", "demo/shop:1.4", "e521"
    made.image_repo, made.image_tag, made.image_digest = "demo/shop", "1.4", "sha256:1"
    made.ip, made.cni_json = "172.17.0.2", "{}"
    made.is_privileged = made.host_pid = made.host_network = made.host_ipc = True
    made.mounts = [
        Mount("/etc", "/host/etc", "ro", False, "rprivate"),
        Mount("/var/log", "/logs", "", True, "shared"),
    ]
    made.probes = [Probe("Healthcheck", "/bin/check", ["-a", "b"])]
    made.labels = {"app": "shop", "tier": "front"}
    return made


@pytest.fixture
def scene() -> Scene:
    """A thread of that container, whose first process was started at 1000."""
    made = Scene()
    made.machine.container_table.add(a_container())
    process = made.thread(10, vtid=1, vpid=1, container_id=ID, pidns_init_start_ts=1000)
    made.show("SYSCALL_CLOSE_E", 3, thread=process)
    return made


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("container.id", ID),
        ("container.full_id", ID * 5),
        ("container.name", "web"),
        ("container.image", "demo/shop:1.4"),
        ("container.image.id", "e521"),
        ("container.image.repository", "demo/shop"),
        ("container.image.tag", "1.4"),
        ("container.image.digest", "sha256:1"),
        ("container.type", "docker"),
        ("container.privileged", True),
        ("container.mounts", "/etc:/host/etc:ro:false:rprivate,/var/log:/logs::true:shared"),
        ("container.mount[0]", "/etc:/host/etc:ro:false:rprivate"),
        ("container.mount[/var/*]", "/var/log:/logs::true:shared"),
        ("container.mount[9]", None),
        ("container.mount[/nowhere]", None),
        ("container.mount.source[/logs]", "/var/log"),
        ("container.mount.source[0]", "/etc"),
        ("container.mount.dest[/etc]", "/host/etc"),
        ("container.mount.mode[/etc]", "ro"),
        ("container.mount.rdwr[/etc]", "false"),
        ("container.mount.rdwr[1]", "true"),
        ("container.mount.propagation[1]", "shared"),
        ("container.healthcheck", "/bin/check -a b"),
        ("container.liveness_probe", "NONE"),
        ("container.readiness_probe", "NONE"),
        ("container.start_ts", 1000),
        ("container.duration", NOW - 1000),
        ("container.ip", "172.17.0.2"),
        ("container.cni.json", "{}"),
        ("container.host_pid", True),
        ("container.host_network", True),
        ("container.host_ipc", True),
        ("container.label[app]", "shop"),
        ("container.label[none]", None),
        ("container.labels", "app:shop, tier:front"),
    ],
)
def test_a_field_tells_of_the_container(scene: Scene, field: str, value: object) -> None:
    """Each field has the value that the engine told."""
    assert scene.value(field) == value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("container.id", ID),
        ("container.type", "docker"),
        ("container.full_id", None),
        ("container.name", None),
        ("container.image", None),
        ("container.privileged", False),
        ("container.mounts", ""),
        ("container.healthcheck", "NONE"),
        ("container.ip", "0.0.0.0"),
        ("container.cni.json", ""),
        ("container.labels", None),
    ],
)
def test_a_container_whose_engine_was_not_heard_has_its_id_alone(scene: Scene, field: str, value: object) -> None:
    """Texts are missing, numbers and lists are empty."""
    scene.machine.container_table.add(Container(ID, "docker"))
    assert scene.value(field) == value


@pytest.mark.parametrize(
    ("vtid", "field", "value"),
    [
        (10, "container.id", "host"),
        (10, "container.full_id", "host"),
        (10, "container.name", "host"),
        (10, "container.type", "host"),
        (10, "container.image", None),
        (10, "container.privileged", None),
        (10, "container.start_ts", None),
        (10, "container.duration", None),
        (1, "container.id", ""),
        (1, "container.name", None),
        (1, "container.type", None),
        (1, "container.privileged", None),
        (1, "container.start_ts", 1000),
        (1, "container.duration", NOW - 1000),
    ],
)
def test_outside_containers_the_pid_namespace_decides(vtid: int, field: str, value: object) -> None:
    """A process on the host is called so; one in a namespace of its own is called nothing."""
    made = Scene()
    made.show("SYSCALL_CLOSE_E", 3, thread=made.thread(10, vtid=vtid, pidns_init_start_ts=1000))
    assert made.value(field) == value


@pytest.mark.parametrize("field", ["container.id", "container.name", "container.ip", "container.start_ts"])
def test_an_event_without_a_thread_is_in_no_container(field: str) -> None:
    """Without a thread there is no value."""
    assert Scene().value(field) is None
