from __future__ import annotations

import pytest

from tercel.state import model
from tercel.state.model import Container, Interface
from tercel.state.tables import Tables
from tests.unit.state.build import Feed, packed


@pytest.fixture
def feed() -> Feed:
    """Return a machine with init and a shell."""
    return Feed()


def test_relatives_are_found(feed: Feed) -> None:
    """Parents up to init."""
    shell = feed.thread()
    assert feed.machine.parent(shell) is feed.thread(1)
    assert feed.machine.ancestor(shell, 0) is shell
    assert feed.machine.ancestor(shell, 1) is feed.thread(1)
    assert feed.machine.ancestor(shell, 2) is None
    assert feed.machine.ancestor(shell, 1 << 40) is None
    assert feed.machine.cwd(shell) == "/home/user/"


def test_local_addresses_are_those_of_the_machine_or_the_container(feed: Feed) -> None:
    """A container without a known address has the unspecified one."""
    feed.machine.interface(Interface("lo", packed("127.0.0.1"), packed("255.0.0.0"), packed("127.0.0.1")))
    shell = feed.thread()
    assert feed.machine.is_local_address(packed("127.0.0.1"), shell)
    assert not feed.machine.is_local_address(bytes(4), shell)
    shell.container_id = "abc"
    feed.machine.container_table.add(Container("abc", "docker"))
    assert feed.machine.is_local_address(bytes(4), shell)


def test_a_container_is_known_by_its_cgroup_alone() -> None:
    """Until its engine tells more."""
    machine = Tables()
    thread = model.ThreadInfo(5)
    thread.cgroups = [("cpu", "/docker/" + "ab" * 32)]
    machine.thread(thread)
    assert thread.container_id == "ab" * 6
    found = machine.container("ab" * 6)
    assert found is not None
    assert (found.kind, found.has_metadata) == ("docker", False)
