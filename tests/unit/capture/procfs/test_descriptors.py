"""Descriptors of all kinds are told apart, as the calls that made them would have told them."""

from __future__ import annotations

import os
import select
import signal
import socket
import threading
from pathlib import Path

import pytest

from tercel.capture.procfs.descriptors import MAX_FDS, FdReader
from tercel.state.model import (
    FD_BPF,
    FD_DIRECTORY,
    FD_EVENT,
    FD_EVENTPOLL,
    FD_FIFO,
    FD_FILE_V2,
    FD_INOTIFY,
    FD_IOURING,
    FD_IPV4_SERVSOCK,
    FD_MEMFD,
    FD_PIDFD,
    FD_SIGNALFD,
    FD_TIMERFD,
    FD_UNIX_SOCK,
    FD_UNSUPPORTED,
    FD_USERFAULTFD,
    FdInfo,
)
from tests.unit.capture.procfs.support import MadeUp, directory

CLOEXEC = 1 << 12


def own(number: int) -> FdInfo:
    """Return what is read of a descriptor of this process."""
    with directory("/proc/self") as place:
        found = FdReader().read_one(place, "", number)
    assert found is not None
    return found


def test_a_file_has_path_flags_device_and_inode(tmp_path: Path) -> None:
    """A rule on a file must match whether it was opened before or after the sensor started."""
    path = tmp_path / "log \udcff"
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        fd = own(number)
        assert (fd.kind, fd.name, fd.open_flags) == (FD_FILE_V2, str(path), 2 | 8 | CLOEXEC)
        facts = os.fstat(number)
        assert fd.ino == facts.st_ino
        # On file systems without a device of their own (overlay, btrfs) both may differ.
        assert fd.dev == facts.st_dev & 0xFFFFFFFF or os.major(facts.st_dev) == 0
        assert fd.mount_id > 0
        path.unlink()
        assert own(number).name == str(path)
    finally:
        os.close(number)


def test_directories_and_named_pipes_are_no_files(tmp_path: Path) -> None:
    """The type of a descriptor decides what is asked of it."""
    os.mkfifo(tmp_path / "fifo")
    for path, flags, kind in ((tmp_path, os.O_RDONLY, FD_DIRECTORY), (tmp_path / "fifo", os.O_RDWR, FD_FIFO)):
        number = os.open(path, flags)
        try:
            fd = own(number)
            assert (fd.kind, fd.name, fd.ino) == (kind, str(path), os.fstat(number).st_ino)
        finally:
            os.close(number)


def test_both_ends_of_a_pipe_have_one_inode() -> None:
    """By it the two processes of a pipeline are found."""
    read, write = os.pipe()
    try:
        inode = os.fstat(read).st_ino
        ends = [own(read), own(write)]
        assert [(fd.kind, fd.name, fd.ino) for fd in ends] == [(FD_FIFO, f"pipe:[{inode}]", inode)] * 2
        assert [fd.open_flags for fd in ends] == [1 | CLOEXEC, 2 | CLOEXEC]
    finally:
        os.close(read)
        os.close(write)


def test_a_descriptor_that_stays_open_over_exec_says_so() -> None:
    """After an exec the state drops those that do not."""
    number = os.eventfd(0, 0)
    try:
        fd = own(number)
        assert (fd.kind, fd.open_flags & CLOEXEC) == (FD_EVENT, 0)
        assert fd.name == "anon_inode:[eventfd]"
    finally:
        os.close(number)


def test_a_file_in_memory_has_the_name_that_it_was_given() -> None:
    """The call that makes one tells that name too."""
    number = os.memfd_create("pay load")
    try:
        fd = own(number)
        assert (fd.kind, fd.name, fd.ino) == (FD_MEMFD, "pay load", os.fstat(number).st_ino)
    finally:
        os.close(number)


def test_a_pidfd_knows_its_process() -> None:
    """Copying a descriptor through it needs to know whose."""
    number = os.pidfd_open(os.getpid())
    try:
        fd = own(number)
        assert (fd.kind, fd.name, fd.pid) == (FD_PIDFD, f"/proc/{os.getpid()}", os.getpid())
    finally:
        os.close(number)


def test_an_epoll_is_one() -> None:
    """The list of what it watches, which follows in its file, is not read."""
    with select.epoll() as epoll:
        for number in (0, 1, 2):
            os.fstat(number)
        assert own(epoll.fileno()).kind == FD_EVENTPOLL


