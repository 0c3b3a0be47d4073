"""The simulation decides as the probe does: each kind of guard, each thing that changes what is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from tercel.capture.ebpf.guards import (
    Guard,
    GuardDrop,
    GuardEffect,
    GuardKind,
    KernelPolicy,
    PathTables,
    combo,
)
from tercel.capture.ebpf.rows import row_sources
from tercel.capture.savefile.blocks import DUMP_STATE_ONLY
from tercel.events.table import EVENT_BY_ENUM, EVENTS
from tercel.events.types import PT_CHARBUF, PT_FD, PT_FLAGS32, PT_FSPATH, PT_FSRELPATH
from tests.compat.made_up_calls import (
    ALL,
    AT_FDCWD,
    CLOSE,
    COPY,
    CREAT,
    DIRECTORY,
    F_DUPFD,
    F_DUPFD_CLOEXEC,
    F_GETFD,
    F_SETFD,
    FAILED,
    FCNTL,
    FILES,
    GUARDS,
    NEWPID,
    OPEN,
    OPENAT,
    PARENT,
    PATH,
    RDONLY,
    READ,
    SHELL,
    STREAM,
    THREAD,
    TMPFILE,
    TRANSFER,
    TRUNC,
    UNKNOWN,
    WRONLY,
    Play,
    trie,
)
from tests.compat.simulate import (
    LONGEST_KEPT,
    NUMBERS,
    SLOTS,
    WIDE_STEPS,
    Simulation,
    directories_in,
    is_judged,
    kernel_flags,
    path_combos,
    place_of,
)
from tests.paths import ROOT
from tests.unit.state.build import ipv4_tuple, ipv6_tuple, make_event


def test_everything_is_known_at_first() -> None:
    """Whatever was there before may have an entry: the first close of each number is sent, the next one is not."""
    play = Play()
    assert play.knows(0, 3, NUMBERS - 1) == [True, True, True]
    assert [play.close(3), play.close(3), play.close(4)] == [False, True, False]
    assert play.knows(3, 4, 5) == [False, False, True]
    assert play.simulation.dropped == {"close": 1}


def test_great_and_negative_numbers_are_always_known() -> None:
    """There are bits for so many descriptors, and what has none is sent."""
    play = Play()
    assert [play.close(NUMBERS) for _ in range(2)] == [False, False]
    assert [play.close(-1, result=0) for _ in range(2)] == [False, False]


def test_a_close_that_failed_leaves_the_entry() -> None:
    """It is dropped, or sent where some rule is about it, and the bit stays."""
    play = Play()
    assert play.close(3, result=-9)
    assert not play.close(3)
    play = Play(close=replace(CLOSE, drops=UNKNOWN))
    assert not play.close(3, result=-9)
    assert play.knows(3) == [True]


def test_a_close_is_only_dropped_where_that_was_said() -> None:
    """Rules may ask for closes of whatever it was; the bit is cleared all the same."""
    play = Play(close=replace(CLOSE, drops=GuardDrop.NOTHING))
    assert [play.close(3), play.close(3)] == [False, False]
    assert play.knows(3) == [False]


def test_a_call_without_a_guard_is_sent() -> None:
    """So are events that are no calls, and calls that only the generic event reports."""
    play = Play()
    assert not play.event(make_event("SYSCALL_FLOCK_X", 0, 3, 0, tid=SHELL))
    assert not play.event(make_event("GENERIC_X", 100, 1, tid=SHELL))
    assert not play.event(make_event("SIGNALDELIVER_E", 1, 2, 3, tid=SHELL))


def test_a_call_that_nobody_needs_is_dropped() -> None:
    """Whatever its result and its descriptor."""
    play = Play(flock=Guard(drops=GuardDrop.ALL))
    assert play.event(make_event("SYSCALL_FLOCK_X", 0, 3, 0, tid=SHELL))
    assert play.event(make_event("SYSCALL_FLOCK_X", -9, 3, 0, tid=SHELL))


def test_an_open_that_no_rule_needs_is_dropped() -> None:
    """On a known number it is sent, since the entry there would be wrong."""
    play = Play()
    assert not play.open(3)
    play.close(3)
    assert play.open(3)
    assert play.knows(3) == [False]
    assert play.open(-2)


def test_an_open_that_is_sent_makes_its_descriptor_known() -> None:
    """Its close is sent then."""
    play = Play(open=replace(OPEN, always=ALL))
    play.close(3)
    assert not play.open(3)
    assert play.knows(3) == [True]
    assert not play.close(3)


@pytest.mark.parametrize("flags", [DIRECTORY, TMPFILE, DIRECTORY | WRONLY])
def test_directories_and_unnamed_files_are_sent(flags: int) -> None:
    """Their paths do not tell what is opened, or later paths begin there."""
    play = Play()
    play.close(3)
    assert not play.open(3, flags=flags)
    assert not play.open(-2, flags=flags)


def test_an_open_of_what_is_a_directory_later_is_sent() -> None:
    """A capture does not tell what kind of file was opened: how it is used does."""
    opened = make_event("SYSCALL_OPEN_X", 3, "/etc", RDONLY, 0, 0, 0, tid=SHELL, ts=5)
    copied = make_event("SYSCALL_DUP2_X", 4, 3, 4, tid=SHELL)
    uses = {
        "fchdir": make_event("SYSCALL_FCHDIR_X", 0, 4, tid=SHELL),
        "getdents64": make_event("SYSCALL_GETDENTS64_X", 0, 3, tid=SHELL),
        "unlinkat": make_event("SYSCALL_UNLINKAT_2_X", 0, 4, "x", 0, tid=SHELL),
        "renameat": make_event("SYSCALL_RENAMEAT_X", 0, AT_FDCWD, "x", 3, "y", tid=SHELL),
    }
    for use in uses.values():
        assert directories_in([opened, copied, use]) == {(5, SHELL)}
        play = Play(directories=directories_in([opened, copied, use]))
        play.close(3)
        assert not play.event(opened)
        assert play.knows(3) == [True]
    other = [
        make_event("SYSCALL_UNLINKAT_2_X", 0, 3, "/x", 0, tid=SHELL),
        make_event("SYSCALL_NEWFSTATAT_X", 0, 3, "", 0, tid=SHELL),
        make_event("SYSCALL_NEWFSTATAT_X", 0, 3, None, 0, tid=SHELL),
    ]
    assert directories_in([opened, copied, *other]) == frozenset()


def test_combos_tell_opens_apart() -> None:
    """Access, creation, truncation and failure, in the kernel's numbers."""
    assert kernel_flags(RDONLY) == 0
    assert kernel_flags(WRONLY) == 1
    assert kernel_flags(3) == 2
    assert kernel_flags(0) == 3
    assert kernel_flags(WRONLY | CREAT | TRUNC | 4096) == 0o1101
    play = Play(open=replace(OPEN, always=1 << combo(False, 0o1101) | 1 << combo(True, 1)))
    for number in (3, 4):
        play.close(number)
    assert not play.open(3, flags=WRONLY | CREAT | TRUNC)
    assert play.open(4, flags=WRONLY)
    assert not play.open(-2, flags=WRONLY)
    assert play.open(-2, flags=RDONLY)


