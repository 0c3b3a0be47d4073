from __future__ import annotations

import pytest

from tercel.capture.savefile.classic import ClassicConverter, ClassicState
from tercel.events.event import Event
from tercel.events.table import EVENT_BY_ENUM, EVENTS, EventInfo
from tercel.events.types import EF_OLD_VERSION, EF_UNUSED, PT_CHARBUF, PT_FSPATH, PT_FSRELPATH
from tercel.state.model import FD_FILE_V2, FD_MEMFD, FD_PIDFD, FD_UNSUPPORTED, FdInfo, ThreadInfo
from tests.unit.capture.build import Recorder
from tests.unit.state.build import Value, clone_values, execve_values, ipv4_address, ipv4_tuple, make_event

TEXTS = (PT_CHARBUF, PT_FSPATH, PT_FSRELPATH)
LAST_KNOWN = EVENT_BY_ENUM["SYSCALL_CLONE3_X"]
TUPLE = ipv4_tuple("10.0.0.1", 4000, "10.0.0.2", 80)
ADDRESS = ipv4_address("10.0.0.2", 80)


def shown(event: Event) -> tuple[str, list[Value]]:
    """Return an event's type and values: numbers and texts as such."""
    values: list[Value] = []
    for index, param in enumerate(event.info.params[: event.nparams]):
        data = event.param(index)
        if param.size > 0:
            values.append(int.from_bytes(data, "little", signed=param.size == 8))
        else:
            values.append(event.text(index) if param.type in TEXTS else data)
    return event.info.enum, values


def converted(name: str, *values: Value) -> list[tuple[str, list[Value]]]:
    """Return what an event becomes."""
    return [shown(event) for event in ClassicConverter().convert(make_event(name, *values))]


@pytest.mark.parametrize(
    ("name", "values", "enter", "leave"),
    [
        ("SYSCALL_CLOSE", [0, 7], [7], [0]),
        ("SYSCALL_READ", [4, b"data", 7, 100], [7, 100], [4, b"data"]),
        ("SOCKET_SOCKET", [3, 2, 1, 6, 0], [2, 1, 6], [3]),
        ("SOCKET_CONNECT", [0, TUPLE, 3, ADDRESS], [3, ADDRESS], [0, TUPLE]),
        ("SOCKET_SENDTO", [5, b"hello", 3, 5, TUPLE], [3, 5, TUPLE], [5, b"hello"]),
        ("SOCKET_RECVMSG", [5, 5, b"hello", TUPLE, b"", 3], [3], [5, 5, b"hello", TUPLE, b""]),
        ("SYSCALL_OPENAT_2", [5, -100, "/x", 1, 0, 7, 99], [-100, "/x", 1, 0], [5, -100, "/x", 1, 0, 7, 99]),
        ("SYSCALL_MMAP", [-12, 1, 2, 3, 4096, 10, 1, 2, -1, 0], [4096, 10, 1, 2, -1, 0], [-12, 1, 2, 3]),
        ("SYSCALL_SENDFILE", [9, 5, 3, 4, 10], [3, 4, 5, 10], [9, 5]),
        ("SYSCALL_UNLINK_2", [0, "/x"], [], [0, "/x"]),
        ("SYSCALL_PTRACE", [0, b"\0" + bytes(8), b"\0" + bytes(8), 16, 42], [16, 42], [0, *[bytes(9)] * 2]),
    ],
)
def test_a_call_becomes_its_entry_and_the_exit_of_old(
    name: str, values: list[Value], enter: list[Value], leave: list[Value]
) -> None:
    """What the exit says of the entry moves there; parameters that were added behind it since stay unread."""
    assert converted(name + "_X", *values) == [(name + "_E", enter), (name + "_X", leave)]


@pytest.mark.parametrize(
    ("name", "values", "wanted"),
    [
        ("SYSCALL_DUP_1_X", [5, 3], [("SYSCALL_DUP_E", [3]), ("SYSCALL_DUP_X", [5])]),
        ("SYSCALL_DUP2_X", [5, 3, 5], [("SYSCALL_DUP_E", [3]), ("SYSCALL_DUP_X", [5])]),
        ("SYSCALL_PIPE2_X", [0, 3, 4, 99, 1], [("SYSCALL_PIPE_E", []), ("SYSCALL_PIPE_X", [0, 3, 4, 99])]),
        ("SYSCALL_EVENTFD2_X", [3, 64, 7], [("SYSCALL_EVENTFD_E", [7, 64]), ("SYSCALL_EVENTFD_X", [3])]),
        (
            "SOCKET_ACCEPT4_6_X",
            [4, TUPLE, 0, 1, 128, 2],
            [("SOCKET_ACCEPT4_5_E", [2]), ("SOCKET_ACCEPT4_5_X", [4, TUPLE, 0, 1, 128])],
        ),
        ("SYSCALL_UMOUNT_1_X", [0, "/mnt"], [("SYSCALL_UMOUNT_E", [0]), ("SYSCALL_UMOUNT_X", [0, "/mnt"])]),
        ("SYSCALL_PRCTL_X", [0, 15, "name", 0], [("GENERIC_E", [106, 0]), ("GENERIC_X", [106])]),
    ],
)
def test_calls_that_got_an_event_of_their_own_are_told_as_before(
    name: str, values: list[Value], wanted: list[tuple[str, list[Value]]]
) -> None:
    """By the event that they had, if only by the one that says the call's name."""
    assert converted(name, *values) == wanted


