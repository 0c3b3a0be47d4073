"""Sockets are found in the kernel's lists by their inodes, with both ends the right way round."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from tercel.capture.procfs.sockets import (
    SocketTables,
    network,
    parse_inet,
    parse_netlink,
    parse_unix,
    protocol_of,
)
from tercel.state.model import (
    FD_IPV4_SERVSOCK,
    FD_IPV4_SOCK,
    FD_IPV6_SOCK,
    FD_NETLINK,
    FD_UNIX_SOCK,
    FD_UNSUPPORTED,
    L4_TCP,
    L4_UDP,
    FdInfo,
)
from tests.unit.capture.procfs.support import directory

needs_little = pytest.mark.skipif(sys.byteorder != "little", reason="the lines below are those of such a machine")

HEAD = b"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
TCP = (
    HEAD
    + b"   0: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 100 1 0 99\n"
    + b"   1: 0100007F:0016 0200000A:C350 01 00000000:00000000 00:00000000 00000000     0        0 101 1 0 99\n"
    + b"  cut: 0100007F\n"
    + b"   2: 01007F:0016 0200000A:C350 01 00000000:00000000 00:00000000 00000000     0        0 102 1 0 99\n"
    + b"   3: zzzzzzzz:0016 zzzzzzzz:0050 01 00000000:00000000 00:00000000 00000000     0        0 103 1 0 99\n"
)
TCP6 = (
    HEAD + b"   0: 00000000000000000000000001000000:1F90 0000000000000000FFFF00000100007F:0050 01 0:0 0:0 0 0 0 200 1\n"
)
UNIX = (
    b"Num       RefCount Protocol Flags    Type St Inode Path\n"
    b"ffff88003a6b2800: 00000002 00000000 00010000 0001 01 300 /run/a b\xff.sock\n"
    b"0000000000000000: 00000003 00000000 00000000 0001 03 301\n"
    b"0000000000000000: 00000003 00000000 00000000 0001 03   302 @abstract\n"
    b"0000000000000000: 00000003 00000000 00000000 0001 03 303 /x\n"
    b"0000000000000000: 00000003 00000000 00000000 0001 03 300 /forged\n"
)


def found(inode: int, protocol: bytes = b"") -> FdInfo:
    """Return what the lists of this process tell of an inode."""
    with directory("/proc/self") as place:
        return SocketTables().find(inode, protocol, network(place, ""), place, "")


def made_up(tmp_path: Path, **tables: bytes) -> Path:
    """Return the directory of a process with such lists."""
    (tmp_path / "net").mkdir()
    for name, data in tables.items():
        (tmp_path / "net" / name).write_bytes(data)
    return tmp_path


@needs_little
def test_a_listening_socket_has_its_address_on_the_right(tmp_path: Path) -> None:
    """The server's end is the destination, as in the list of a capture."""
    with directory(str(made_up(tmp_path, tcp=TCP))) as place:
        fd = SocketTables().find(100, b"TCP", 1, place, "")
    assert (fd.kind, fd.l4proto, fd.dip, fd.dport, fd.sport) == (FD_IPV4_SERVSOCK, L4_TCP, b"\x7f\0\0\x01", 22, 0)


@needs_little
def test_a_connected_socket_has_its_own_end_on_the_left(tmp_path: Path) -> None:
    """Who is the server is found out once all are known."""
    with directory(str(made_up(tmp_path, tcp=TCP, tcp6=TCP6))) as place:
        fd = SocketTables().find(101, b"TCP", 1, place, "")
        ipv6 = SocketTables().find(200, b"", 1, place, "")
    assert (fd.kind, fd.sip, fd.sport, fd.dip, fd.dport) == (
        FD_IPV4_SOCK,
        b"\x7f\0\0\x01",
        22,
        b"\n\0\0\x02",
        50000,
    )
    assert (ipv6.kind, ipv6.sip, ipv6.sport) == (FD_IPV6_SOCK, bytes(15) + b"\x01", 8080)
    assert (ipv6.dip, ipv6.dport) == (bytes(10) + b"\xff\xff\x7f\0\0\x01", 80)