def asking(tables: PathTables | None = None, paths: int = ALL) -> Play:
    """Return a play in which opens are judged by their paths."""
    return Play(tables, open=replace(OPEN, maybe=ALL, paths=paths), openat=replace(OPENAT, maybe=ALL, paths=paths))


ODD: Final = (
    "", "etc/x", "/etc/", "/etc//x", "/etc/./x", "/etc/../x", "/etc/.x", "/e./x", "/e\x01", "/\u00e9", "/" + "x" * 127,
)  # fmt: skip


@pytest.mark.parametrize("path", ODD)
def test_odd_paths_are_sent(path: str) -> None:
    """What they name is not what they look like."""
    assert not is_judged(path.encode())
    play = asking()
    assert not play.open(-2, path)


def test_paths_of_the_usual_form_are_judged() -> None:
    """Dots in names and all printable letters are nothing odd; 127 bytes are not too many."""
    for path in ("/etc/x.so", "/a b~/x..y", "/" + "x" * 126):
        assert is_judged(path.encode())
        assert asking().open(-2, path)
        assert asking(paths=0).open(-2, path)


def test_a_path_from_a_directory_is_sent() -> None:
    """Its descriptor may be anything; the working directory is judged by the path alone."""
    play = asking()
    assert not play.openat(-2, 3, "/etc/x")
    assert not play.openat(-2, 3, "x")
    assert not play.openat(-2, AT_FDCWD, "x")
    assert play.openat(-2, AT_FDCWD, "/etc/x")