def test_an_executed_program_has_its_name_in_the_entry() -> None:
    """The exit keeps what was appended since: readers of that time pass over it."""
    enter, leave = converted("SYSCALL_EXECVE_19_X", *execve_values(), "./ls")
    assert enter == ("SYSCALL_EXECVE_19_E", ["./ls"])
    assert len(leave[1]) == 30
    enter, leave = converted("SYSCALL_EXECVEAT_X", *execve_values())
    assert enter == ("SYSCALL_EXECVEAT_E", [-100, "/usr/bin/ls", 1])
    for res, path, wanted in ((0, "ls", "/"), (0, None, "/"), (-2, "/bin/bash", "(NULL)")):
        enter, _ = converted("SYSCALL_EXECVEAT_X", *execve_values(res=res, trusted_exepath=path))
        assert enter[1][1] == wanted


def test_a_child_never_entered_the_call_that_made_it() -> None:
    """Its parent did."""
    assert [name for name, _ in converted("SYSCALL_CLONE_20_X", *clone_values(0, 11, 11, 10))] == ["SYSCALL_CLONE_20_X"]
    assert len(converted("SYSCALL_CLONE_20_X", *clone_values(11, 10, 10, 1))) == 2


def test_an_entry_that_was_recorded_is_not_made_again() -> None:
    """Captures may hold some entries, or all."""
    converter = ClassicConverter()
    made = [
        *converter.convert(make_event("SYSCALL_OPENAT_2_E", -100, "/x", 1, 0)),
        *converter.convert(make_event("SYSCALL_OPENAT_2_X", 5, -100, "/x", 1, 0, 7, 99)),
        *converter.convert(make_event("SYSCALL_OPENAT_2_X", 5, -100, "/x", 1, 0, 7, 99)),
    ]
    assert [event.info.direction for event in made] == [">", "<", ">", "<"]
    assert [name for name, _ in converted("SYSCALL_CLOSE_X", 0)] == ["SYSCALL_CLOSE_X"]


@pytest.mark.parametrize("name", ["PROCEXIT_1_E", "SIGNALDELIVER_E", "SCHEDSWITCH_6_E", "CONTAINER_JSON_2_E"])
def test_events_without_an_exit_stay_as_they_are(name: str) -> None:
    """They always were single."""
    event = make_event(name, *[1 if param.size > 0 else "{}" for param in EVENTS[EVENT_BY_ENUM[name]].params])
    (made,) = ClassicConverter().convert(event)
    assert made.raw() == event.raw()


def test_a_missing_value_gets_the_bytes_that_old_readers_take_anyway() -> None:
    """They look at the value whatever its length says, and would show what lies behind it."""
    _, (_, values) = converted("SYSCALL_OPENAT_2_X", -2, None, None, None, None, None, None)
    assert values == [-2, 0, "(NULL)", 0, 0, 0, 0]
    _, (_, values) = converted("SYSCALL_GETCWD_X", -34, None)
    assert values == [-34, ""]


def test_what_cannot_be_told_is_counted() -> None:
    """By its name; entries of calls are not, for their exits are."""
    converter = ClassicConverter()
    assert converter.remarks() == []
    for name, values in (
        ("SYSCALL_MEMFD_CREATE_E", []),
        ("SYSCALL_MEMFD_CREATE_X", [3, "x", 0]),
        ("GENERIC_X", [400, 400]),
        ("GENERIC_X", [400, 400]),
        ("USER_ADDED_E", [1, 1, "u", "/", "sh", ""]),
    ):
        assert converter.convert(make_event(name, *values)) == []
    assert sum(converter.left_out.values()) == 4
    assert converter.left_out["memfd_create"] == 1
    (sentence,) = converter.remarks()
    assert sentence.startswith("4 events that sysdig 0.29 cannot read were left out: ")


def test_time_place_and_marks_are_those_of_the_exit() -> None:
    """How long the call took is not known."""
    event = make_event("SYSCALL_CLOSE_X", 0, 7, tid=77, ts=1234)
    event.cpu = 5
    event.flags = 1
    for made in ClassicConverter().convert(event):
        assert (made.ts, made.tid, made.cpu, made.flags) == (1234, 77, 5, 1)


@pytest.mark.parametrize("info", [info for info in EVENTS if not info.flags & EF_UNUSED], ids=lambda info: info.enum)
def test_every_event_becomes_known_ones_of_full_length(info: EventInfo) -> None:
    """Whatever is in it: nothing later than 2022, and no value of a fixed size is missing."""
    for count in {info.nparams, max(info.nparams - 1, 0), 0}:
        for event in ClassicConverter().convert(make_event(info.enum, *[None] * count)):
            assert event.type_id <= LAST_KNOWN
            for index, param in enumerate(event.info.params[: event.nparams]):
                assert param.size <= 0 or event.param_size(index) == param.size
            if not event.info.is_enter and not info.flags & EF_OLD_VERSION:
                assert event.nparams <= event.info.nparams


def test_descriptors_of_later_kinds_are_listed_as_unsupported() -> None:
    """A list with an unknown kind is refused as a whole."""
    recorder = Recorder()
    thread = ThreadInfo(42)
    recorder.threads.append(thread)
    for number, kind in enumerate((FD_FILE_V2, FD_MEMFD, FD_PIDFD)):
        fd = FdInfo(kind)
        fd.name = "n"
        fd.ino = 9
        recorder.fds.setdefault(42, []).append((number, fd))
    state = ClassicState(recorder.state)
    assert [fd.kind for _, fd in state.saved_fds(thread)] == [FD_FILE_V2, FD_UNSUPPORTED, FD_UNSUPPORTED]
    assert [(fd.name, fd.ino) for _, fd in state.saved_fds(thread)] == [("n", 9)] * 3
    assert list(state.saved_threads()) == [thread]
    assert [state.saved_info(), *state.saved_users(), *state.saved_groups(), *state.saved_interfaces()] == [
        recorder.info
    ]
