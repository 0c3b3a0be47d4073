from __future__ import annotations

import pytest

from tercel.sensor.doctor.check import Answer, Check, Finding, can_run, examine, examine_all
from tercel.sensor.doctor.context import Context


def check(answer: Answer, *, fatal: bool = False) -> Check:
    """Return a check with this answer."""
    return Check("name", "Title", lambda _: answer, "It costs.", fatal)


@pytest.mark.parametrize(
    ("answer", "fatal", "status", "costs"),
    [
        (Answer(good=True, found="there"), True, "ok", ""),
        (Answer(good=False, found="away"), True, "fail", "It costs."),
        (Answer(good=False, found="away"), False, "warn", "It costs."),
        (Answer(good=False, found="away", costs="More."), False, "warn", "More."),
    ],
)
def test_an_answer_becomes_a_finding(answer: Answer, fatal: bool, status: str, costs: str) -> None:
    """What is well costs nothing; an answer may know the price better than the row."""
    assert examine(check(answer, fatal=fatal), Context()) == Finding("name", "Title", status, answer.found, costs)


def test_what_cannot_be_read_is_a_finding_not_a_traceback() -> None:
    """A doctor that faints helps nobody."""

    def look(_: Context) -> Answer:
        raise PermissionError(13, "Permission denied", "/sys/x")

    finding = examine(Check("name", "Title", look, "It costs."), Context())
    assert (finding.status, finding.found) == ("warn", "cannot be told: Permission denied")


def test_only_what_is_fatal_keeps_capture_from_running() -> None:
    """A warning is a price, not a wall."""
    good, bad = check(Answer(good=True, found="")), check(Answer(good=False, found=""))
    assert can_run(examine_all([good, bad], Context()))
    assert not can_run(examine_all([good, check(Answer(good=False, found=""), fatal=True)], Context()))
