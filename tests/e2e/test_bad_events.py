"""Events whose values are hostile: what they say is taken with care, and whatever they say the next event is read."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tercel.alerts.jsontext import clean, json_line
from tercel.capture.savefile.reader import SavefileReader
from tercel.capture.source import CaptureError
from tercel.events.event import MalformedEventError
from tercel.events.table import EVENT_BY_ENUM, EVENTS, EventInfo, ParamInfo
from tercel.events.types import PARAM_TYPES
from tercel.fields.base import FF_ARG_ALLOWED, FF_ARG_REQUIRED, Extractor, FieldError
from tercel.fields.registry import Registry
from tercel.filters.errors import FilterError
from tercel.filters.filter import Filter, compile_filter
from tercel.state.context import Context
from tercel.state.limits import MAX_FDS_PER_PROCESS
from tercel.state.machine import Machine
from tests.e2e.captures import CGROUPS, CHILD, RULES, SHELL, add, beginning, story, write
from tests.e2e.command import assert_reading_or_error, run_main
from tests.unit.capture.build import CaptureBuilder
from tests.unit.state.build import Value, clone_values, execve_values, ipv4_tuple

REGISTRY = Registry.syscall()
Told = tuple[str, list[Value], int]


def clone(res: int, tid: int, pid: int, ptid: int, **values: Any) -> Told:
    """Return the exit of a clone."""
    return "SYSCALL_CLONE_20_X", clone_values(res, tid, pid, ptid, **values), tid


def execve(tid: int, **changes: Value) -> Told:
    """Return the exit of an exec."""
    return "SYSCALL_EXECVE_19_X", execve_values(0, tid, tid, 1, **changes), tid


def say(name: str, *values: Value, tid: int = SHELL) -> Told:
    """Return any event."""
    return name, list(values), tid


FAR = 1 << 62
TEXTS = [b"\xff\xfe\0", b"\xed\xa0\x80\0", b"a" * 9000, b"\0" * 9000, b"..\0", b"/" * 5000 + b"\0", b"\n\r\t\x1b[0m\0"]
SHAPES = [
    b"", b"\0", b"[" * 100_000, b'{"container":' * 50_000, b"[]", b"1", b'"x"', b'{"container":[]}', b"\xff\xfe{",
    b'{"container":{"id":5}}', b'{"container":{"id":"a","type":1e400,"created_time":1e308,"ip":-1,"size":1e999}}',
    b'{"container":{"id":"\\ud800","name":"\\udcff","image":"\\udbff","labels":{"\\ud800":"\\ud800"}}}',
    b'{"container":{"id":"a","Mounts":5,"labels":[1],"env":{},"port_mappings":[[]],"Healthcheck":[],"ip":{}}}',
    b'{"container":{"id":"a","port_mappings":[{"HostIp":1' + b"0" * 4000 + b'}],"created_time":9' + b"9" * 4000 + b"}}",
    b'{"container":{"id":"a","port_mappings":[{"HostIp":1' + b"0" * 9000 + b"}]}}",
    b'{"container":{"id":"' + b"i" * 500_000 + b'"}}',
]  # fmt: skip

HOSTILE: dict[str, list[Told]] = {
    "a clone of itself": [clone(SHELL, SHELL, SHELL, 1), clone(0, SHELL, SHELL, SHELL)],
    "a clone that is its own parent": [clone(0, 77, 77, 77), execve(77)],
    "two threads that are each other's parent": [clone(0, 77, 77, 78), clone(0, 78, 78, 77), execve(77), execve(78)],
    "a ring of parents": [*(clone(0, 100 + k, 100 + k, 100 + (k + 1) % 50) for k in range(50)), execve(100)],
    "a thread whose process does not exist": [clone(0, 77, 5000, 1, flags=1 << 12), execve(77)],
    "a tid that comes twice": [clone(77, SHELL, SHELL, 1)] * 3 + [clone(0, 77, 77, SHELL)] * 2,
    "a clone that returns a tid out of range": [clone(number, SHELL, SHELL, 1) for number in (FAR, -FAR, 1 << 31)],
    "ids out of range": [clone(0, FAR, -FAR, FAR, vtid=-1, vpid=FAR), execve(FAR)],
    "an exec of nobody": [execve(5555), execve(-5)],
    "the end of nobody": [say("PROCEXIT_1_E", 0, 0, 0, 0, 1, tid=6666)],
    "an end with itself as heir": [say("PROCEXIT_1_E", 0, 0, 0, 0, SHELL), execve(SHELL)],
    "an end with an heir out of range": [say("PROCEXIT_1_E", 0, 0, 0, 0, FAR), execve(SHELL)],
    "two ends": [say("PROCEXIT_1_E", 0, 0, 0, 0, 1)] * 2,
    "an end of the parent of all": [say("PROCEXIT_1_E", 0, 0, 0, 0, 1, tid=1)],
    "descriptors out of range": [
        told
        for number in (-1, -FAR, FAR, (1 << 63) - 1)
        for told in (
            say("SYSCALL_OPEN_X", number, "/x", 1, 0, 0, 0),
            say("SYSCALL_DUP2_X", number, number, number),
            say("SYSCALL_CLOSE_E", number),
            say("SYSCALL_CLOSE_X", 0, number),
            say("SYSCALL_PIPE_X", 0, number, number, 7),
        )
    ],
    "threads and times out of range": [
        say(name, 3, tid=number) for name in ("SYSCALL_CLOSE_E", "SYSCALL_DUP_E") for number in (-1, -FAR, FAR, 1 << 31)
    ],
    "a closing of everything": [say("SYSCALL_CLOSE_RANGE_X", 0, 0, 0xFFFFFFFF, flags) for flags in (4, 0)],
    "a directory that is unknown": [say("SYSCALL_OPENAT_2_X", 3, FAR, "x/../..", 1, 0, 0, 0)],
    "addresses of every length": [
        told
        for family in (1, 2, 10, 16, 255)
        for length in (0, 1, 2, 6, 7, 12, 13, 17, 18, 19, 36, 37, 38, 200)
        for address in [bytes([family]) + b"\xff" * length]
        for told in (
            say("SOCKET_CONNECT_E", 9, address),
            say("SOCKET_CONNECT_X", 0, address, 9),
            say("SOCKET_BIND_X", 0, address, 9),
            say("SOCKET_ACCEPT_5_X", 9, address, 0, 0, 5),
            say("SOCKET_RECVFROM_X", 1, b"x", address, 9, 1, address),
            say("SOCKET_SENDTO_E", 9, 1, address),
        )
    ],
    "texts that are none": [
        told
        for text in TEXTS
        for told in (
            execve(SHELL, exe=text, args=text, env=text, cgroups=text, comm=text, cwd=text, trusted_exepath=text),
            say("SYSCALL_OPEN_E", text, 1, 0),
            say("SYSCALL_OPEN_X", 3, text, 1, 0, 0, 0),
            say("SYSCALL_CHDIR_X", 0, text),
            say("SYSCALL_CHROOT_X", 0, text),
            say("SYSCALL_MEMFD_CREATE_X", 5, text, 0),
            say("USER_ADDED_E", 7, 7, text, text, text, text, tid=-1),
            say("GROUP_ADDED_E", 7, text, text, tid=-1),
        )
    ],
    "containers of every shape": [say("CONTAINER_JSON_2_E", shape, tid=-1) for shape in SHAPES],
    "a program in a container with a strange name": [
        execve(SHELL, cgroups=f"cpu=/lxc/{'n' * 3000}\0memory=/docker/{'f' * 64}\0====\0=".encode()),
        say("SYSCALL_OPEN_X", 3, "/x", 1, 0, 0, 0),
    ],
    "numbers of the wrong width": [
        say(name, *[bytes(width)] * 8)
        for name in ("SYSCALL_CLOSE_X", "SYSCALL_CLONE_20_X", "SYSCALL_EXECVE_19_X", "SYSCALL_FCNTL_X", "PROCEXIT_1_E")
        for width in (1, 3, 4, 7, 9, 16, 5000)
    ],
    "poll lists of every length": [
        say("SYSCALL_POLL_E", b"\xff\xff" + bytes(length), 0) for length in (0, 1, 9, 10, 11, 60_000)
    ],
}


def hostile_capture(told: list[Told]) -> bytes:
    """Return a capture of the events, with a connection and a program start at its end that have to be seen."""
    made = beginning()
    for name, values, tid in told:
        add(made, name, *values, tid=tid)
    add(made, "SYSCALL_CLONE_20_X", *clone_values(0, CHILD, CHILD, 1, comm="sh", cgroups=CGROUPS), tid=CHILD)
    add(made, "SYSCALL_EXECVE_19_X", *execve_values(0, CHILD, CHILD, 1, comm="last"), tid=CHILD)
    return made.bytes()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_events_end_in_a_correct_reading(tmp_path: Path, name: str) -> None:
    """Status 0; the event behind them is seen as ever."""
    path = write(tmp_path, hostile_capture(HOSTILE[name]))
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES)
    for words in (
        ("trace", "-r", path),
        ("trace", "-r", path, "-j", "-X", "-v"),
        ("run", "-r", str(rules), "-e", path, "-o", "rule_matching=all", "-o", "json_output=true"),
    ):
        outcome = run_main(*words)
        assert_reading_or_error(outcome)
        assert outcome.status == 0, outcome.err[:2000]
        assert "last" in outcome.out.rstrip().rpartition("Events detected")[0 if words[0] == "run" else 2][-3000:]
        outcome.out.encode()


def test_more_descriptors_than_a_process_can_have_are_counted(tmp_path: Path) -> None:
    """Those that fit are known, the others are told of at the end."""
    made = beginning()
    for number in range(10, MAX_FDS_PER_PROCESS + 100):
        add(made, "SYSCALL_OPEN_X", number, "/x", 1, 0, 0, 0)
    outcome = run_main("trace", "-q", "-r", write(tmp_path, made.bytes()))
    assert outcome.status == 0
    assert "descriptors were left out because the table was full" in outcome.err


# What numbers may be: small ones that mean something in a table, and the ends of the ranges.
NUMBERS = st.sampled_from(
    [0, 1, 2, 3, 4, 9, SHELL, CHILD, -1, -2, -100, 255, 0xFFFF, 1 << 31, 0xFFFFFFFF, 1 << 32, FAR, -FAR, (1 << 63) - 1]
)
WORDS = st.sampled_from(
    [b"", b"\0", b"/etc/passwd\0", b"sh\0", b"<NA>\0", b"a\0b\0", b"A=b\0=\0", *TEXTS[:2], TEXTS[5]]
)
SOCKETS = st.builds(
    lambda family, rest: bytes([family]) + rest, st.sampled_from([1, 2, 10, 16]), st.binary(max_size=40)
)
STATE_WORDS = (
    "CLONE EXEC OPEN CONNECT ACCEPT SOCKET_ CLOSE DUP EXIT CONTAINER USER GROUP PIPE FCNTL CHDIR ASYNC SEND RECV"
)
STATEFUL = [info.id for info in EVENTS if any(word in info.enum for word in STATE_WORDS.split())]
SHORT_SHAPES = st.sampled_from([shape for shape in SHAPES if len(shape) < 300])


def values_of(param: ParamInfo) -> st.SearchStrategy[bytes]:
    """Return what a parameter may hold: mostly values of its type, sometimes any bytes."""
    if param.size > 0:
        exact = NUMBERS.map(lambda number: (number % (1 << 8 * param.size)).to_bytes(param.size, "little"))
        return st.one_of(exact, exact, exact, st.binary(max_size=20))
    if PARAM_TYPES[param.type] in {"SOCKADDR", "SOCKTUPLE"}:
        return st.one_of(SOCKETS, st.just(ipv4_tuple("10.0.0.1", 1, "10.0.0.2", 2)), st.binary(max_size=20))
    return st.one_of(
        WORDS, WORDS, st.sampled_from([shape for shape in SHAPES if len(shape) < 300]), st.binary(max_size=40)
    )


VALUES = [[values_of(param) for param in info.params] for info in EVENTS]


@st.composite
def told_events(draw: st.DrawFn) -> tuple[EventInfo, list[bytes], int]:
    """Draw an event: its type, its parameters (some too few or too many), its thread."""
    info = EVENTS[draw(st.one_of(st.sampled_from(STATEFUL), st.integers(0, len(EVENTS) - 1)))]
    params = [draw(values) for values in VALUES[info.id]]
    if draw(st.integers(0, 9)) == 0:
        params = [*params, b"more"][: draw(st.integers(0, len(params) + 1))]
    return info, params, draw(st.sampled_from([SHELL, CHILD, 1, 7, -1, FAR]))


def capture_of(told: list[tuple[EventInfo, list[bytes], int]]) -> bytes:
    """Return a capture of events."""
    made = CaptureBuilder().section().machine().interfaces().users().threads([1, SHELL]).fds(SHELL)
    for number, (info, params, tid) in enumerate(told):
        ts = 1_700_000_000_000_000_000 + number
        made.event(info.id, params, tid=tid % (1 << 64), ts=ts, large=info.length_size == 4)
    return made.bytes()


def contexts(data: bytes) -> Iterator[Context]:
    """Yield the view of each event that can be decoded."""
    machine = Machine()
    reader = SavefileReader(io.BytesIO(data), machine)
    try:
        while batch := reader.next_batch():
            for event in batch:
                try:
                    yield machine.process(event)
                except MalformedEventError:
                    continue
    except CaptureError:
        assert reader.stats.events == 0


def every_field() -> list[Extractor]:
    """Return all fields, with several arguments where they take one."""
    found: list[Extractor] = []
    for spec in REGISTRY.specs():
        forms = [] if spec.flags & FF_ARG_REQUIRED else [spec.name]
        if spec.flags & (FF_ARG_REQUIRED | FF_ARG_ALLOWED):
            forms += [f"{spec.name}[{arg}]" for arg in (0, 1, 2_000_000_000, "PATH", "*")]
            forms += [f"{spec.name}.{arg}" for arg in ("name", "fd", "res", "cpu")]
        for form in forms:
            try:
                found.append(REGISTRY.bind(form))
            except FieldError:
                continue
    return found


FIELDS = every_field()


@settings(max_examples=150)
@given(st.lists(told_events(), min_size=1, max_size=8))
def test_every_field_of_every_event_can_be_shown(told: list[tuple[EventInfo, list[bytes], int]]) -> None:
    """As text and as JSON, in valid UTF-8; nothing is raised but that the event is malformed."""
    for ctx in contexts(capture_of(told)):
        for field in FIELDS:
            try:
                field.extract(ctx)
                text, value = field.shown(ctx), field.json_value(ctx)
            except MalformedEventError:
                continue
            clean(text or "").encode()
            line = json_line({"value": value})
            line.encode()
            json.loads(line)


CHECKS = (
    "exists", "= 5", "!= x", "< 5", ">= -1", "contains a", "icontains A", "startswith /", "glob *a?", "iglob A*",
    "regex .*a.*", "in (a, 5)", "intersects (a, 5)", "pmatch (/etc, /a*)", "bcontains 61", "= 10.0.0.0/8", "= true",
    "= val(proc.name)", "> val(evt.num)",
)  # fmt: skip


def every_check() -> list[Filter]:
    """Return conditions of every field and operator that go together."""
    found: list[Filter] = []
    for number, field in enumerate(FIELDS):
        shapes = (field.text, f"tolower({field.text})", f"len({field.text})", f"b64({field.text})")
        for check in CHECKS[number % 2 :: 2]:
            try:
                found.append(compile_filter(f"{shapes[number % 4]} {check}", REGISTRY))
            except FilterError:
                continue
    return found


CONDITIONS = every_check()


@settings(max_examples=100)
@given(st.lists(told_events(), min_size=1, max_size=8))
def test_every_condition_can_be_asked_of_every_event(told: list[tuple[EventInfo, list[bytes], int]]) -> None:
    """The answer is yes or no, or that the event is malformed."""
    assert len(CONDITIONS) > 2000
    for ctx in contexts(capture_of(told)):
        for condition in CONDITIONS:
            try:
                assert condition.matches(ctx) in {True, False}
            except MalformedEventError:
                continue


def test_the_story_shows_every_field_that_it_has(tmp_path: Path) -> None:
    """The undamaged capture itself is rich: these tests would notice if it were not."""
    known: set[str] = set()
    for ctx in contexts(story().bytes()):
        known |= {field.spec.name for field in FIELDS if field.shown(ctx) is not None}
    assert len(known) > 150
    assert EVENT_BY_ENUM["SYSCALL_EXECVE_19_X"] in STATEFUL