@pytest.mark.parametrize(
    ("place", "matched", "others"),
    [
        (0, ["/etc/x", "/etc/x/y", "/etc/"], ["/etc", "/et", "/usr/etc/x"]),
        (1, ["/etc/"], ["/etc", "/etc/x"]),
        (2, ["/etc/", "/etc/x"], ["/etc", "/etc/x/y"]),
    ],
)
def test_the_forward_trie(place: int, matched: list[str], others: list[str]) -> None:
    """Texts that a path begins with, that it is, and directories that a file is in."""
    masks = tuple(6 if place == at else 0 for at in range(4))
    tables = PathTables(forward=trie(b"/etc/", masks=(masks[0], masks[1], masks[2], masks[3])))
    assert [path_combos(tables, path.encode()) for path in matched] == [6] * len(matched)
    assert [path_combos(tables, path.encode()) for path in others] == [0] * len(others)


def test_the_backward_trie_and_grams() -> None:
    """Texts that a path ends with, and four bytes anywhere."""
    tables = PathTables(backward=trie(b"os.", masks=(1, 8, 8, 8)), grams={b"/tmp": 2, b"cron": 4})
    found = {path: path_combos(tables, path.encode()) for path in ("/x.so", "/x.soa", "/tmp", "/tm", "/a/cron.so")}
    assert found == {"/x.so": 1, "/x.soa": 0, "/tmp": 2, "/tm": 0, "/a/cron.so": 5}


def test_a_veto_bars_its_combos() -> None:
    """Also those that another text of the path has."""
    tables = PathTables(forward=trie(b"/etc/", masks=(0, 0, 0, 2)), grams={b"cron": 6})
    assert path_combos(tables, b"/etc/cron") == 4
    assert path_combos(tables, b"/usr/cron") == 6


def test_an_open_on_a_path_that_rules_ask_for_is_sent() -> None:
    """For those combos alone that they ask for."""
    tables = PathTables(forward=trie(b"/etc/", masks=(1 << combo(False, 0), 0, 0, 0)))
    play = asking(tables)
    for number in (3, 4, 5):
        play.close(number)
    assert not play.open(3, "/etc/passwd")
    assert play.open(4, "/etc/passwd", WRONLY)
    assert play.open(5, "/usr/x")
    assert play.knows(3, 4, 5) == [True, False, False]


def test_calls_on_paths() -> None:
    """They have two combos, and no descriptor."""

    def unlink(play: Play, result: int, path: str) -> bool:
        return play.event(make_event("SYSCALL_UNLINK_2_X", result, path, tid=SHELL))

    play = Play(unlink=PATH)
    assert unlink(play, 0, "x")
    tables = PathTables(forward=trie(b"/etc/", masks=(1, 0, 0, 0)))
    play = Play(tables, unlink=replace(PATH, maybe=3, paths=3))
    assert [unlink(play, 0, "/etc/x"), unlink(play, -2, "/etc/x"), unlink(play, 0, "/x")] == [False, True, True]
    assert not unlink(play, -2, "x")
    assert not unlink(Play(unlink=replace(PATH, always=2)), -2, "/x")
    assert not unlink(Play(unlink=replace(PATH, path=5, maybe=3)), 0, "/x")


