from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from tercel.api import Capture
from tercel.capture.source import CaptureError
from tercel.filters.errors import FilterError
from tercel.filters.format import FormatError
from tercel.trace.formats import DEFAULT_FORMAT
from tercel.trace.options import TraceOptions
from tercel.trace.session import Trace
from tests.unit import samples
from tests.unit.capture.build import OPEN_X, CaptureBuilder, open_exit
from tests.unit.trace.playing import refusing, watching

FIRST = "1 22:13:20.000000000 1 sh (42) < open fd=3(<f>/etc/passwd) name=/etc/passwd flags=1(O_RDONLY) mode=0644 dev=6 "
PROCINFO = 234


def trace(options: TraceOptions, *, stopped: bool = False) -> tuple[Trace, str]:
    """Run a trace and return it with what it printed."""
    out = io.StringIO()
    made = Trace(options, out, lambda: stopped)
    made.run()
    return made, out.getvalue()


@pytest.fixture
def options(tmp_path: Path) -> TraceOptions:
    """Return the options of a plain run over the small capture."""
    return TraceOptions((samples.capture(tmp_path),), format=DEFAULT_FORMAT)


def test_every_event_is_a_line(options: TraceOptions) -> None:
    """Number, time, processor, process, direction, type, arguments."""
    made, text = trace(options)
    lines = text.splitlines()
    assert lines[0].startswith(FIRST)
    assert len(lines) == made.matched == made.events == 2


def test_a_filter_and_a_limit_choose(options: TraceOptions) -> None:
    """The limit counts what the filter lets through."""
    assert trace(replace(options, filter="evt.rawres<0"))[1].startswith("2 ")
    assert len(trace(replace(options, limit=1))[1].splitlines()) == 1


def test_the_duration_is_event_time(options: TraceOptions) -> None:
    """The second event comes a second after the first."""
    assert len(trace(replace(options, duration=1))[1].splitlines()) == 1
    assert len(trace(replace(options, duration=2))[1].splitlines()) == 2


def test_several_captures_are_read_in_a_row(options: TraceOptions) -> None:
    """Each is a run of its own: numbers begin anew."""
    lines = trace(replace(options, captures=options.captures * 2))[1].splitlines()
    assert [line.split(" ")[0] for line in lines] == ["1", "2", "1", "2"]


def test_a_line_with_a_missing_value_is_left_out(options: TraceOptions) -> None:
    """Unless the format begins with a star."""
    assert trace(replace(options, format="%evt.num %fd.sip"))[1] == ""
    assert trace(replace(options, format="%evt.num %fd.sip", json=True))[1] == ""
    assert trace(replace(options, format="*%evt.num %fd.sip", limit=1))[1] == "1 <NA>\n"


def test_json_lines_hold_the_fields_of_the_format(options: TraceOptions) -> None:
    """Numbers stay numbers, missing values are null."""
    text = trace(replace(options, format="*%evt.num %fd.sip %proc.name", json=True, limit=1))[1]
    assert json.loads(text) == {"evt.num": 1, "fd.sip": None, "proc.name": "sh"}


def test_quiet_prints_nothing_but_counts(options: TraceOptions) -> None:
    """As for measuring."""
    made, text = trace(replace(options, quiet=True))
    assert (made.matched, text) == (2, "")


@pytest.mark.parametrize(("internal", "lines"), [(False, 2), (True, 3)])
def test_internal_events_are_hidden_unless_asked_for(tmp_path: Path, internal: bool, lines: int) -> None:
    """They are counted all the same."""
    content = samples.builder().event(PROCINFO, [("Q", 1), ("Q", 2)]).bytes()
    options = TraceOptions((samples.capture(tmp_path, content),), format="*%evt.num", internal=internal)
    made, text = trace(options)
    assert (made.matched, len(text.splitlines())) == (3, lines)


@pytest.mark.parametrize("compress", [False, True])
def test_writing_keeps_state_and_chosen_events(options: TraceOptions, tmp_path: Path, compress: bool) -> None:
    """What is read back looks the same; nothing is printed."""
    target = tmp_path / "out.scap"
    _, text = trace(replace(options, write=str(target), compress=compress, filter="evt.rawres<0"))
    assert text == ""
    assert target.read_bytes().startswith(b"\x1f\x8b") is compress
    with Capture(str(target)) as capture:
        events = [(event.num, event.format("%proc.name %evt.arg.name")) for event in capture]
        assert events == [(1, "sh /nope")]
        assert 42 in capture.machine.threads


