"""What every source shares: one moving event, errors that say where, and sinks that may ignore what they hear."""

from __future__ import annotations

import gzip
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.capture.savefile.reader import SavefileReader
from tercel.capture.source import CaptureError, Source, SourceStats, StateSink, StateSource, remarks
from tercel.events.table import EVENT_BY_ENUM
from tercel.state.model import FdInfo, Interface, MachineInfo, ThreadInfo, User
from tests.unit.capture.build import ASYNC, CLOSE_E, OPEN_X, PLUGIN, CaptureBuilder, Param, small_capture
from tests.unit.capture.reference import EVENT_BLOCKS, Pieces, by_the_book, walk


@pytest.mark.parametrize(
    ("offset", "path", "text"),
    [
        (12, "a.scap", "a.scap, offset 12: cut"),
        (-1, "a.scap", "a.scap: cut"),
        (0, "", "offset 0: cut"),
        (-1, "", "cut"),
    ],
)
def test_an_error_names_file_and_place(offset: int, path: str, text: str) -> None:
    """The line that a user sees has whatever is known of the place."""
    assert str(CaptureError("cut", offset, path)) == text


def test_a_plain_sink_ignores_everything() -> None:
    """A reader may run for its events alone."""
    sink = StateSink()
    sink.new_section()
    sink.machine_info(MachineInfo())
    sink.interface(Interface("lo", b"", b"", b""))
    sink.user(User(0, 0, "root", "", ""))
    sink.group(0, "root")
    sink.thread(ThreadInfo(1))
    sink.fd(1, 0, FdInfo(1))
    sink.metadata_done()
    assert sink.wants_threads()


def test_an_empty_source_has_an_empty_state() -> None:
    """What nobody told cannot be given back."""
    state = StateSource()
    assert not [*state.saved_interfaces(), *state.saved_users(), *state.saved_groups(), *state.saved_threads()]
    assert state.saved_info().hostname == ""


def test_a_threads_own_descriptors_are_saved_in_order() -> None:
    """Unless a state knows better, the descriptors are those that hang on the thread."""
    thread = ThreadInfo(1)
    thread.fds[5] = FdInfo(1)
    thread.fds[0] = FdInfo(2)
    assert [number for number, _ in StateSource().saved_fds(thread)] == [0, 5]


def test_skipped_blocks_are_counted_by_type() -> None:
    """The closing summary can name each type."""
    stats = SourceStats()
    for kind in (7, 9, 7):
        stats.skip_block(kind)
    assert stats.skipped_blocks == {7: 2, 9: 1}


def test_what_was_passed_over_is_told_for_all_sources_together() -> None:
    """A sentence for each kind of thing, none for what did not happen."""
    first, second = SourceStats(), SourceStats()
    assert remarks([first, second]) == []
    first.skip_block(7)
    second.skip_block(9)
    second.unknown_events = 1
    assert remarks([first, second]) == [
        "2 blocks of unknown types were passed over",
        "1 events of unknown types were passed over",
    ]


def test_a_source_must_say_how_it_reads() -> None:
    """The base class yields nothing."""
    source = Source()
    source.close()
    for method in (source.fill, source.advance, source.hold, source.next_batch):
        with pytest.raises(NotImplementedError):
            method()


def test_types_of_blocks_beyond_a_thousand_are_counted_together() -> None:
    """A damaged capture may have any number of types."""
    stats = SourceStats()
    for kind in range(1, 5000):
        stats.skip_block(kind)
    assert len(stats.skipped_blocks) == 1025
    assert sum(stats.skipped_blocks.values()) == 4999


SIZES = st.lists(st.one_of(st.integers(1, 200), st.just(1 << 20)), min_size=1, max_size=5)
TEXTS = st.binary(max_size=60)


def block(payload: bytes, kind: int, trailer: int | None = None) -> bytes:
    """Return a block."""
    return CaptureBuilder().block(kind, payload, trailer=trailer).bytes()


def event(kind: int, text: bytes, cpu: int, flags: int | None, comment: bytes, version: int) -> bytes:
    """Return an event of one of four types."""
    large = kind in {PLUGIN, ASYNC} and version == 2
    options = [(1, comment)] if comment and version == 2 else []
    known: dict[int, list[Param]] = {OPEN_X: [("q", 3), text + b"\0"], CLOSE_E: [("q", -1)]}
    params = known.get(kind, [("I", 7), text])
    made = CaptureBuilder().event(
        kind, params, ts=cpu * 7, tid=cpu, cpu=cpu, version=version, flags=flags, large=large, options=options
    )
    return made.bytes()