def test_copies_of_unknown_descriptors_onto_unknown_ones_are_dropped() -> None:
    """A copy onto a known number takes its entry away, so it is sent, and the number counts as known."""
    play = Play()
    for number in (3, 4, 5):
        play.close(number)
    assert play.dup2(3, 4)
    assert not play.dup2(3, 6)
    assert not play.dup2(6, 4)
    assert play.knows(3, 4, 5, 6) == [False, True, False, True]
    assert play.dup2(3, 5, result=-9)
    assert not Play(dup2=replace(COPY, drops=UNKNOWN)).dup2(3, 5, result=-9)
    play = Play(dup2=replace(COPY, drops=FAILED))
    for number in (3, 4):
        play.close(number)
    assert not play.dup2(3, 4)
    assert play.knows(4) == [True]


def test_a_copy_of_what_the_event_does_not_tell_is_sent() -> None:
    """Old exits do not name the descriptor."""
    play = Play()
    play.close(4)
    assert not play.event(make_event("SYSCALL_DUP2_X", 4, None, 4, tid=SHELL))
    assert play.knows(4) == [True]


def test_commands_of_fcntl() -> None:
    """Those that change no descriptor are dropped at once, two copy, one changes its descriptor."""
    play = Play()
    play.close(3)
    play.close(7)
    assert [play.fcntl(5, F_GETFD), play.fcntl(5, F_GETFD, -9), play.fcntl(5, 0)] == [True, True, True]
    assert [play.fcntl(3, F_SETFD), play.fcntl(5, F_SETFD)] == [True, False]
    assert play.fcntl(3, F_DUPFD, 7)
    assert not play.fcntl(5, F_DUPFD_CLOEXEC, 7)
    assert play.knows(7) == [True]
    assert play.fcntl(3, F_DUPFD, -24)
    assert not play.fcntl(3, None, 7)
    play = Play(fcntl=COPY)
    play.close(3)
    assert not play.fcntl(3, F_GETFD)
    assert play.fcntl(3, F_SETFD)


def test_uses_of_unknown_descriptors_are_dropped() -> None:
    """And calls that failed, where that was said."""
    play = Play()
    assert not play.read(3)
    play.close(3)
    assert play.read(3)
    assert play.read(5, result=-11)
    assert not Play(read=replace(READ, drops=UNKNOWN)).read(5, result=-11)
    assert not play.read(AT_FDCWD)
    play = Play(read=replace(READ, drops=FAILED))
    play.close(3)
    assert not play.read(3)


@pytest.mark.parametrize(("result", "is_settled"), [(0, True), (-115, True), (-111, False)])
def test_transfers_over_a_settled_tcp_connection_are_dropped(result: int, is_settled: bool) -> None:
    """A connect told its ends, or is about to be done; without one no transfer is dropped."""
    play = Play(recvfrom=TRANSFER)
    assert not play.socket(3)
    assert not play.connect(3, result)
    # A copy is as settled as what it was made from.
    play.dup2(3, 8)
    for number in (3, 8):
        assert not play.recv(number, result=-11)
        assert [play.recv(number), play.recv(number)] == [is_settled, is_settled]


def test_a_connect_of_what_is_not_known_settles_nothing() -> None:
    """User space cannot have taken note of its ends."""
    play = Play(recvfrom=TRANSFER, socket=Guard())
    play.close(3)
    play.socket(3)
    play.connect(3)
    assert [play.recv(3), play.recv(3)] == [False, False]


@pytest.mark.parametrize(
    ("domain", "kind", "protocol", "is_dropped"),
    [(2, 1, 0, True), (2, 1 | 0x80000 | 0x800, 6, True), (2, 2, 0, False), (10, 1, 0, False), (2, 1, 262, False)],
)
def test_only_tcp_over_ipv4_is_a_stream(domain: int, kind: int, protocol: int, is_dropped: bool) -> None:
    """Flags beside the type do not matter."""
    play = Play(recvfrom=TRANSFER)
    play.socket(3, domain, kind, protocol)
    play.connect(3)
    assert play.recv(3) == is_dropped