def test_sockets_have_their_ends() -> None:
    """Sockets are looked up in the lists of the process's own network."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        fd = own(server.fileno())
        assert (fd.kind, fd.dport) == (FD_IPV4_SERVSOCK, server.getsockname()[1])
        assert fd.ino == os.fstat(server.fileno()).st_ino
    left, right = socket.socketpair()
    with left, right:
        assert own(left.fileno()).kind == FD_UNIX_SOCK


def test_all_of_a_process_come_with_their_numbers(tmp_path: Path) -> None:
    """Including those that are far from the others."""
    number = os.open(tmp_path, os.O_RDONLY)
    try:
        os.dup2(number, 1000)
        with directory("/proc/self") as place:
            found = dict(FdReader().read_all(place, ""))
        assert {number, 1000} <= set(found)
        assert (found[1000].name, found[1000].open_flags & CLOEXEC) == (str(tmp_path), 0)
    finally:
        os.close(number)
        os.close(1000)


def test_a_descriptor_that_is_not_open_is_none() -> None:
    """It may have been closed between the event and the look."""
    with directory("/proc/self") as place:
        assert FdReader().read_one(place, "", 12345) is None


@pytest.mark.parametrize(
    ("link", "kind"),
    [
        ("anon_inode:[signalfd]", FD_SIGNALFD),
        ("anon_inode:[timerfd]", FD_TIMERFD),
        ("anon_inode:inotify", FD_INOTIFY),
        ("anon_inode:[io_uring]", FD_IOURING),
        ("anon_inode:[userfaultfd]", FD_USERFAULTFD),
        ("anon_inode:bpf-map", FD_BPF),
        ("anon_inode:bpf-prog", FD_BPF),
        ("anon_inode:[eventpoll]", FD_EVENTPOLL),
        ("anon_inode:[pidfd]", FD_PIDFD),
        ("anon_inode:[fanotify]", FD_UNSUPPORTED),
        ("anon_inode:", FD_UNSUPPORTED),
        ("pipe:[x]", FD_FIFO),
    ],
)
def test_what_has_no_path_is_told_by_its_name(made_up: MadeUp, link: str, kind: int) -> None:
    """Kernels of all ages write some of the names with brackets, some without."""
    place = made_up.process(10)
    (place / "fd" / "3").symlink_to(link)
    (place / "fdinfo" / "3").write_bytes(b"pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t1044\n")
    with directory(str(place)) as process:
        ((number, fd),) = FdReader().read_all(process, "")
    assert (number, fd.kind, fd.name, fd.mount_id) == (3, kind, link, 15)
    assert fd.ino == (0 if kind == FD_FIFO else 1044)


@pytest.mark.parametrize("data", [b"", b"flags:", b"flags:\tnine\nmnt_id:\t\n", b"\xff" * 600])
def test_a_damaged_fdinfo_leaves_flags_unknown(made_up: MadeUp, data: bytes) -> None:
    """The rest is known without it."""
    place = made_up.process(10)
    (place / "fd" / "0").symlink_to("anon_inode:[eventfd]")
    (place / "fdinfo" / "0").write_bytes(data)
    (place / "fd" / "nonsense").symlink_to("/")
    with directory(str(place)) as process:
        ((_, fd),) = FdReader().read_all(process, "")
    assert (fd.kind, fd.open_flags & ~1, fd.mount_id) == (FD_EVENT, 0, 0)


def test_a_process_is_read_up_to_the_most_that_its_table_takes(made_up: MadeUp) -> None:
    """A program may have a million files open."""
    place = made_up.process(10)
    for number in range(MAX_FDS + 5):
        (place / "fd" / str(number)).symlink_to("pipe:[1]")
    with directory(str(place)) as process:
        assert len(FdReader().read_all(process, "")) == MAX_FDS


def test_descriptors_that_come_and_go_are_left_out() -> None:
    """A process does not stand still while it is looked at."""
    is_over = threading.Event()

    def open_and_close() -> None:
        while not is_over.is_set():
            os.close(os.eventfd(0))

    thread = threading.Thread(target=open_and_close)
    thread.start()
    try:
        with directory("/proc/self") as place:
            for _ in range(200):
                assert FdReader().read_all(place, "")
    finally:
        is_over.set()
        thread.join()


def test_a_signalfd_and_a_timerfd_of_the_kernel() -> None:
    """The names in the table are those of this kernel as well."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    mask = (ctypes.c_ulong * 16)(1 << (signal.SIGUSR1 - 1))
    made = {libc.signalfd(-1, mask, 0): FD_SIGNALFD, libc.timerfd_create(1, 0): FD_TIMERFD}
    made[libc.inotify_init()] = FD_INOTIFY
    try:
        assert {number: own(number).kind for number in made} == made
    finally:
        for number in made:
            os.close(number)
