"""What strace prints and what a capture holds are brought into one form, and differences are told."""

from __future__ import annotations

import pytest

from tercel.events.event import Event
from tests.live.strace import Seen, calls_of, differences, event_name, parse_strace
from tests.live.synthetic import make_event, marker, number

LINES = """\
10 execve("/x", ["x"], 0x7ffe /* 3 vars */) = 0
10 close(-1000003 <unfinished ...>
10 <... close resumed>)          = -1 EBADF (Bad file descriptor)
10 pread64(3, "abc = ?", 3, 0)   = 3
10 fork( <unfinished ...>
11 getpid()                      = 11
10 <... fork resumed>)           = 11
11 rt_sigreturn({mask=[]})       = 0
11 pause(                        <unfinished ...>
11 <... pause resumed>)          = ?
11 +++ killed by SIGKILL +++
10 --- SIGCHLD {si_signo=SIGCHLD} ---
10 umount2("a", 0)               = -1 EINVAL (Invalid argument)
10 nanosleep({tv_sec=9}, NULL)   = ? ERESTART_RESTARTBLOCK (Interrupted by signal)
10 exit_group(0)                 = ?
"""


def _generic(tid: int, code: int) -> Event:
    return make_event(tid, "GENERIC_X", {"ID": number(code, 2)})


def _capture() -> dict[int, list[Event]]:
    return {
        10: [
            _generic(10, 16),
            make_event(10, "SYSCALL_EXECVE_19_X", {}),
            marker(10, 3),
            make_event(10, "SYSCALL_PREAD_X", {}),
            make_event(10, "SYSCALL_FORK_20_X", {"res": number(11)}),
            make_event(10, "SYSCALL_UMOUNT2_X", {}),
            make_event(10, "SYSCALL_NANOSLEEP_X", {}),
            make_event(10, "PROCEXIT_1_E", {}),
        ],
        11: [make_event(11, "SYSCALL_FORK_20_X", {}), _generic(11, 16), _generic(11, 21)],
    }


def test_completed_calls_are_read_from_what_strace_writes() -> None:
    """Calls that wait are printed in two parts, those that never return and signals are not calls that ended."""
    threads = parse_strace(LINES.splitlines())
    assert [one.name for one in threads[10]] == ["execve", "close", "pread", "fork", "umount2", "nanosleep"]
    assert threads[10][1] == Seen("close", 3)
    assert threads[11] == [Seen("getpid"), Seen("pause", 0, is_unsure=True)]


def test_a_capture_of_the_same_run_has_no_differences() -> None:
    """What came before the program, the child's return and the end of processes are not calls of the program."""
    assert differences(parse_strace(LINES.splitlines()), _capture()) == []


def test_a_call_that_was_killed_may_be_missing() -> None:
    """Whether the kernel reports it depends on how far it came."""
    capture = _capture()
    capture[11] = capture[11][:-1]
    assert differences(parse_strace(LINES.splitlines()), capture) == []


def test_a_call_that_strace_had_no_time_to_tell_of_may_be_there() -> None:
    """Its thread was killed when it had just begun."""
    lines = [line for line in LINES.splitlines() if "pause" not in line]
    assert differences(parse_strace(lines), _capture()) == []
    capture = _capture()
    capture[11] += [_generic(11, 21), _generic(11, 21)]
    assert differences(parse_strace(lines), capture) != []


@pytest.mark.parametrize(
    ("at", "traced", "recorded"),
    [
        (3, "execve mark 3 pread fork umount2 nanosleep", "execve mark 3 fork umount2 nanosleep] after 2"),
        (6, "mark 3 pread fork umount2 nanosleep", "mark 3 pread fork umount2] after 5"),
    ],
)
def test_a_missing_event_is_told_with_what_is_around_it(at: int, traced: str, recorded: str) -> None:
    """The place is found by the markers before it."""
    capture = _capture()
    del capture[10][at]
    found = differences(parse_strace(LINES.splitlines()), capture)
    assert found == [f"thread 10: strace has [{traced}], the capture has [{recorded} calls"]


def test_an_event_too_many_is_told() -> None:
    """A call that is reported twice is as wrong as one that is not reported."""
    capture = _capture()
    capture[10].append(_generic(10, 21))
    found = differences(parse_strace(LINES.splitlines()), capture)
    assert (
        "strace has no more than 6 calls, the capture has [pread fork umount2 nanosleep pause] after 6 calls"
        in found[0]
    )


def test_a_leader_whose_thread_executes_was_doing_anything() -> None:
    """Strace does not say what the leader waited in when its place was taken."""
    lines = [
        '9 execve("/x", ["x"], 0x5 /* 3 vars */ <pid changed to 8 ...>',
        "8 +++ superseded by execve in pid 9 +++",
        "8 <... execve resumed>) = 0",
        "8 getpid() = 8",
    ]
    exec_event = make_event(8, "SYSCALL_EXECVE_19_X", {})
    traced = {1: [Seen("execve")], **parse_strace(lines)}
    own = {1: [make_event(1, "SYSCALL_EXECVE_19_X", {})]}
    assert differences(traced, own | {8: [_generic(8, 21), exec_event, _generic(8, 16)]}) == []
    assert differences(traced, own | {8: [exec_event, _generic(8, 16)]}) == []


def test_messages_of_one_call_count_once() -> None:
    """A sendmmsg has an event for each message."""
    event = make_event(10, "SOCKET_SENDMMSG_X", {})
    assert differences({10: [Seen("sendmmsg")]}, {10: [event, event, event]}) == []


@pytest.mark.parametrize(
    ("call", "name"),
    [("pread64", "pread"), ("prlimit64", "prlimit"), ("getpid", "getpid"), ("close_range", "close_range")],
)
def test_calls_have_the_names_that_events_have(call: str, name: str) -> None:
    """What strace calls them are the kernel's names, the events their own."""
    assert event_name(call) == name


def test_generic_events_are_named_by_their_number() -> None:
    """One event type stands for some hundred and fifty calls."""
    assert [one.name for one in calls_of([_generic(1, 16), _generic(1, 65535)])] == ["getpid", "call 65535"]
