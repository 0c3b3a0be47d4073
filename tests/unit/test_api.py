from __future__ import annotations

import io
from pathlib import Path

import pytest

import tercel
from tests.unit import samples
from tests.unit.capture.build import ASYNC, OPEN_X, CaptureBuilder, Param, open_exit


def test_the_public_names_are_these() -> None:
    """A name that appears or goes is a decision, not an accident."""
    assert dir(tercel) == sorted(
        [
            "Capture",
            "CaptureError",
            "Event",
            "FieldError",
            "Filter",
            "FilterError",
            "FormatError",
            "MalformedEventError",
            "Rules",
            "RulesError",
            "__version__",
            "compile_filter",
            "load_rules",
            "open_capture",
        ]
    )
    assert all(getattr(tercel, name) is not None for name in tercel.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = tercel.nothing


def test_events_have_attributes_and_fields(tmp_path: Path) -> None:
    """Attributes come from the header, fields from what is known of the machine."""
    with tercel.open_capture(samples.capture(tmp_path)) as capture:
        event = next(iter(capture))
        assert (event.num, event.time_ns, event.tid, event.cpu) == (1, 1_700_000_000_000_000_000, 42, 1)
        assert (event.type, event.direction) == ("open", "<")
        assert event["fd.name"] == "/etc/passwd"
        assert event["fd.num"] == 3
        assert event["fd.sport"] is None
        assert event.get("fd.sport", 0) == 0
        assert event.format("%proc.name opened %fd.name") == "sh opened /etc/passwd"
        assert event.format("%fd.sip") is None
        assert event.format("*%fd.sip") == "<NA>"
        assert "/etc/passwd" in repr(event)


def test_an_unknown_field_or_format_is_an_error(tmp_path: Path) -> None:
    """The message names it."""
    with tercel.open_capture(samples.capture(tmp_path)) as capture:
        event = next(iter(capture))
        with pytest.raises(tercel.FieldError, match=r"fd\.nam"):
            _ = event["fd.nam"]
        with pytest.raises(tercel.FormatError, match="nonsense"):
            event.format("%nonsense")


def test_a_filter_chooses_events(tmp_path: Path) -> None:
    """Either of a whole capture or asked event by event."""
    path = samples.capture(tmp_path)
    with tercel.open_capture(path) as capture:
        assert [event.num for event in capture.filter("evt.rawres<0")] == [2]
    failed = tercel.compile_filter("evt.rawres<0")
    with tercel.open_capture(path) as capture:
        assert [failed.matches(event) for event in capture] == [False, True]
    with pytest.raises(tercel.FilterError, match=r"fd\.nam"):
        tercel.compile_filter("fd.nam=x")


def test_rules_match_events_and_give_alerts(tmp_path: Path) -> None:
    """Alerts are complete values."""
    rules = tercel.load_rules(samples.rules(tmp_path))
    assert rules.names == ["Opened", "Failed"]
    path = samples.capture(tmp_path)
    with tercel.open_capture(path) as capture:
        alerts = list(rules.alerts(capture))
    assert [alert.line for alert in alerts] == [samples.OPENED, samples.FAILED]
    first = alerts[0]
    assert (first.rule, first.priority_name, first.tags) == ("Opened", "Warning", ("b", "files"))
    assert first.message == "opened (file=/etc/passwd)"
    assert first.fields == {"evt.time": 1_700_000_000_000_000_000, "fd.name": "/etc/passwd"}
    with tercel.open_capture(path) as capture:
        assert [rule.name for event in capture for rule in rules.match(event)] == ["Opened", "Failed"]


def test_rules_with_a_mistake_raise_with_every_problem(tmp_path: Path) -> None:
    """The text shows the place."""
    text = samples.RULES.replace("evt.rawres>=0", "evt.rawers>=0").replace("%evt.arg.name", "%evt.agr")
    with pytest.raises(tercel.RulesError, match=r"small\.yaml:4:") as caught:
        tercel.load_rules(samples.rules(tmp_path, text))
    assert len(caught.value.problems) == 2


def test_a_stream_can_be_read() -> None:
    """A path is not the only source."""
    capture = tercel.open_capture(io.BytesIO(samples.builder().bytes()))
    assert len(list(capture)) == 2
    assert capture.stats.events == 2
    capture.close()


def test_everything_before_the_end_of_a_cut_capture_is_read(tmp_path: Path) -> None:
    """Then the error tells where it ends."""
    content = samples.builder().bytes()
    numbers: list[int] = []
    capture = tercel.open_capture(samples.capture(tmp_path, content[:-3]))
    with capture, pytest.raises(tercel.CaptureError, match="offset"):
        numbers.extend(event.num for event in capture)
    assert numbers == [1]


def test_leading_events_about_the_recorder_s_state_are_numbered_but_not_seen() -> None:
    """They say what was there before; behind the first other event they are events like all."""
    builder = CaptureBuilder().section().machine().threads([42])
    container: list[Param] = [("I", 0), b"container\0", b"{}\0"]
    builder.event(ASYNC, container, large=True)
    builder.event(OPEN_X, open_exit(3, b"/x"))
    builder.event(ASYNC, container, large=True)
    capture = tercel.open_capture(io.BytesIO(builder.bytes()))
    assert [(event.num, event.type) for event in capture] == [(2, "open"), (3, "container")]


def test_whoever_wants_the_leading_events_is_given_them() -> None:
    """A writer copies them; a capture of nothing else ends there."""
    builder = CaptureBuilder().section().machine().threads([42])
    for _ in range(3):
        builder.event(ASYNC, [("I", 0), b"container\0", b"{}\0"], large=True)
    for rest in (b"", CaptureBuilder().event(OPEN_X, open_exit(3, b"/x")).bytes()):
        capture = tercel.open_capture(io.BytesIO(builder.bytes() + rest))
        given: list[int] = []
        capture.on_initial = lambda event, given=given: given.append(event.num)
        assert capture.fill() is bool(rest)
        assert given == [1, 2, 3]
        assert capture.reader.advance() is bool(rest)
        assert not capture.fill()
        assert capture.stats.events == 3 + bool(rest)


def test_an_event_that_cannot_be_decoded_is_left_out_and_counted() -> None:
    """One damaged event does not end a capture."""
    builder = samples.builder()
    builder.event(OPEN_X, [b"abc", b"/x\0"])
    capture = tercel.open_capture(io.BytesIO(builder.bytes()))
    seen = [event.num for event in capture]
    assert (len(seen), capture.malformed) in {(2, 1), (3, 0)}