@pytest.mark.parametrize("inode", [102, 103, 104])
def test_a_damaged_or_missing_line_leaves_the_kind(tmp_path: Path, inode: int) -> None:
    """A socket that was never bound is in no list, but of its protocol nonetheless."""
    with directory(str(made_up(tmp_path, tcp=TCP))) as place:
        fd = SocketTables().find(inode, b"TCP", 1, place, "")
    assert (fd.kind, fd.l4proto, fd.sip, fd.dip, fd.dport) == (FD_IPV4_SOCK, L4_TCP, bytes(4), bytes(4), 0)


def test_paths_of_unix_sockets_keep_their_bytes(tmp_path: Path) -> None:
    """Blanks and other bytes belong to the path, the line end does not."""
    table = parse_unix(UNIX)
    assert table[301] == (b"0000000000000000", b"")
    assert table[302][1] == b"@abstract"
    with directory(str(made_up(tmp_path, unix=UNIX[: UNIX.index(b"0000000000000000: 00000003")]))) as place:
        fd = SocketTables().find(300, b"UNIX", 1, place, "")
    assert (fd.kind, fd.source, fd.dest) == (FD_UNIX_SOCK, 0xFFFF88003A6B2800, 0)
    assert fd.name == "/run/a b\udcff.sock"


def test_a_path_cannot_pose_as_another_sockets_line() -> None:
    """A line end in a path makes what follows look like a socket of its own: such a one has no path."""
    assert parse_unix(UNIX)[300] == (b"0", b"")


@pytest.mark.parametrize("parse", [parse_inet, parse_netlink, parse_unix])
@pytest.mark.parametrize("data", [b"", b"\n", HEAD, b"\xff" * 50, HEAD + b"a b c d e f g h i j k\n" * 3])
def test_damaged_lists_are_empty(parse: object, data: bytes) -> None:
    """A list that makes no sense tells of no sockets."""
    assert callable(parse)
    assert parse(data) == {}


def test_sockets_of_other_kinds_have_the_name_of_their_link(tmp_path: Path) -> None:
    """Rules see at least that it is a socket."""
    with directory(str(made_up(tmp_path))) as place:
        for protocol in (b"AF_VSOCK", b""):
            fd = SocketTables().find(5, protocol, 1, place, "")
            assert (fd.kind, fd.name) == (FD_UNSUPPORTED, "socket:[5]")


def test_a_list_is_read_once_per_namespace(tmp_path: Path) -> None:
    """A list of all connections is long, and every process of a namespace would read the same one."""
    tables = SocketTables()
    with directory(str(made_up(tmp_path, netlink=HEAD))) as place:
        tables.find(1, b"NETLINK", 1, place, "")
        (tmp_path / "net" / "unix").write_bytes(UNIX)
        assert tables.find(302, b"UNIX", 1, place, "").name == "@abstract"
        (tmp_path / "net" / "unix").write_bytes(b"")
        assert tables.find(302, b"UNIX", 1, place, "").name == "@abstract"
        assert tables.find(302, b"UNIX", 2, place, "").name == ""


def test_the_kernels_lists_have_the_sockets_of_this_process() -> None:
    """The made-up lists above look like the kernel's, whichever way a socket is looked for."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        for protocol in (b"TCP", b""):
            fd = found(os.fstat(server.fileno()).st_ino, protocol)
            assert (fd.kind, fd.dip, fd.dport) == (FD_IPV4_SERVSOCK, b"\x7f\0\0\x01", server.getsockname()[1])
            fd = found(os.fstat(client.fileno()).st_ino, protocol)
            assert (fd.kind, fd.sport, fd.dport) == (FD_IPV4_SOCK, client.getsockname()[1], server.getsockname()[1])


def test_the_kernel_names_the_protocol() -> None:
    """So a socket is looked for in one list only."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW) as netlink,
    ):
        assert protocol_of(f"/proc/self/fd/{udp.fileno()}") == b"UDP"
        fd = found(os.fstat(udp.fileno()).st_ino, b"UDP")
        assert (fd.kind, fd.l4proto) == (FD_IPV4_SOCK, L4_UDP)
        netlink.bind((0, 0))
        assert found(os.fstat(netlink.fileno()).st_ino).kind == FD_NETLINK
    assert protocol_of("/proc/self/exe") == b""
    assert protocol_of("/nowhere") == b""
