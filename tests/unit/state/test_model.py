"""The values that the state is made of answer small questions about themselves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tercel.state import model
from tercel.state.model import (
    CL_CLOSED,
    FD_FILE_V2,
    FD_IPV4_SERVSOCK,
    FD_IPV4_SOCK,
    FD_IPV6_SERVSOCK,
    FD_IPV6_SOCK,
    FD_UNIX_SOCK,
    FdInfo,
    ThreadGroup,
    ThreadInfo,
)
from tests.paths import ROOT

SOURCE = Path(ROOT) / "src" / "tercel" / "state" / "model.py"


def fd_attributes() -> dict[str, str]:
    """Return the attributes that an entry is born with and their types, as the source declares them."""
    text = SOURCE.read_text()
    body = text[text.index("class FdInfo") : text.index("def copy")]
    return dict(re.findall(r"self\.(\w+): (\w+) =", body))


def test_a_copied_descriptor_is_equal_in_everything_but_how_it_was_listed() -> None:
    """Every attribute that the class declares is carried over; only the note about the list is not."""
    samples: dict[str, object] = {"i64": 7, "int": 7, "str": "seven", "bytes": b"\x07\x07\x07\x07", "bool": True}
    fd = FdInfo(FD_FILE_V2)
    names = fd_attributes()
    assert len(names) > 20
    for name, kind in names.items():
        setattr(fd, name, samples[kind])
    other = fd.copy()
    different = [name for name in names if getattr(other, name) != getattr(fd, name)]
    assert different == ["listed"]


def test_a_copied_descriptor_changes_independently() -> None:
    """What happens to the copy does not happen to the original."""
    fd = FdInfo(FD_UNIX_SOCK)
    other = fd.copy()
    other.name = "/run/other.sock"
    assert fd.name == ""


@pytest.mark.parametrize(
    ("kind", "inet"),
    [
        (FD_FILE_V2, False),
        (FD_IPV4_SOCK, True),
        (FD_IPV6_SOCK, True),
        (FD_IPV4_SERVSOCK, True),
        (FD_IPV6_SERVSOCK, True),
        (FD_UNIX_SOCK, False),
    ],
)
def test_internet_sockets_are_told_from_other_descriptors(kind: int, inet: bool) -> None:
    """Listening ones count, unix sockets do not."""
    assert FdInfo(kind).is_inet is inet


def test_a_thread_that_leads_its_process_is_its_own_leader() -> None:
    """A worker thread finds the leader through the process that both belong to."""
    leader, worker = ThreadInfo(10), ThreadInfo(11)
    leader.pid = worker.pid = 10
    group = ThreadGroup(10)
    group.members = {10: leader, 11: worker}
    leader.group = worker.group = group
    assert leader.is_main_thread
    assert not worker.is_main_thread
    assert worker.leader is leader


def test_a_closed_thread_is_dead() -> None:
    """The flag is set by its exit event."""
    thread = ThreadInfo(10)
    assert not thread.is_dead
    thread.flags |= CL_CLOSED
    assert thread.is_dead


def test_a_thread_with_another_number_inside_is_in_a_pid_namespace() -> None:
    """On the host both numbers are the same."""
    thread = ThreadInfo(10)
    thread.pid = 10
    thread.vtid = 10
    thread.vpid = 10
    assert not thread.is_in_pidns
    thread.vtid = 2
    assert thread.is_in_pidns


def test_the_kinds_of_descriptor_are_numbered_as_in_captures() -> None:
    """The numbers are those of the type byte of a descriptor list, 0 to 21, each once."""
    numbers = [value for name, value in vars(model).items() if name.startswith("FD_")]
    assert sorted(numbers) == list(range(22))


def test_the_name_of_a_connection_is_made_when_asked_for() -> None:
    """Until then it counts as known; a change of the ends does not change a name that was told before."""
    fd = FdInfo(FD_IPV4_SOCK)
    fd.sip, fd.sport = bytes([10, 0, 0, 1]), 40000
    fd.dip, fd.dport = bytes([10, 0, 0, 2]), 80
    assert (fd.is_named, fd.is_name_due) == (False, False)
    fd.name_later()
    assert (fd.is_named, fd.is_name_due) == (True, True)
    assert fd.copy().name == "10.0.0.1:40000->10.0.0.2:80"
    assert fd.name == "10.0.0.1:40000->10.0.0.2:80"
    fd.dport = 81
    assert (fd.name, fd.is_name_due) == ("10.0.0.1:40000->10.0.0.2:80", False)