def test_accepted_connections_are_streams() -> None:
    """The exit tells both ends, not the protocol: nothing else is accepted over IPv4."""
    play = Play(recvfrom=TRANSFER)
    ends = {3: ipv4_tuple("10.0.0.1", 1, "10.0.0.2", 2), 4: ipv6_tuple(bytes(16), 1, bytes(16), 2), 5: b""}
    for number, data in ends.items():
        play.event(make_event("SOCKET_ACCEPT_5_X", number, data, 0, 0, 0, tid=SHELL))
    assert [play.recv(number) for number in ends] == [True, False, False]


def test_what_takes_the_place_of_a_stream_is_none() -> None:
    """Closed and opened anew, copied over, closed in a range, made in a pair; after an exec nobody can tell."""
    for change in ("open", "copy", "range", "pair", "exec"):
        play = Play(recvfrom=TRANSFER, open=replace(OPEN, always=ALL))
        play.socket(3)
        play.connect(3)
        if change == "open":
            play.close(3)
            play.open(3)
        elif change == "copy":
            play.dup2(9, 3)
        elif change == "range":
            play.event(make_event("SYSCALL_CLOSE_RANGE_X", 0, 3, 0xFFFFFFFF, 0, tid=SHELL))
        elif change == "pair":
            play.event(make_event("SYSCALL_PIPE_X", 0, 3, 4, 0, tid=SHELL))
        else:
            play.exec(SHELL, SHELL)
        assert not play.recv(3), change


def test_transfers_settle_nothing() -> None:
    """Who is on which side of a connection, and whether it is one, connect and accept tell alone."""
    play = Play(recvfrom=TRANSFER, socket=Guard())
    play.socket(3)
    assert [play.recv(3), play.recv(3)] == [False, False]


def test_a_failed_open_is_about_the_directory_that_it_names() -> None:
    """Whatever the rules say of its path."""
    play = Play(openat=replace(OPEN, path=1, flags=2, dirfd=0))
    assert not play.openat(-2, 5, "nothing")
    assert play.openat(-2, AT_FDCWD, "nothing")


def test_calls_that_make_descriptors() -> None:
    """One, or two; a call that failed made none."""
    play = Play()
    for number in (3, 4, 5, 6):
        play.close(number)
    play.event(make_event("SYSCALL_EVENTFD_X", 3, 0, 0, tid=SHELL))
    play.event(make_event("SYSCALL_EVENTFD_X", -24, 0, 0, tid=SHELL))
    play.event(make_event("SYSCALL_PIPE_X", -24, 6, 6, 0, tid=SHELL))
    play.event(make_event("SYSCALL_PIPE_X", 0, 4, 5, 0, tid=SHELL))
    assert play.knows(3, 4, 5, 6) == [True, True, True, False]


FLOCK: Final = Guard(announces=1)


def keeping(**guards: Guard) -> Play:
    """Return a play in which the open of a file as 3 was dropped."""
    play = Play()
    play.simulation = Simulation(KernelPolicy({**GUARDS, "flock": FLOCK, **guards}))
    play.close(3)
    assert play.open(3, "/etc/hosts", WRONLY | CREAT | 1 << 14)
    return play


def test_a_file_is_told_in_front_of_the_first_call_on_it_that_is_sent() -> None:
    """Once, as what its open told, also where the call failed; its close is sent then."""
    for result in (0, -1):
        play = keeping()
        assert play.flock(3, result) == [(3, "/etc/hosts")]
        assert play.knows(3) == [True]
        assert play.flock(3) == []
        assert not play.close(3)
    play = Play(flock=FLOCK)
    play.close(3)
    values = (3, "/etc/hosts", WRONLY | CREAT | 1 << 14, 0o644, 0xFE00, 77)
    assert play.event(make_event("SYSCALL_OPEN_X", *values, tid=SHELL))
    play.flock(3)
    (made,) = play.simulation.announced
    assert made.info.enum == "SYSCALL_OPENAT_2_X"
    assert made.flags == DUMP_STATE_ONLY
    assert [made.int64(1), made.uint32(3), made.uint32(5), made.int64(6)] == [AT_FDCWD, values[2], 0xFE00, 77]


