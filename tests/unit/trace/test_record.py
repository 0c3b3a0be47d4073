from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tercel.api import Capture, Event, load_rules
from tercel.capture.source import CaptureError
from tercel.filters.errors import FilterError
from tercel.trace.record import Recording, RecordOptions
from tercel.trace.rotation import RotationOptions
from tests.unit import samples
from tests.unit.capture.build import OPEN_X, CaptureBuilder, open_exit
from tests.unit.trace.playing import START, Clock, refusing, watching

CLOSE_X = 5
READ_X = 7


def busy() -> CaptureBuilder:
    """Return a capture of a process that opens a file, reads it, closes it, and opens another in vain."""
    made = CaptureBuilder().section().machine().users().threads([42])
    made.event(OPEN_X, open_exit(5, b"/etc/shadow"))
    for _ in range(3):
        made.event(READ_X, [("q", 4), b"data", ("q", 5), ("I", 100)])
    made.event(CLOSE_X, [("q", 0), ("q", 5)])
    return made.event(OPEN_X, open_exit(-2, b"/nope"))


@pytest.fixture
def source(tmp_path: Path) -> str:
    """Return the capture that is played."""
    return samples.capture(tmp_path, busy().bytes())


@pytest.fixture
def options(tmp_path: Path) -> RecordOptions:
    """Return the options of a plain recording."""
    return RecordOptions(RotationOptions(str(tmp_path / "out.scap")))


def record(options: RecordOptions, source: str, **changes: object) -> tuple[Recording, list[str]]:
    """Record what is played, and return the recording with what was said."""
    said: list[str] = []
    recording = Recording(options, watching(source, **changes), lambda: said.append("started"))  # type: ignore[arg-type]
    recording.run()
    return recording, said


def recorded(options: RecordOptions) -> list[tuple[str, str, int]]:
    """Return the events of the recording: type, file, flags."""
    found = []
    with Capture(options.files.path) as capture:
        while capture.fill():
            # Those kept for the state alone are not shown to anybody else.
            while capture.reader.advance():
                event = Event(capture.machine.process(capture.reader.event))
                found.append((event.type, str(event["fd.name"] or ""), event.context.event.flags))
    return found


def test_a_recording_holds_state_and_events(options: RecordOptions, source: str) -> None:
    """It says when it has begun, and what came of it."""
    recording, said = record(options, source)
    assert said == ["started"]
    assert [kind for kind, _, _ in recorded(options)] == ["open", "read", "read", "read", "close", "open"]
    assert recording.summary() == "6 events written, 0 lost, to 1 file"
    assert recording.remarks() == []
    with Capture(options.files.path) as capture:
        capture.fill()
        assert 42 in capture.machine.threads


def test_rejected_events_are_kept_where_the_state_needs_them(options: RecordOptions, source: str) -> None:
    """The name of the file that is read comes from an event that the filter rejects; reads that it rejects go."""
    recording, _ = record(replace(options, filter="evt.type=read"), source)
    assert recorded(options) == [
        ("open", "/etc/shadow", 1),
        *[("read", "/etc/shadow", 0)] * 3,
        ("close", "/etc/shadow", 1),
        ("open", "/nope", 1),
    ]
    assert recording.matched == 3
    record(replace(options, filter="evt.type=close"), source)
    assert [kind for kind, _, flags in recorded(options) if not flags] == ["close"]
    assert "read" not in [kind for kind, _, _ in recorded(options)]


def test_replaying_a_recording_gives_the_alerts_of_the_run(options: RecordOptions, source: str, tmp_path: Path) -> None:
    """Among the events that the filter let through."""
    text = samples.RULES.replace("evt.type=open and evt.rawres>=0", "evt.type=read and fd.name=/etc/shadow")
    rules = load_rules(samples.rules(tmp_path, text))
    record(replace(options, filter="evt.type=read"), source)
    with Capture(source) as played, Capture(options.files.path) as replayed:
        wanted = [(alert.time_ns, alert.rule) for alert in rules.alerts(played) if alert.rule == "Opened"]
        assert [(alert.time_ns, alert.rule) for alert in rules.alerts(replayed) if alert.rule == "Opened"] == wanted
    assert len(wanted) == 3


def test_a_limit_counts_what_the_filter_lets_through(options: RecordOptions, source: str) -> None:
    """Nobody needs to stop it then."""
    recording, _ = record(replace(options, filter="evt.type=read", limit=2), source, stop_at=-1)
    assert recording.matched == 2
    assert [kind for kind, _, _ in recorded(options)] == ["open", "read", "read"]


def test_a_recording_ends_after_its_time_though_nothing_happens(options: RecordOptions, source: str) -> None:
    """By the clock."""
    clock = Clock()
    record(replace(options, duration=5), source, stop_at=-1, clock=clock)
    assert len(recorded(options)) == 6
    assert clock.now - START >= 5_000_000_000


def test_files_follow_each_other(options: RecordOptions, source: str, tmp_path: Path) -> None:
    """Each is read alone."""
    files = replace(options.files, events=4)
    recording, _ = record(replace(options, files=files), source)
    assert recording.summary() == "6 events written, 0 lost, to 2 files"
    with Capture(str(tmp_path / "out.scap1")) as capture:
        assert next(event.format("%evt.type %fd.name") for event in capture) == "close /etc/shadow"


def test_losses_are_told(options: RecordOptions, source: str) -> None:
    """In the summary and each by itself."""
    lost = ["7 events of files were lost", "5 events of processes were lost"]
    recording, _ = record(options, source, lost=lost)
    assert recording.summary() == "6 events written, 12 lost, to 1 file"
    assert recording.remarks() == lost


def test_what_cannot_be_decoded_is_counted(options: RecordOptions, tmp_path: Path) -> None:
    """And the rest recorded."""
    source = samples.capture(tmp_path, busy().event(OPEN_X, [bytes(60)]).bytes())
    recording, _ = record(replace(options, filter="evt.arg.fd=5"), source)
    assert recording.malformed == 1
    assert recording.remarks() == ["1 events have values that could not be decoded"]


def test_a_machine_that_cannot_be_watched_leaves_no_file(options: RecordOptions, tmp_path: Path) -> None:
    """The reason is passed on."""
    recording = Recording(options, refusing(), lambda: None)
    with pytest.raises(CaptureError, match="CAP_BPF"):
        recording.run()
    assert not recording.has_begun
    assert not (tmp_path / "out.scap").exists()


def test_a_wrong_filter_is_refused_before_anything(options: RecordOptions, source: str) -> None:
    """Nothing is captured for it."""
    with pytest.raises(FilterError):
        Recording(replace(options, filter="evt.nothing=1"), watching(source), lambda: None)
