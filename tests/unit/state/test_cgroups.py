from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.state.cgroups import match_cgroups, match_path, parse_cgroups

ID = "3f9a6cb5c0d2a8b1e4f70123456789abcdef0123456789abcdef0123456789ab"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (f"/docker/{ID}", "docker"),
        (f"/system.slice/docker-{ID}.scope", "docker"),
        (f"/kubepods/burstable/pod1/{ID}", "docker"),
        (f"/machine.slice/libpod-{ID}.scope", "podman"),
        (f"/machine.slice/libpod-{ID}.scope/container", "podman"),
        (f"/user.slice/user-1000.slice/user.slice/libpod-{ID}", "podman"),
        (f"/machine.slice/libpod-payload-{ID}", "podman"),
        (f"/kubepods.slice/crio-{ID}.scope", "cri-o"),
        (f"/kubepods.slice/crio-{ID}", "cri-o"),
        (f"/kubepods.slice/cri-containerd-{ID}.scope", "containerd"),
        (f"/system.slice/nerdctl-{ID}.scope", "cri"),
        (f"/kubepods-besteffort.slice:cri-containerd:{ID}", "containerd"),
    ],
)
def test_long_ids_are_found_where_each_engine_puts_them(path: str, kind: str) -> None:
    """The first twelve digits are the id."""
    found = match_path(path)
    assert found is not None
    assert (found.short, found.full, found.kind) == (ID[:12], ID, kind)


@pytest.mark.parametrize(
    ("path", "name", "kind"),
    [
        ("/lxc/web", "web", "lxc"),
        ("/lxc/web/init.scope", "web", "lxc"),
        ("/lxc.payload/web", "web", "lxc"),
        ("/lxc.payload.web/x", "web", "lxc"),
        ("/machine/vm1.libvirt-lxc", "vm1", "libvirt-lxc"),
        ("/machine.slice/machine-lxc\\x2dvm1.scope", "vm1", "libvirt-lxc"),
        ("/libvirt/lxc/vm1", "vm1", "libvirt-lxc"),
        ("/system.slice/bpm-router.scope", "router", "bpm"),
        ("/mesos/2a7d3f10-1111-2222-3333-444455556666", "2a7d3f10-1111-2222-3333-444455556666", "mesos"),
        ("/default/redis", "redis", "containerd"),
        ("/k8s.io/a-long-name-here", "a-long-name-", "containerd"),
    ],
)
def test_names_are_found_where_engines_use_them(path: str, name: str, kind: str) -> None:
    """Engines without long ids."""
    found = match_path(path)
    assert found is not None
    assert (found.short, found.kind) == (name, kind)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/user.slice/user-1000.slice/session-1.scope",
        "/user.slice1/f2053325e6a89311c7b1385ff8f11bf5",
        f"/docker/{ID}x",
        f"/docker/{'g' * 64}",
        "/default/thing.service",
        ID,
    ],
)
def test_the_hosts_own_groups_are_no_containers(path: str) -> None:
    """Ids of the wrong length, digits or place."""
    assert match_path(path) is None


def test_the_first_group_that_names_a_container_decides() -> None:
    """Groups of the host before it do not."""
    found = match_cgroups([("cpu", "/"), ("memory", "/user.slice"), ("pids", f"/docker/{ID}")])
    assert found is not None
    assert found.short == ID[:12]
    assert match_cgroups([]) is None


def test_controllers_get_their_usual_names() -> None:
    """The probe shortens some; a name may itself hold an equals sign."""
    texts = ["cpuset_cgroup=/a", "mem=/b", "io=/c", "perf=/d", "name=systemd=/e", "broken"]
    assert parse_cgroups(texts) == [
        ("cpuset", "/a"),
        ("memory", "/b"),
        ("blkio", "/c"),
        ("perf_event", "/d"),
        ("name=systemd", "/e"),
    ]


@given(st.text(alphabet="/:-._abc0123456789\\=lxpodkerib", max_size=200))
def test_any_path_is_looked_at_without_an_error(path: str) -> None:
    """Whatever comes out has a name."""
    found = match_path(path)
    assert found is None or found.short


def test_a_path_longer_than_any_is_not_looked_at() -> None:
    """Nor remembered."""
    assert match_cgroups([("cpu", "/" + "x" * 5000 + "/lxc/name")]) is None
    assert match_cgroups([("cpu", "/lxc/name")]) is not None