def test_a_file_that_was_closed_or_replaced_is_not_told() -> None:
    """Whether the probe saw how, or finds another file behind the number."""
    play = keeping()
    assert play.close(3)
    assert play.flock(3) == []
    play = keeping(eventfd=Guard())
    play.event(make_event("SYSCALL_EVENTFD_X", 3, 0, 0, tid=SHELL))
    assert play.flock(3) == []
    play = keeping(close_range=Guard(effect=GuardEffect.CLOSES_RANGE))
    play.event(make_event("SYSCALL_CLOSE_RANGE_X", 0, 2, 9, 0, tid=SHELL))
    assert play.flock(3) == []


def test_a_close_that_rules_ask_for_tells_the_file_first() -> None:
    """The number is unknown afterwards."""
    play = keeping(close=replace(CLOSE, drops=GuardDrop.NOTHING))
    assert not play.close(3)
    assert play.told() == [(3, "/etc/hosts")]
    assert play.knows(3) == [False]
    assert not play.close(3)
    assert play.told() == []


def test_a_copy_of_a_dropped_file_tells_it_first() -> None:
    """Then the copy is like one of a known descriptor; setting whether it survives an exec needs it too."""
    play = keeping()
    play.close(7)
    assert not play.dup2(3, 7)
    assert play.told() == [(3, "/etc/hosts")]
    assert play.knows(3, 7) == [True, True]
    play = keeping()
    assert not play.fcntl(3, F_SETFD)
    assert play.told() == [(3, "/etc/hosts")]
    play = keeping()
    assert play.fcntl(3, F_GETFD)
    assert play.dup2(3, 7, result=-9)
    assert play.told() == []


def test_calls_that_are_dropped_tell_nothing() -> None:
    """Also where there is something to tell."""
    play = keeping(read=replace(READ, announces=1))
    assert play.read(3)
    assert play.told() == []
    play = keeping(read=Guard(GuardKind.ON_FD, STREAM, fd=0, announces=1))
    assert not play.read(3)
    assert play.told() == [(3, "/etc/hosts")]


def test_what_cannot_be_kept_is_sent() -> None:
    """Long paths, odd ones, those from a directory, and where another file has the slot."""
    play = Play(flock=FLOCK)
    for number in (3, 3 + SLOTS):
        play.close(number)
    assert not play.open(3, "/" + "x" * LONGEST_KEPT)
    play.close(3)
    assert not play.open(3, "x")
    play.close(3)
    assert not play.openat(3, 5, "/x")
    play.close(3)
    assert play.open(3, "/" + "x" * (LONGEST_KEPT - 1))
    assert not play.open(3 + SLOTS, "/x")
    play.close(3)
    play.close(3 + SLOTS)
    assert play.open(3 + SLOTS, "/x")
    assert play.open(-2, "x")


def test_a_child_tells_the_files_that_its_parent_opened() -> None:
    """Each process tells them for itself."""
    play = keeping()
    play.clone(20, SHELL)
    assert play.flock(3, tid=20) == [(3, "/etc/hosts")]
    assert play.flock(3) == [(3, "/etc/hosts")]


def test_opens_by_the_name_of_the_program() -> None:
    """The name is that of the exec, and goes on to children of the same name; other threads and programs may match."""

    def play_as(comm: str) -> Play:
        tables = PathTables(comms={b"cat": ALL})
        play = Play(tables, {SHELL: SHELL, 11: SHELL}, open=replace(OPEN, maybe=ALL, comms=ALL))
        assert not play.open(-2)
        play.exec(SHELL, SHELL, comm)
        return play

    assert not play_as("cat").open(-2)
    play = play_as("sh")
    assert play.open(-2)
    play.clone(20, SHELL)
    play.clone(21, SHELL, comm="renamed")
    play.clone(12, SHELL, flags=THREAD | FILES)
    assert [play.open(-2, tid=tid) for tid in (20, 21, 12)] == [True, False, False]