def test_leading_state_events_are_written_whatever_the_filter(tmp_path: Path) -> None:
    """Without them the copy would know less."""
    builder = CaptureBuilder().section().machine().threads([42])
    builder.event(272, [b'{"container":{"id":"0123456789ab","name":"web","type":0}}\0'])
    builder.event(OPEN_X, open_exit(3, b"/x"))
    source, target = samples.capture(tmp_path, builder.bytes()), tmp_path / "out.scap"
    trace(TraceOptions((source,), format=DEFAULT_FORMAT, filter="evt.num=0", write=str(target)))
    with Capture(str(target)) as capture:
        assert list(capture) == []
        assert "0123456789ab" in capture.machine.containers


def test_a_cut_capture_is_printed_up_to_the_cut(tmp_path: Path) -> None:
    """Then the error comes."""
    out = io.StringIO()
    options = TraceOptions((samples.capture(tmp_path, samples.builder().bytes()[:-3]),), format=DEFAULT_FORMAT)
    with pytest.raises(CaptureError):
        Trace(options, out, lambda: False).run()
    assert out.getvalue().startswith(FIRST)


def test_a_run_can_be_stopped(options: TraceOptions) -> None:
    """Between two batches: the rest of the files is not read."""
    assert len(trace(replace(options, captures=options.captures * 2), stopped=True)[1].splitlines()) == 2


def test_a_wrong_filter_or_format_is_refused_at_once(options: TraceOptions) -> None:
    """Before anything is read."""
    with pytest.raises(FilterError):
        trace(replace(options, filter="evt.nothing=1"))
    with pytest.raises(FormatError):
        trace(replace(options, format="%nothing"))


def test_the_capture_that_is_read_is_not_written_over(options: TraceOptions, tmp_path: Path) -> None:
    """By whatever name."""
    link = tmp_path / "link.scap"
    link.symlink_to(options.captures[0])
    before = link.read_bytes()
    for name in (options.captures[0], str(link)):
        with pytest.raises(CaptureError, match="cannot write to the capture that is read"):
            trace(replace(options, write=name))
    assert link.read_bytes() == before


def test_what_was_passed_over_is_told(tmp_path: Path) -> None:
    """Blocks, and events that cannot be decoded."""
    content = samples.builder().block(0x7777, b"1234").event(OPEN_X, [bytes(60)]).bytes()
    made, text = trace(TraceOptions((samples.capture(tmp_path, content),), format=DEFAULT_FORMAT))
    assert len(text.splitlines()) == 2
    assert made.remarks() == [
        "1 events could not be decoded and are left out",
        "1 blocks of unknown types were passed over",
        "1 events told the state nothing, since parameters have lengths that do not fit their types",
    ]


def live(options: TraceOptions, **changes: object) -> tuple[Trace, str]:
    """Run a trace of a machine on which happens what the options' capture holds."""
    out = io.StringIO()
    made = Trace(replace(options, captures=()), out, lambda: False, watching(options.captures[0], **changes))  # type: ignore[arg-type]
    made.run()
    return made, out.getvalue()


def test_without_captures_this_machine_is_watched_until_somebody_stops_it(options: TraceOptions) -> None:
    """The lines are those of a capture."""
    made, text = live(options)
    assert text == trace(options)[1]
    assert made.matched == 2


def test_a_live_run_ends_with_its_limit_or_its_time(options: TraceOptions) -> None:
    """Nobody needs to stop it then."""
    assert len(live(replace(options, limit=1), stop_at=-1)[1].splitlines()) == 1
    assert len(live(replace(options, duration=30), stop_at=-1)[1].splitlines()) == 2


def test_a_live_run_can_be_written_with_what_the_state_needs(options: TraceOptions, tmp_path: Path) -> None:
    """What the filter rejected is marked, taken in by readers, and shown by none; a copy keeps it."""
    target, copy = tmp_path / "out.scap", tmp_path / "copy.scap"
    _, text = live(replace(options, filter="evt.rawres<0", write=str(target)))
    assert text == ""
    plain = TraceOptions((str(target),), format="*%evt.num %evt.arg.name")
    assert trace(plain)[1] == "2 /nope\n"
    trace(replace(plain, write=str(copy)))
    assert trace(replace(plain, captures=(str(copy),)))[1] == "2 /nope\n"


def test_a_live_run_tells_what_it_lost(options: TraceOptions) -> None:
    """First of all."""
    made, _ = live(options, lost=["3 events of files were lost"])
    assert made.remarks() == ["3 events of files were lost"]


def test_a_machine_that_cannot_be_watched_is_an_error_with_the_reason(options: TraceOptions) -> None:
    """As a file that cannot be read."""
    with pytest.raises(CaptureError, match="CAP_BPF"):
        Trace(replace(options, captures=()), io.StringIO(), lambda: False, refusing()).run()
