"""What every source shares: errors that say where, and sinks that may ignore what they hear."""

from __future__ import annotations

import pytest

from tercel.capture.source import CaptureError, Source, SourceStats, StateSink, StateSource, remarks
from tercel.state.model import FdInfo, Interface, MachineInfo, ThreadInfo, User


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
    thread.fds = {5: FdInfo(1), 0: FdInfo(2)}
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
    with pytest.raises(NotImplementedError):
        source.next_batch()


def test_types_of_blocks_beyond_a_thousand_are_counted_together() -> None:
    """A damaged capture may have any number of types."""
    stats = SourceStats()
    for kind in range(1, 5000):
        stats.skip_block(kind)
    assert len(stats.skipped_blocks) == 1025
    assert sum(stats.skipped_blocks.values()) == 4999
