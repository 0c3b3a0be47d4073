from __future__ import annotations

import pytest

from tercel.state import model
from tercel.state.listed import complete_fd, fd_as_listed
from tercel.state.machine import Machine
from tercel.state.model import FdInfo, Interface, ThreadInfo
from tests.unit.state.build import packed

MAPPED = bytes(10) + b"\xff\xff"


def socket(kind: int, sip: bytes, sport: int, dip: bytes, dport: int) -> FdInfo:
    """Return a listed TCP socket."""
    fd = FdInfo(kind)
    fd.sip = sip
    fd.sport = sport
    fd.dip = dip
    fd.dport = dport
    fd.l4proto = model.L4_TCP
    return fd


@pytest.fixture
def machine() -> Machine:
    """Return a machine with an interface and two processes, whose list is not complete yet."""
    found = Machine()
    found.interface(Interface("eth0", packed("10.0.0.5"), packed("255.0.0.0"), packed("10.255.255.255")))
    for tid in (1, 2):
        thread = ThreadInfo(tid)
        thread.pid = tid
        thread.ptid = 0
        found.thread(thread)
    return found


def test_zeros_behind_an_environment_are_no_part_of_it(machine: Machine) -> None:
    """Those between its texts are."""
    thread = ThreadInfo(3)
    thread.env = ["A=1", "", "B=2", "", ""]
    machine.thread(thread)
    assert thread.env == ["A=1", "", "B=2"]


def test_the_side_with_the_listening_port_is_the_server(machine: Machine) -> None:
    """The client comes to stand on the left; who neither listens is the client."""
    machine.fd(1, 3, socket(model.FD_IPV4_SERVSOCK, b"", 0, bytes(4), 80))
    machine.fd(2, 4, socket(model.FD_IPV4_SOCK, packed("10.0.0.5"), 80, packed("10.0.0.9"), 4000))
    machine.fd(2, 5, socket(model.FD_IPV4_SOCK, packed("10.0.0.5"), 4001, packed("10.0.0.9"), 443))
    machine.metadata_done()
    fds = machine.threads[2].fds
    assert (fds[4].name, fds[4].role) == ("10.0.0.9:4000->10.0.0.5:80", model.ROLE_SERVER)
    assert (fds[5].name, fds[5].role) == ("10.0.0.5:4001->10.0.0.9:443", model.ROLE_CLIENT)
    assert machine.threads[1].fds[3].name == "0.0.0.0:80"


def test_unix_sockets_with_a_name_are_servers(machine: Machine) -> None:
    """Line ends that old recorders took into the name go."""
    fd = FdInfo(model.FD_UNIX_SOCK)
    fd.name = "/run/x\n"
    machine.fd(1, 3, fd)
    machine.fd(1, 4, FdInfo(model.FD_UNIX_SOCK))
    assert (fd.name, fd.role) == ("/run/x", model.ROLE_SERVER)
    assert machine.threads[1].fds[4].role == model.ROLE_CLIENT
    assert fd_as_listed(fd).name == "/run/x\n"


@pytest.mark.parametrize(
    "listed",
    [
        socket(model.FD_IPV4_SOCK, packed("10.0.0.5"), 80, packed("10.0.0.9"), 4000),
        socket(model.FD_IPV4_SOCK, bytes(4), 1, packed("10.0.0.9"), 2),
        socket(model.FD_IPV4_SOCK, packed("10.0.0.5"), 1, bytes(4), 0),
        socket(model.FD_IPV6_SOCK, MAPPED + packed("1.2.3.4"), 1, MAPPED + packed("5.6.7.8"), 2),
        socket(model.FD_IPV6_SOCK, bytes(16), 80, MAPPED + packed("5.6.7.8"), 2),
        socket(model.FD_IPV6_SOCK, MAPPED + bytes(4), 80, bytes(16), 2),
        socket(model.FD_IPV6_SOCK, b"\x20" * 16, 1, b"\x30" * 16, 2),
        socket(model.FD_IPV6_SERVSOCK, b"", 0, bytes(16), 80),
    ],
)
def test_what_was_listed_comes_out_as_it_came_in(machine: Machine, listed: FdInfo) -> None:
    """Whatever form the table gives it."""
    machine.fd(1, 9, socket(model.FD_IPV4_SERVSOCK, b"", 0, bytes(4), 80))
    fd = listed.copy()
    machine.fd(2, 3, fd)
    machine.metadata_done()
    again = fd_as_listed(machine.threads[2].fds[3])
    assert (again.kind, again.sip, again.sport, again.dip, again.dport, again.name) == (
        listed.kind, listed.sip, listed.sport, listed.dip, listed.dport, "",
    )  # fmt: skip


def test_a_descriptor_that_an_event_changed_comes_out_changed(machine: Machine) -> None:
    """The list is old news then."""
    fd = socket(model.FD_IPV4_SOCK, bytes(4), 1, packed("10.0.0.9"), 2)
    complete_fd(fd, machine.interfaces)
    machine.threads[1].fds[3] = fd
    own = machine.own_fd(machine.threads[1], 3)
    assert own is not None
    assert fd_as_listed(own) is own