def header(kind: int, number: int, size: int, count: int, text: bytes) -> bytes:
    """Return an event block whose header says what it likes."""
    flags = b"\1\0\0\0" if EVENT_BLOCKS[kind][0] else b""
    nparams = struct.pack("<I", count) if EVENT_BLOCKS[kind][1] == 26 else b""
    return block(b"\5\0" + flags + struct.pack("<qqIH", 1, 2, size, number) + nparams + text, kind)


# Old ones of these are longer than they are.
OVERSTATED = {EVENT_BY_ENUM["NOTIFICATION_E"], EVENT_BY_ENUM["INFRASTRUCTURE_EVENT_E"]}
GOOD = st.builds(
    event,
    st.sampled_from([OPEN_X, CLOSE_E, PLUGIN, ASYNC]),
    st.one_of(TEXTS, st.builds(bytes, st.integers(2000, 3000))),
    st.integers(0, 0xFFFF),
    st.sampled_from([None, None, 0, 1, 5]),
    st.sampled_from([b"", b"", b"a comment"]),
    st.sampled_from([2, 2, 1]),
)
ODD = st.builds(
    header,
    st.sampled_from(sorted(EVENT_BLOCKS)),
    st.one_of(st.sampled_from([OPEN_X, CLOSE_E, PLUGIN]), st.integers(0, 0xFFFF).filter(lambda n: n not in OVERSTATED)),
    st.integers(0, 120),
    st.integers(0, 6),
    TEXTS,
)
LOST = st.builds(lambda good, trailer: good[:-4] + struct.pack("<I", trailer), GOOD, st.integers(0, (1 << 32) - 1))
OTHER = st.sampled_from(
    [
        block(b"?", 0xBAD),
        CaptureBuilder().section().machine(b"wren").bytes(),
        CaptureBuilder().section((1, b"another")).bytes(),
    ]
)
CAPTURES = st.builds(
    lambda items: CaptureBuilder().section().machine().bytes() + b"".join(items),
    st.lists(st.one_of(GOOD, GOOD, GOOD, ODD, LOST, OTHER), max_size=30),
)


@given(CAPTURES, SIZES, st.booleans())
def test_advancing_gives_what_a_plain_reading_gives(data: bytes, sizes: list[int], packed: bool) -> None:
    """Every version and kind of event, damage and sections, however the bytes come: in order, counted, numbered."""
    expected = by_the_book(data)
    log, reader, error = walk(Pieces(gzip.compress(data, 1) if packed else data, sizes))
    stats = reader.stats
    assert log.rows == expected.rows
    assert (stats.events, stats.unknown_events, stats.malformed_events, stats.bad_trailers) == expected.counts
    if expected.damage >= 0:
        text = "an event block begins with another length than it ends with"
        assert error == f"<stream>, offset {expected.damage}: {text}"
    else:
        assert stats.bytes == len(data)
        assert not error or "there are no events" in error


@given(CAPTURES, st.data(), SIZES, st.booleans())
def test_batches_hold_what_advancing_gives(data: bytes, changes: st.DataObject, sizes: list[int], packed: bool) -> None:
    """Whatever becomes of the bytes: the same events, then the same error at the same place, and the same counts."""
    damaged = bytearray(data)
    for at in changes.draw(st.lists(st.integers(0, len(data) - 1), max_size=4)):
        damaged[at] ^= changes.draw(st.integers(1, 255))
    cut = changes.draw(st.integers(0, len(data)))
    whole = bytes(damaged[:cut])
    whole = gzip.compress(whole, 1) if packed else whole
    log, reader, error = walk(Pieces(whole, sizes))
    again, other, same = walk(Pieces(whole, [1 << 20], seekable=False), batches=True)
    assert (log.rows, error) == (again.rows, same)
    assert vars_of(reader.stats) == vars_of(other.stats)


def vars_of(stats: SourceStats) -> list[object]:
    """Return all that was counted."""
    return [getattr(stats, name) for name in dir(stats) if isinstance(getattr(stats, name), (int, dict))]


def test_an_event_can_be_held() -> None:
    """Whoever looked at it too early leaves it to the next."""
    expected = [row[1] for row in by_the_book(small_capture()).rows if row[0] == "event"]
    reader = SavefileReader(Pieces(small_capture(), [100]))
    held = []
    while reader.fill():
        while reader.advance():
            reader.hold()
            assert reader.advance()
            held.append(reader.event.num)
    assert held == expected
    assert reader.stats.events == len(held)


def test_copies_stay_when_the_event_moves_on() -> None:
    """The event is one object, and its window is let go."""
    reader = SavefileReader(Pieces(small_capture(), [100]))
    event = reader.event
    copies = []
    while reader.fill():
        assert reader.event is event
        while reader.advance():
            copies.append((event.copy(), event.num, event.raw(), event.options, event.flags))
    assert [(copy.num, copy.raw(), copy.options, copy.flags) for copy, *_ in copies] == [row[1:] for row in copies]
    assert len(copies) == 9
