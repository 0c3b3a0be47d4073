"""Values that events must have, in every form in which a test program can say them."""

from __future__ import annotations

from typing import Any

import pytest

from tercel.events.table import EVENT_BY_ENUM, EVENTS, ParamInfo
from tests.live.expectations import Expectation, check, parse, problems
from tests.live.synthetic import number


def _param(place: str) -> ParamInfo:
    event, name = place.split(".")
    info = EVENTS[EVENT_BY_ENUM[event]]
    return info.params[info.param_index(name)]


OPEN_FLAGS = "SYSCALL_OPEN_X.flags"
NAME = "SYSCALL_OPEN_X.name"
DATA = "SYSCALL_READ_X.data"
TUPLE = "SOCKET_CONNECT_X.tuple"

RIGHT: list[tuple[str, Any, bytes]] = [
    ("SYSCALL_READ_X.res", -9, number(-9)),
    ("SYSCALL_READ_X.size", 0xFFFFFFFF, number(0xFFFFFFFF, 4)),
    (NAME, "file", b"file\0"),
    (NAME, {"hex": "e9ff"}, b"\xe9\xff\0"),
    (DATA, "text", b"text"),
    (DATA, {"hex": "00ff"}, b"\x00\xff"),
    (DATA, None, b""),
    (OPEN_FLAGS, ["O_RDWR", "O_CREAT"], number(7, 4)),
    ("SYSCALL_FCNTL_X.cmd", ["F_GETFL"], b"\x04"),
    ("SYSCALL_CLONE_20_X.flags", {"names": ["CLONE_VM"], "ignore": ["CLONE_CHILD_IN_PIDNS"]}, number(0x20008000, 4)),
    ("SYSCALL_BRK_4_X.vm_size", {"min": 1, "max": 9}, number(9, 4)),
    ("SOCKET_SOCKETPAIR_X.source", {"min": -9, "max": -1}, number(-5)),
    ("SYSCALL_CLONE_20_X.cgroups", {"contains": "6d3d2f"}, b"cpu=/\0m=/\0"),
    ("SYSCALL_CLONE_20_X.cwd", {"any": [None, "/a"]}, b"/a\0"),
    ("GENERIC_X.ID", {"syscall": "getpid"}, number(16, 2)),
    (TUPLE, {"unix_path": "a.sock"}, b"\x01" + bytes(16) + b"a.sock\0"),
    (TUPLE, {"unix_path": ""}, b"\x01" + bytes(16)),
]


@pytest.mark.parametrize(("place", "expected", "found"), RIGHT)
def test_each_form_of_a_value_matches_the_bytes_that_it_stands_for(place: str, expected: Any, found: bytes) -> None:
    """A form that matched nothing would have every event look wrong."""
    assert check(expected, _param(place), found) == ""


WRONG: list[tuple[str, Any, bytes, str]] = [
    ("SYSCALL_READ_X.res", -9, number(4), "expected -9 (-0x9), found 4 (0x4)"),
    ("SYSCALL_READ_X.res", 0, b"", "expected 0 (0x0), found nothing"),
    (NAME, "file", b"file", r"expected 5 bytes: 'file\x00', found 4 bytes: 'file'"),
    (DATA, None, b"x", "expected nothing, found 1 bytes: 'x'"),
    (OPEN_FLAGS, ["O_RDWR"], number(1, 4), "expected 3 (0x3 O_RDWR|O_WRONLY|O_RDONLY), found 1 (0x1 O_RDONLY)"),
    (
        "SYSCALL_CLONE_20_X.flags",
        {"names": ["CLONE_VM"], "ignore": ["CLONE_FILES"]},
        number(1, 4),
        "expected 32768 (0x8000 CLONE_VM), found 0 (0x0)",
    ),
    ("SYSCALL_BRK_4_X.vm_size", {"min": 1, "max": 9}, number(10, 4), "expected between 1 and 9, found 10"),
    ("SYSCALL_BRK_4_X.vm_size", {"min": 1, "max": 9}, b"", "expected a number of 4 bytes, found nothing"),
    (
        "SYSCALL_CLONE_20_X.cgroups",
        {"contains": "6d"},
        b"cpu",
        "expected something with 1 bytes: 'm', found 3 bytes: 'cpu'",
    ),
    (TUPLE, {"unix_path": "a"}, b"\x02" + bytes(30), "expected the ends of unix sockets"),
    (
        TUPLE,
        {"unix_path": "a"},
        b"\x01" + bytes(16) + b"b\0",
        r"expected the path 2 bytes: 'a\x00', found 2 bytes: 'b\x00'",
    ),
    (DATA, {"any": ["a", "b"]}, b"c", "expected 1 bytes: 'a', found 1 bytes: 'c' or expected 1 bytes: 'b'"),
    (DATA, "a" * 20, b"a" * 19 + b"b", "the first difference is at byte 19: 1 bytes: 'a' and 1 bytes: 'b'"),
]


@pytest.mark.parametrize(("place", "expected", "found", "text"), WRONG)
def test_a_wrong_value_is_told_beside_the_right_one(place: str, expected: Any, found: bytes, text: str) -> None:
    """Whoever mends the probe reads nothing but this line."""
    assert text in check(expected, _param(place), found)


def _area(size: int) -> bytes:
    return b"".join(b"%06x." % k for k in range(size // 7 + 1))[:size]


CUT = {"head": _area(50000)[:16384].hex(), "tail": _area(50000)[-16384:].hex(), "total": 50000}
CUT_PARAM = "SYSCALL_EXECVE_19_X.args"


@pytest.mark.parametrize("name", [0, 9])
def test_a_long_value_is_its_head_and_its_tail(name: int) -> None:
    """Whether the program's own name counts as part of the area is the probe's business, a gap in the middle is not."""
    area = _area(50000)
    assert check(CUT, _param(CUT_PARAM), area[: 16384 - name] + area[-16384:]) == ""


def test_a_long_value_that_lost_its_end_is_wrong() -> None:
    """An attacker hides what matters where the recorder stopped reading."""
    assert "expected 16384 bytes of the beginning" in check(CUT, _param(CUT_PARAM), _area(50000)[:32768])


def test_expectations_are_read_line_by_line() -> None:
    """The programs print them so; blank lines separate nothing."""
    line = b'{"case": "a", "tid": 3, "mark": 2, "event": "SYSCALL_DUP_1_X", "params": {"res": 4}}\n\n'
    assert parse(line) == [Expectation("a", 3, "SYSCALL_DUP_1_X", 2, {"res": 4})]


@pytest.mark.parametrize(
    ("event", "params", "text"),
    [
        ("SYSCALL_DUP_9_X", {}, "there is no event type SYSCALL_DUP_9_X"),
        ("SYSCALL_DUP_1_X", {"result": 1}, "SYSCALL_DUP_1_X has no parameter result"),
        ("SYSCALL_EPOLL_CREATE_X", {"size": 1 << 32}, "4294967296 does not fit size, which is INT32"),
        ("SYSCALL_OPEN_X", {"name": 5}, "a number for name, which is FSPATH"),
        ("SYSCALL_OPEN_X", {"flags": ["O_NOTHING"]}, "flags has no O_NOTHING; its table is file_flags"),
    ],
)
def test_an_impossible_expectation_is_found_out(event: str, params: dict[str, Any], text: str) -> None:
    """A mistake in a test program must not look like one of the probe's."""
    assert text in problems(Expectation("case", 1, event, 0, params))[0]
