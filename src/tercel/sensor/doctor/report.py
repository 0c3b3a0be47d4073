"""The doctor's findings as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import Final

from tercel.alerts.jsontext import text_line
from tercel.sensor.doctor.check import FAIL, Finding, can_run

_WIDTH: Final = 100
_STATUS: Final = 6


def report_text(findings: list[Finding]) -> str:
    """Return a table: status, what was looked at, what is there; below it what a lack costs."""
    title_width = max((len(finding.title) for finding in findings), default=0) + 2
    lines = [line for finding in findings for line in _lines(finding, title_width)]
    return "\n".join([*lines, "", verdict(findings)])


def report_json(findings: list[Finding]) -> dict[str, object]:
    """Return the findings, ready for JSON."""
    return {
        "live_capture": can_run(findings),
        "checks": [
            {
                "name": finding.name,
                "title": finding.title,
                "status": finding.status,
                "found": finding.found,
                "costs": finding.costs,
            }
            for finding in findings
        ],
    }


def verdict(findings: list[Finding]) -> str:
    """Return one line that says whether live capture can run here, and if not, why."""
    if can_run(findings):
        return "Live capture can run here."
    failed = ", ".join(finding.title for finding in findings if finding.status == FAIL)
    return f"Live capture cannot run here: {failed}."


def _lines(finding: Finding, title_width: int) -> Iterator[str]:
    yield f"{finding.status:{_STATUS}}{finding.title:{title_width}}{text_line(finding.found)}"
    indent = " " * (_STATUS + title_width)
    for line in wrap(text_line(finding.costs), max(_WIDTH - len(indent), 40)):
        yield indent + line
