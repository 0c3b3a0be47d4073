from __future__ import annotations

import pytest

from tercel.state import category
from tercel.state.model import Container, Probe, ThreadInfo
from tests.unit.state.build import Feed, execve_values


@pytest.fixture
def feed() -> Feed:
    """Return a machine with a shell in a container that has two probes."""
    found = Feed()
    container = Container("ab" * 6, "docker")
    container.has_metadata = True
    container.probes = [Probe("LivenessProbe", "/bin/ls", ["-l", "/tmp"]), Probe("Healthcheck", "curl", [])]
    found.machine.container_table.add(container)
    return found


def run(feed: Feed, exe: str = "/bin/ls") -> ThreadInfo:
    """Let the shell become a program in the container."""
    values = execve_values(cgroups=["cpu=/docker/" + "ab" * 32], exe=exe)
    feed.call("SYSCALL_EXECVE_19", ["/bin/ls"], values)
    return feed.thread()


def test_a_probes_command_puts_a_process_into_its_category(feed: Feed) -> None:
    """Program and arguments must be the same."""
    assert run(feed).category == category.CATEGORY_LIVENESS
    assert run(Feed()).category == category.CATEGORY_NONE


def test_another_command_has_no_category(feed: Feed) -> None:
    """Most processes have none."""
    assert run(feed, exe="/bin/cat").category == category.CATEGORY_NONE


def test_the_first_process_is_the_container(feed: Feed) -> None:
    """Its children inherit that."""
    feed.thread().vpid = 1
    assert run(feed).category == category.CATEGORY_CONTAINER


def test_children_have_their_parents_category(feed: Feed) -> None:
    """Whatever they run."""
    feed.thread(1).category = category.CATEGORY_HEALTHCHECK
    assert run(feed).category == category.CATEGORY_HEALTHCHECK


def test_a_command_run_from_inside_is_no_probe(feed: Feed) -> None:
    """A container's first process among the ancestors tells."""
    feed.thread(1).vpid = 1
    feed.thread(1).container_id = "ab" * 6
    assert run(feed).category == category.CATEGORY_NONE
