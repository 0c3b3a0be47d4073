from __future__ import annotations

import pytest

from tercel.trace.keeping import is_for_state, keep_for_state
from tests.unit.state.build import make_event


@pytest.mark.parametrize(
    "name",
    [
        "SYSCALL_OPEN_X", "SYSCALL_CLOSE_X", "SYSCALL_CLONE_20_X", "SYSCALL_EXECVE_19_X", "PROCEXIT_1_E",
        "SOCKET_CONNECT_X", "SYSCALL_CHDIR_X", "SYSCALL_SETUID_X", "CONTAINER_JSON_2_E", "ASYNCEVENT_E",
        "SYSCALL_SETRLIMIT_X", "SYSCALL_MMAP_X",
    ],
)  # fmt: skip
def test_events_that_change_the_state_are_kept_for_it(name: str) -> None:
    """The marks tell readers to take them in and to show nothing."""
    event = make_event(name)
    assert not is_for_state(event)
    assert keep_for_state(event)
    assert event.flags == 1
    assert is_for_state(event)


@pytest.mark.parametrize("name", ["SYSCALL_READ_X", "SYSCALL_UNLINK_2_X", "SYSCALL_KILL_X", "SIGNALDELIVER_E"])
def test_others_are_of_no_use_when_they_are_rejected(name: str) -> None:
    """They stay as they are."""
    event = make_event(name)
    assert not keep_for_state(event)
    assert event.flags == 0
