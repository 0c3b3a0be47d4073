"""Summaries of a rule over many events."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tercel.rules.nearest import Summary, summarize
from tests.unit.rules.files import rule
from tests.unit.rules.told import events, explainer


def summary(condition: str) -> Summary:
    """Return a rule's summary over the events of the story."""
    found = explainer(rule(condition))
    return summarize(found, found.rules, events())[0]


def test_the_first_part_that_fails_is_counted() -> None:
    """One for each event that does not match."""
    found = summary("evt.type in (openat, close, read) and evt.dir = < and fd.num = 3")
    assert [item.part.text for item in found.conjuncts][1:] == ["evt.dir = <", "fd.num = 3"]
    assert found.events == found.matched + sum(found.failed)
    assert found.failed == [0, 4, 1]


def test_the_first_match_and_the_closest_other_are_explained() -> None:
    """At the event where they were met, which is gone afterwards."""
    found = summary("evt.type in (openat, close) and evt.dir = < and fd.num = 3")
    assert found.first_match is not None
    assert found.first_match.matches
    assert found.closest is not None
    assert found.closest_failed == 1
    assert found.closest.reason.startswith("the rule does not match: ")


def test_a_rule_without_events_has_nothing_to_show() -> None:
    """The capture has none of its types."""
    found = summary("evt.type = reboot")
    assert (found.events, found.matched, found.first_match, found.closest) == (0, 0, None, None)
    value = found.as_json()
    assert (value["closest"], value["closest_failed"], value["first_match"]) == (None, None, None)
    assert found.short_json()["reason"] is None


def test_a_summary_has_a_form_for_programs() -> None:
    """Parts with their counts, whole explanations."""
    value = summary("evt.type = openat and evt.dir = < and fd.name = /etc/passwd").as_json()
    assert value["parts"] == [
        {"text": "evt.type = openat", "macros": [], "exception": "", "failed": 0},
        {"text": "evt.dir = <", "macros": [], "exception": "", "failed": 1},
        {"text": "fd.name = /etc/passwd", "macros": [], "exception": "", "failed": 1},
    ]
    assert (value["rule"], value["events"], value["matched"], value["closest_failed"]) == ("R", 2, 0, 1)
    closest = value["closest"]
    assert isinstance(closest, dict)
    assert closest["event"]["direction"] == "<"


PARTS = ["evt.dir = <", "fd.num = 3", "proc.name = cat", "fd.name startswith /etc", "evt.res exists", "proc.pid = 42"]


@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=4))
def test_the_closest_event_is_the_first_for_which_the_fewest_parts_fail(parts: list[str]) -> None:
    """Looking no further than needed changes nothing."""
    found = explainer(rule(" and ".join(["evt.type in (openat, close, read, connect)", *parts])))
    chosen = found.rules[0]
    result = summarize(found, [chosen], events())[0]
    counts: list[tuple[int, int]] = []
    for ctx in events():
        if chosen in found.by_type[ctx.event.info.id]:
            failed = sum(not found.predicate(chosen, item.part.node).evaluate(ctx) for item in result.conjuncts)
            counts.append((failed, ctx.event.num))
    misses = [count for count in counts if count[0]]
    assert result.matched == len(counts) - len(misses)
    if misses:
        assert result.closest is not None
        assert (result.closest_failed, result.closest.event.num) == min(misses)
