"""Compares our lines of a capture with recorded ones: `python -m tests.compat.lines CAPTURE LINES`.

The lines are those of the default format of the capture tool. The report groups the differences by event type and by
the parameter that differs, so that one cause shows up once.
"""

from __future__ import annotations

import gzip
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tercel import open_capture
from tercel.events.types import EC_INTERNAL
from tercel.fields.options import line_options
from tercel.fields.registry import Registry

FIELDS = ("evt.num", "evt.outputtime", "evt.cpu", "proc.name", "thread.tid", "evt.dir", "evt.type", "evt.info")
LINE = re.compile(r"(\d+) (\S+) (\d+) (.*?) \((-?\d+|<NA>)\) ([<>]) (\S+) ?(.*)", re.DOTALL)
NAMES = ("num", "time", "cpu", "comm", "tid", "dir", "type")


def our_lines(path: Path) -> Iterator[str]:
    """Yield the lines that the default format prints for a capture."""
    registry = Registry.syscall(line_options())
    columns = [registry.bind(name) for name in FIELDS]
    with open_capture(str(path)) as capture:
        for context in capture.contexts():
            if context.event.info.category == EC_INTERNAL:
                continue
            num, clock, cpu, comm, tid, direction, kind, info = (
                "<NA>" if (shown := column.shown(context)) is None else shown for column in columns
            )
            yield f"{num} {clock} {cpu} {comm} ({tid}) {direction} {kind} {info}"


def recorded_lines(path: Path) -> list[str]:
    """Return the recorded lines; a line that does not begin with a number continues the one before."""
    with gzip.open(path, "rt", encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        text = file.read()
    return [line for line in re.split(r"\n(?=\d+ \d\d:\d\d:\d\d\.\d{9} )", text.rstrip("\n")) if line]


def arguments(text: str) -> dict[str, str]:
    """Split evt.info into its parameters."""
    parts = re.split(r"(?:^| )(\w+)=", text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def kinds(ours: str, theirs: str) -> Iterator[str]:
    """Name what differs between two lines of the same event."""
    left, right = LINE.fullmatch(ours), LINE.fullmatch(theirs)
    if left is None or right is None:
        yield "unparsed"
        return
    event = f"{right[6]}{right[7]}"
    for position, name in enumerate(NAMES, 1):
        if left[position] != right[position]:
            yield f"{event} {name}"
    mine, other = arguments(left[8]), arguments(right[8])
    differing = [f"{event} {name}=" for name in {**mine, **other} if mine.get(name) != other.get(name)]
    yield from differing
    if not differing and left[8] != right[8]:
        yield f"{event} layout"


class Comparison:
    """How far two sets of lines agree."""

    def __init__(self, ours: Iterator[str], theirs: list[str]) -> None:
        """Match the lines by event number and count."""
        mine = {line.split(" ", 1)[0]: line for line in ours}
        other = {line.split(" ", 1)[0]: line for line in theirs}
        self.total = len(other)
        self.missing = sorted((number for number in other if number not in mine), key=int)
        self.extra = sorted((number for number in mine if number not in other), key=int)
        self.differing = [(mine[n], line) for n, line in other.items() if n in mine and mine[n] != line]
        self.kinds: Counter[str] = Counter()
        self.samples: dict[str, tuple[str, str]] = {}
        for pair in self.differing:
            for kind in kinds(*pair):
                self.kinds[kind] += 1
                self.samples.setdefault(kind, pair)

    @property
    def share(self) -> float:
        """The share of recorded lines that ours equal."""
        return 1 - (len(self.missing) + len(self.differing)) / max(1, self.total)


def compare(capture: Path, lines: Path) -> Comparison:
    """Compare a capture's lines with the recorded ones."""
    return Comparison(our_lines(capture), recorded_lines(lines))


def main(capture: str, lines: str) -> None:
    """Print the report."""
    found = compare(Path(capture), Path(lines))
    print(f"{capture}: {found.total} lines, {found.share:.4%} identical, "
          f"{len(found.missing)} missing {found.missing[:5]}, {len(found.extra)} extra {found.extra[:5]}")  # fmt: skip
    for kind, count in found.kinds.most_common(40):
        ours, theirs = found.samples[kind]
        print(f"  {count:6} {kind}\n      ours   {ours[:1000]!r}\n      theirs {theirs[:1000]!r}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
