from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.fields.fdlist import listed_numbers
from tercel.state.model import FD_FIFO, FD_FILE_V2, FD_IPV4_SERVSOCK, FD_IPV4_SOCK, FD_IPV6_SOCK
from tests.unit.fields.scene import Scene


def fd_list(*numbers: int) -> bytes:
    """Return the bytes of a list of descriptors."""
    return struct.pack("<H", len(numbers)) + b"".join(struct.pack("<qh", number, 1) for number in numbers)


@pytest.fixture
def scene() -> Scene:
    """A process with a file, a pipe, a connection of each family and a bound socket."""
    made = Scene()
    process = made.thread(10)
    made.fd(process, 0, FD_FILE_V2, name="/dev/null")
    made.fd(process, 1, FD_FIFO)
    ends = {"sip": b"\x01\x02\x03\x04", "sport": 5, "dip": b"\x06\x07\x08\x09", "dport": 10}
    made.fd(process, 3, FD_IPV4_SOCK, name="1.2.3.4:5->6.7.8.9:10", **ends)
    made.fd(process, 4, FD_IPV4_SERVSOCK, name="6.7.8.9:10", dip=b"\x06\x07\x08\x09", dport=10)
    made.fd(process, 5, FD_IPV6_SOCK, name="6", sip=b"\x00" * 15 + b"\x01", dip=b"\x00" * 15 + b"\x02", dport=7)
    made.show("SYSCALL_POLL_E", fd_list(0, 1, 3, 4, 5, -1, 9), 0, thread=process)
    return made


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("fdlist.nums", "0,1,3,4,5,-1,9"),
        ("fdlist.names", "/dev/null,<NA>,1.2.3.4:5->6.7.8.9:10,6.7.8.9:10,6,<NA>,<NA>"),
        ("fdlist.cips", "1.2.3.4,::1"),
        ("fdlist.sips", "6.7.8.9,6.7.8.9,::2"),
        ("fdlist.cports", "5,10,0"),
        ("fdlist.sports", "10,10,7"),
    ],
)
def test_the_words_of_all_descriptors_are_listed(scene: Scene, field: str, value: str) -> None:
    """Descriptors that have no such word are left out, except that every one has a name."""
    assert scene.value(field) == value
    scene.show("SYSCALL_POLL_X", 1, fd_list(0, 1, 3, 4, 5, -1, 9), thread=scene.machine.threads[10])
    assert scene.value(field) == value


@pytest.mark.parametrize("field", ["fdlist.nums", "fdlist.names", "fdlist.cips"])
def test_there_is_no_value_without_a_list(scene: Scene, field: str) -> None:
    """Other events, empty lists and events without a thread have none."""
    process = scene.machine.threads[10]
    scene.show("SYSCALL_CLOSE_E", 3, thread=process)
    assert scene.value(field) is None
    scene.show("SYSCALL_POLL_E", fd_list(), 0, thread=process)
    assert scene.value(field) is None
    scene.show("SYSCALL_POLL_E", fd_list(1), 0)
    assert scene.value(field) is None


def test_a_list_without_sockets_has_no_addresses(scene: Scene) -> None:
    """An empty list of words is no value."""
    scene.show("SYSCALL_POLL_E", fd_list(0, 1), 0, thread=scene.machine.threads[10])
    assert scene.value("fdlist.cips") is None


@given(st.binary(max_size=64))
def test_any_bytes_are_a_list(data: bytes) -> None:
    """A damaged list has as many items as it has whole ones."""
    scene = Scene()
    scene.show("SYSCALL_POLL_E", data, 0, thread=scene.thread(10))
    assert len(listed_numbers(scene.ctx)) == max(len(data) - 2, 0) // 10
