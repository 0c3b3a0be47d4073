"""A check and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from tercel.sensor.doctor.context import Context

OK: Final = "ok"
WARN: Final = "warn"
FAIL: Final = "fail"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a check saw: whether it is as live capture wants it, and in words; `costs` replaces the check's own."""

    good: bool
    found: str
    costs: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A thing to look at. Without a fatal one capture cannot run; `costs` says what the lack of it costs."""

    name: str
    title: str
    look: Callable[[Context], Answer]
    costs: str = ""
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check; `costs` is empty when all is well."""

    name: str
    title: str
    status: str
    found: str
    costs: str


def examine(check: Check, context: Context) -> Finding:
    """Make one check."""
    try:
        answer = check.look(context)
    except OSError as error:
        answer = Answer(good=False, found=f"cannot be told: {error.strerror or error}")
    if answer.good:
        return Finding(check.name, check.title, OK, answer.found, "")
    status = FAIL if check.fatal else WARN
    return Finding(check.name, check.title, status, answer.found, answer.costs or check.costs)


def examine_all(checks: Iterable[Check], context: Context) -> list[Finding]:
    """Make the checks in their order."""
    return [examine(check, context) for check in checks]


def can_run(findings: Iterable[Finding]) -> bool:
    """Return whether live capture can run: nothing that it cannot do without is missing."""
    return all(finding.status != FAIL for finding in findings)
