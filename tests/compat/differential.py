"""Compares us with Debian's sysdig (0.29.3) on any capture: lines, field values, conditions.

`python -m tests.compat.differential fields CAPTURE [FIELD…]` prints for each field how many values differ, by event
type, with examples; `… conditions CAPTURE [COUNT [SEED]]` makes conditions from values that occur in the capture and
prints those that other events match. That program's event table is of 2022: not every difference is ours.
"""

from __future__ import annotations

import contextlib
import random
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from tercel import open_capture
from tercel.events.types import EC_INTERNAL
from tercel.fields.options import line_options
from tercel.fields.registry import Registry
from tercel.filters.filter import Compiler
from tercel.filters.parser import parse

SYSDIG = shutil.which("sysdig")
LINE = ("evt.num", "evt.outputtime", "evt.cpu", "proc.name", "thread.tid", "evt.dir", "evt.type")

# Neither occurs in what programs print: the end of a value, the beginning of an event.
_VALUE = "\x1f"
_EVENT = "\x1e"

Rows = dict[int, list[str]]


def sysdig(capture: Path, *arguments: str) -> str:
    """Return what sysdig prints for a capture; raises ValueError with its message when it refuses."""
    command = [SYSDIG or "sysdig", "-r", str(capture), *arguments]
    done = subprocess.run(command, capture_output=True, check=False, timeout=120, env={"TZ": "UTC", "HOME": "/"})
    if done.returncode:
        raise ValueError(done.stderr.decode(errors="replace").strip() or f"status {done.returncode}")
    return done.stdout.decode("utf-8", "surrogateescape")


def their_values(capture: Path, fields: Iterable[str], condition: str = "") -> Rows:
    """Return by event number what sysdig shows for each field."""
    shown = "*" + _EVENT + _VALUE.join(f"%{field}" for field in ("evt.num", *fields)) + _VALUE
    text = sysdig(capture, "-p", shown, *([condition] if condition else []))
    rows: Rows = {}
    for record in text.split(_EVENT)[1:]:
        number, *values = record.split(_VALUE)[:-1]
        rows[int(number)] = values
    return rows


def our_values(capture: Path, fields: Iterable[str]) -> Rows:
    """Return by event number what we show for each field in lines."""
    registry = Registry.syscall(line_options())
    columns = [registry.bind(field) for field in fields]
    rows: Rows = {}
    with open_capture(str(capture)) as opened:
        for ctx in opened.contexts():
            if not ctx.event.info.category & EC_INTERNAL:
                values = [column.shown(ctx) for column in columns]
                rows[ctx.event.num] = ["<NA>" if value is None else value for value in values]
    return rows


class Tally:
    """How often a field's values differ, by event type, with examples."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.kinds: Counter[str] = Counter()
        self.samples: dict[str, list[tuple[int, str, str]]] = defaultdict(list)

    def add(self, kind: str, number: int, ours: str, theirs: str) -> None:
        """Count a difference."""
        self.kinds[kind] += 1
        if len(self.samples[kind]) < 3:
            self.samples[kind].append((number, ours, theirs))


def compare_fields(capture: Path, fields: list[str]) -> dict[str, Tally]:
    """Return the fields whose values differ for some event."""
    theirs = their_values(capture, fields)
    ours = our_values(capture, ["evt.dir", "evt.type", *fields])
    found: dict[str, Tally] = defaultdict(Tally)
    for number, row in theirs.items():
        direction, kind, *values = ours.get(number, ["-", "missing", *fields])
        for field, mine, other in zip(fields, values, row, strict=True):
            if mine != other:
                found[field].add(f"{direction}{kind}", number, mine, other)
    return dict(found)


def main() -> None:
    """Print the report that the command line asks for."""
    mode, capture, *rest = sys.argv[1:]


if __name__ == "__main__":
    main()
