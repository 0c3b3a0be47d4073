"""State becomes blocks that read as the same state, as far as the format has room."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.capture.savefile.encode import build_block, encode_value, number
from tercel.capture.savefile.layouts import (
    FD_FIELDS,
    FD_TAILS,
    PROCESS_INSERTED,
    PROCESS_TAIL,
    USER_FIELDS,
    process_fields,
)
from tercel.capture.savefile.writer import SavefileWriter
from tercel.state.model import FdInfo, Interface, ThreadInfo, User
from tests.unit.capture.build import CaptureBuilder, Reading, Recorder

RAW = st.binary(max_size=60).map(lambda raw: raw.replace(b"\0", b""))
TEXT = RAW.map(lambda raw: raw.decode("utf-8", "surrogateescape"))
# Taken out of the bytes: taken out of the text it might join the halves of a character.
NO_EQUALS = RAW.map(lambda raw: raw.replace(b"=", b"").decode("utf-8", "surrogateescape"))
SIGNED = st.integers(-(1 << 63), (1 << 63) - 1)
VALUES: dict[str, st.SearchStrategy[object]] = {
    "q": SIGNED,
    "Q": st.integers(0, (1 << 64) - 1),
    "I": st.integers(0, (1 << 32) - 1),
    "H": st.integers(0, (1 << 16) - 1),
    "B": st.integers(0, 255),
    "?": st.booleans(),
    "4": st.binary(min_size=4, max_size=4),
    "6": st.binary(min_size=16, max_size=16),
    "s": TEXT,
    "l": st.lists(TEXT, max_size=4),
    "c": st.lists(st.tuples(TEXT, NO_EQUALS), max_size=4),
}


@pytest.mark.parametrize("size", range(5))
def test_blocks_are_padded_to_four_bytes(size: int) -> None:
    """And say their length at both ends."""
    block = build_block(0x216, b"x" * size)
    assert len(block) % 4 == 0
    assert block[4:8] == block[-4:] == len(block).to_bytes(4, "little")


def test_negative_numbers_wrap() -> None:
    """As a machine's registers do."""
    assert number(-1, 4) == b"\xff\xff\xff\xff"


def build(draw: st.DrawFn, item: object, fields: list[tuple[str, str]]) -> None:
    """Give an object random values."""
    for name, code in fields:
        setattr(item, name, draw(VALUES[code]))


@st.composite
def states(draw: st.DrawFn) -> Recorder:
    """Return a random state."""
    state = Recorder()
    for tid in draw(st.lists(st.integers(0, 1000), max_size=3, unique=True)):
        thread = ThreadInfo(tid)
        build(draw, thread, [*process_fields(9), *PROCESS_INSERTED, *PROCESS_TAIL])
        thread.tid = tid
        state.thread(thread)
        for kind in draw(st.lists(st.sampled_from(sorted(FD_FIELDS)), max_size=3)):
            fd = FdInfo(kind)
            build(draw, fd, [("ino", "q"), *FD_FIELDS[kind], *FD_TAILS.get(kind, ())])
            state.fd(tid, draw(SIGNED), fd)
    for _ in range(draw(st.integers(0, 2))):
        user = User(0, 0, "", "", "")
        build(draw, user, list(USER_FIELDS))
        state.user(user)
        state.group(draw(st.integers(0, (1 << 32) - 1)), draw(TEXT))
    for size in draw(st.lists(st.sampled_from([4, 16]), max_size=3)):
        packed = st.binary(min_size=size, max_size=size)
        speed = draw(st.integers(-1, (1 << 64) - 1))
        state.interface(Interface(draw(TEXT), draw(packed), draw(packed), draw(packed), speed))
    return state


@given(states())
def test_any_state_survives(state: Recorder) -> None:
    """Every value that the format has room for."""
    target = io.BytesIO()
    writer = SavefileWriter(target)
    writer.write_header(state.state)
    writer.close()
    again = Reading(target.getvalue() + CaptureBuilder().event(4).bytes())
    assert again.error is None
    for kind in ("interface", "user", "group", "thread", "fd"):
        assert [row for row in again.sink.told if row[0] == kind] == [row for row in state.told if row[0] == kind]


def test_texts_too_long_for_other_readers_are_cut() -> None:
    """Paths at 1023 bytes, lists at 4096, names of accounts at 255."""
    state = Recorder()
    thread = ThreadInfo(1)
    thread.exe = "e" * 5000
    thread.args = ["a" * 3000, "b" * 3000]
    state.thread(thread)
    state.user(User(0, 0, "u" * 999, "", ""))
    data = io.BytesIO()
    writer = SavefileWriter(data)
    writer.write_header(state.state)
    writer.close()
    again = Reading(data.getvalue() + CaptureBuilder().event(4).bytes()).sink
    assert again.threads[0].exe == "e" * 1023
    assert again.threads[0].args == ["a" * 3000, "b" * 1095]
    assert again.users[0].name == "u" * 255


def test_what_the_format_cannot_hold_is_written_as_near_as_can_be() -> None:
    """Odd addresses, half characters and descriptors of no known type."""
    state = Recorder()
    state.interface(Interface("odd", b"\1\2", b"", b""))
    state.user(User(-1, 0, "half \ud800", "", ""))
    thread = ThreadInfo(1)
    state.thread(thread)
    socket, other = FdInfo(3), FdInfo(99)
    other.name = "?"
    state.fd(1, 0, socket)
    state.fd(1, 1, other)
    data = io.BytesIO()
    writer = SavefileWriter(data)
    writer.write_header(state.state)
    writer.close()
    again = Reading(data.getvalue() + CaptureBuilder().event(4).bytes()).sink
    assert again.interfaces == []
    assert (again.users[0].uid, again.users[0].name) == (0xFFFFFFFF, "half ?")
    assert [(fd.kind, fd.name, fd.sip) for _, fd in again.fds[1]] == [(3, "", bytes(4)), (10, "?", b"")]


def test_a_value_of_another_kind_is_a_mistake() -> None:
    """Nothing is written in its place."""
    with pytest.raises(TypeError, match="a value of the state is a float"):
        encode_value(1.5, "I", 0)


def test_a_long_process_list_is_continued_in_another_block() -> None:
    """So that no reader needs to hold it whole."""
    state = Recorder()
    for tid in range(300):
        thread = ThreadInfo(tid)
        thread.env = ["x" * 4000]
        state.thread(thread)
    data = io.BytesIO()
    writer = SavefileWriter(data)
    writer.write_header(state.state)
    writer.close()
    again = Reading(data.getvalue() + CaptureBuilder().event(4).bytes())
    assert again.error is None
    assert [row for row in again.sink.told if row[0] == "thread"] == state.told
    assert again.reader.stats.blocks > 300 + 4