def test_a_program_or_a_path_is_enough() -> None:
    """For the combos that each is asked for; a veto on a path bars both."""
    tables = PathTables(forward=trie(b"/etc/", masks=(ALL, 0, 0, 0)), comms={b"cat": ALL})
    play = Play(tables, open=replace(OPEN, maybe=ALL, comms=ALL, paths=ALL))
    play.exec(SHELL, SHELL, "sh")
    assert [play.open(-2, path) for path in ("/etc/x", "/x")] == [False, True]
    play.exec(SHELL, SHELL, "cat")
    assert not play.open(-2, "/x")
    tables.forward = trie(b"/etc/", masks=(0, 0, 0, ALL))
    assert play.open(-2, "/etc/x")


def test_threads_share_what_is_known() -> None:
    """Those that are there from the start, those that the caller tells of, and those that tell of themselves."""
    play = Play(leaders={SHELL: SHELL, 11: SHELL})
    play.clone(12, SHELL, flags=THREAD | FILES)
    play.clone(0, 13, pid=SHELL, flags=THREAD | FILES)
    for number, tid in ((3, 11), (4, 12), (5, 13)):
        assert not play.close(number, tid=tid)
    assert play.knows(3, 4, 5) == [False, False, False]


@pytest.mark.parametrize("sides", [["caller"], ["child"], ["caller", "child"], ["child", "caller"]])
def test_a_new_process_knows_what_its_parent_knew(sides: list[str]) -> None:
    """Whichever side of the call is told first; then each goes its own way."""
    play = Play()
    play.close(3)
    for number, side in enumerate(sides):
        if side == "caller":
            play.clone(20, SHELL)
        else:
            play.clone(0, 20, ptid=SHELL)
        if number == 0:
            assert play.knows(3, 4, tid=20) == [False, True]
            assert not play.close(4, tid=20)
    assert play.knows(3, 4, tid=20) == [False, False]
    assert play.knows(3, 4) == [False, True]


def test_a_process_whose_number_is_given_out_anew_begins_anew() -> None:
    """Whether its end was told or not."""
    for is_told in (True, False):
        play = Play()
        play.clone(20, SHELL)
        play.clone(0, 20, ptid=SHELL)
        play.close(3, tid=20)
        if is_told:
            play.end(20)
        play.clone(0, 20, ptid=SHELL)
        assert play.knows(3, tid=20) == [True]


def test_where_threads_may_change_descriptors_meanwhile_all_are_known() -> None:
    """A process with several threads gives its child nothing; after an exec it has one again."""
    play = Play(leaders={SHELL: SHELL, 11: SHELL})
    play.close(3)
    play.clone(20, SHELL)
    assert play.knows(3, tid=20) == [True]
    play.exec(SHELL, SHELL)
    play.clone(21, SHELL)
    assert play.knows(3, tid=21) == [False]
    play = Play(leaders={SHELL: SHELL, 11: SHELL})
    play.close(3)
    play.end(11)
    play.clone(20, SHELL)
    assert play.knows(3, tid=20) == [False]


def test_processes_that_share_descriptors_are_not_tracked() -> None:
    """Neither of the two from then on."""
    play = Play()
    play.close(3)
    play.clone(20, SHELL, flags=FILES)
    for tid in (SHELL, 20):
        assert not play.close(4, tid=tid)
        assert play.knows(3, 4, tid=tid) == [True, True]


def test_children_of_others_and_in_other_namespaces() -> None:
    """What such a call returns is no child of the caller, or not the number that its events carry."""
    play = Play()
    play.close(3)
    play.clone(20, SHELL, flags=PARENT)
    play.clone(0, 21, ptid=SHELL, flags=PARENT)
    play.clone(22, SHELL, flags=NEWPID)
    play.clone(23, SHELL, vtid=5)
    assert [play.knows(3, tid=tid) for tid in (20, 21, 22, 23)] == [[True]] * 4
    play.clone(0, 24, ptid=SHELL, vtid=1)
    assert play.knows(3, tid=24) == [False]


def test_an_exec_by_another_thread_ends_all_others() -> None:
    """It goes on under the number of the first one, with the same descriptors."""
    play = Play(leaders={SHELL: SHELL, 11: SHELL})
    play.close(3, tid=11)
    play.exec(SHELL, SHELL)
    assert play.knows(3) == [False]
    play.end(SHELL)
    assert play.knows(3) == [True]


@pytest.mark.parametrize("name", ["SETUP", "ENTER"])
def test_owners_of_rings_are_not_tracked(name: str) -> None:
    """Their requests make and close descriptors; a child of theirs knows everything, and is tracked."""
    play = Play()
    play.close(3)
    play.event(make_event(f"SYSCALL_IO_URING_{name}_X", 5, 5, tid=SHELL))
    assert not play.close(3)
    assert play.knows(3) == [True]
    play.clone(20, SHELL)
    assert play.knows(3, tid=20) == [True]
    assert [play.close(3, tid=20), play.close(3, tid=20)] == [False, True]


def test_events_that_do_not_tell_enough_are_sent() -> None:
    """Without result, descriptor or flags; an event of an old type may have done anything."""
    play = Play()
    play.close(3)
    assert not play.event(make_event("SYSCALL_CLOSE_X", None, 3, tid=SHELL))
    assert not play.event(make_event("SYSCALL_CLOSE_X", 0, tid=SHELL))
    assert not play.event(make_event("SYSCALL_READ_X", 1, b"x", tid=SHELL))
    assert not play.event(make_event("SYSCALL_OPEN_X", 3, "/x", None, 0, tid=SHELL))
    assert play.knows(3) == [True]
    play.close(3)
    assert not play.event(make_event("SYSCALL_OPENAT_X", 3, tid=SHELL))
    assert play.knows(3) == [True]


def test_a_malformed_event_is_sent_and_everything_is_known() -> None:
    """User space may make of it what it likes."""
    play = Play()
    play.close(3)
    event = make_event("SYSCALL_CLOSE_X", 0, b"abc", tid=SHELL)
    assert not play.event(event)
    assert play.knows(3) == [True]
    assert directories_in([event]) == frozenset()


def test_calls_that_share_an_event_type_must_agree() -> None:
    """The event does not tell which of them it was."""
    assert Play(fcntl64=FCNTL).fcntl(5, F_GETFD)
    assert not Play(fcntl64=replace(FCNTL, drops=GuardDrop.NOTHING)).fcntl(5, F_GETFD)


def test_arguments_are_where_the_rows_say() -> None:
    """Each parameter that an argument is found in has the type that it must have."""
    types = {
        "fd": {PT_FD},
        "path": {PT_FSPATH, PT_FSRELPATH, PT_CHARBUF},
        "open_flags": {PT_FLAGS32},
        "how": {PT_FLAGS32},
    }
    # Numbers of processes and the like go through the same step.
    not_descriptors = {"pid", "tid", "pgid", "maxevents", "timeout"}
    for source in row_sources():
        for step in source.steps:
            name, *numbers = step.split(":")
            if name not in types or (name == "how" and numbers[1] != "0"):
                continue
            place = place_of(source.event, {name}, int(numbers[0]))
            param = EVENTS[source.event].params[place]
            assert param.type in types[name] or param.name in not_descriptors, (EVENTS[source.event].enum, step)


def test_steps_make_so_many_parameters() -> None:
    """As the probe's own table of steps says, of those that stand in front of arguments."""
    lines = (ROOT / "probe" / "steps.txt").read_text().splitlines()
    words = [line.split() for line in lines if line and line[0] != "#"]
    counts = {name: sum(int(word.partition("*")[2] or 1) for word in made) for name, *made in words}
    assert {name: counts[name] for name in WIDE_STEPS} == WIDE_STEPS
    assert place_of(EVENT_BY_ENUM["SYSCALL_MMAP_X"], {"fd"}, 4) == 8
    assert place_of(EVENT_BY_ENUM["SYSCALL_MMAP_X"], {"fd"}, 3) == -1
