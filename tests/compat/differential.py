"""Compares us with Debian's sysdig (0.29.3) on any capture: lines, field values, conditions.

`python -m tests.compat.differential fields CAPTURE [FIELD…]` prints for each field how many values differ, by event
type, with examples. `… conditions CAPTURE [COUNT [SEED]]` makes conditions from values that occur in the capture and
prints those for which other events match although both programs see the same values. The event table of that program
is of 2022: not every difference is ours.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from tercel import open_capture
from tercel.events import types
from tercel.fields.base import FF_ARG_REQUIRED, FF_FILTER_ONLY, FieldError
from tercel.fields.options import ALERT_OPTIONS, RenderOptions, line_options
from tercel.fields.registry import Registry
from tercel.filters.errors import FilterError
from tercel.filters.filter import Compiler, Filter
from tercel.filters.parser import parse
from tercel.state.context import Context

SYSDIG = shutil.which("sysdig")
LINE: Final = ("evt.num", "evt.outputtime", "evt.cpu", "proc.name", "thread.tid", "evt.dir", "evt.type")

# Neither occurs in what programs print: the end of a value, the beginning of an event.
_VALUE: Final = "\x1f"
_EVENT: Final = "\x1e"
_ABSENT: Final = "<NA>"
# As many fields in one run as a command line takes with ease.
_FIELDS_PER_RUN: Final = 40
_TIMEOUT: Final = 120

_NUMBERS: Final = frozenset(
    value
    for name, value in vars(types).items()
    if name.startswith(("PT_INT", "PT_UINT", "PT_RELTIME", "PT_PORT", "PT_PID", "PT_ABSTIME"))
)
_ADDRESSES: Final = frozenset({types.PT_IPADDR, types.PT_IPV4ADDR, types.PT_IPNET})

# Fields whose value depends on which events were asked for it before, or on what that program has in memory.
_UNSTEADY: Final = re.compile(
    r"evt\.(num|time.*|datetime.*|outputtime|deltatime.*|count.*|around|args|info)|thread\.(totexec|exec|cpu).*|evtin.*"
)

Rows = dict[int, list[str]]


def sysdig(capture: Path, *arguments: str) -> str:
    """Return what sysdig prints for a capture; raises ValueError with its message when it refuses."""
    command = [SYSDIG or "sysdig", "-r", str(capture), *arguments]
    environment = {"TZ": "UTC", "HOME": "/"}
    done = subprocess.run(command, capture_output=True, check=False, timeout=_TIMEOUT, env=environment)
    if done.returncode:
        raise ValueError(done.stderr.decode(errors="replace").strip() or f"status {done.returncode}")
    return done.stdout.decode("utf-8", "surrogateescape")


def known_fields() -> list[str]:
    """Return the fields that both programs know and that need no argument."""
    done = subprocess.run([SYSDIG or "sysdig", "-l"], capture_output=True, check=True, timeout=_TIMEOUT)
    names = re.findall(r"^([a-z0-9_]+\.[a-z0-9_.]+) ", done.stdout.decode(), re.MULTILINE)
    registry = Registry.syscall()
    known: list[str] = []
    for name in names:
        try:
            flags = registry.bind(name).spec.flags
        except FieldError:
            continue
        if not flags & (FF_ARG_REQUIRED | FF_FILTER_ONLY) and name not in {"proc.aname", "proc.apid"}:
            known.append(name)
    return known


def their_values(capture: Path, fields: Iterable[str], condition: str = "") -> Rows:
    """Return by event number what sysdig shows for each field."""
    shown = "*" + _EVENT + "".join(f"%{field}{_VALUE}" for field in ("evt.num", *fields))
    text = sysdig(capture, "-p", shown, *([condition] if condition else []))
    rows: Rows = {}
    for record in text.split(_EVENT)[1:]:
        number, *values = record.split(_VALUE)[:-1]
        rows[int(number)] = values
    return rows


def contexts(capture: Path) -> Iterator[Context]:
    """Yield the events that are shown."""
    with open_capture(str(capture)) as opened:
        for ctx in opened.contexts():
            if not ctx.event.info.category & types.EC_INTERNAL:
                yield ctx


def our_values(capture: Path, fields: Iterable[str], options: RenderOptions | None = None) -> Rows:
    """Return by event number what we show for each field, in lines unless other options are given."""
    registry = Registry.syscall(options or line_options())
    columns = [registry.bind(field) for field in fields]
    rows: Rows = {}
    for ctx in contexts(capture):
        values = [column.shown(ctx) for column in columns]
        rows[ctx.event.num] = [_ABSENT if value is None else value for value in values]
    return rows


class Tally:
    """How often a field's values differ, by event type, with examples."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.kinds: Counter[str] = Counter()
        self.samples: dict[str, tuple[int, str, str]] = {}

    def add(self, kind: str, number: int, ours: str, theirs: str) -> None:
        """Count a difference."""
        self.kinds[kind] += 1
        self.samples.setdefault(kind, (number, ours, theirs))


def compare_fields(capture: Path, fields: list[str]) -> dict[str, Tally]:
    """Return the fields whose values differ for some event."""
    theirs = their_values(capture, fields)
    ours = our_values(capture, ["evt.dir", "evt.type", *fields])
    found: dict[str, Tally] = defaultdict(Tally)
    for number, row in theirs.items():
        direction, kind, *values = ours.get(number, ["-", "missing", *fields])
        for field, mine, other in zip(fields, values, row, strict=True):
            if mine != other:
                found[field].add(direction + kind, number, mine, other)
    return dict(found)


class Values:
    """What both programs show of an event, and which constants a condition on a field can be made of."""

    def __init__(self, capture: Path, fields: list[str]) -> None:
        """Read the capture with both programs; fields that sysdig stumbles over are left out."""
        self.theirs: dict[int, dict[str, str]] = defaultdict(dict)
        self.fields: list[str] = []
        for start in range(0, len(fields), _FIELDS_PER_RUN):
            part = fields[start : start + _FIELDS_PER_RUN]
            try:
                self._read(capture, part)
            except ValueError:
                for field in part:
                    self._try(capture, field)
        rows = our_values(capture, self.fields, ALERT_OPTIONS)
        self.ours = {number: dict(zip(self.fields, row, strict=True)) for number, row in rows.items()}
        self.constants: dict[str, list[str]] = {}
        for field in self.fields:
            seen = dict.fromkeys(row[field] for row in self.theirs.values())
            self.constants[field] = [value for value in seen if value != _ABSENT]

    def _read(self, capture: Path, part: list[str]) -> None:
        for number, row in their_values(capture, part).items():
            self.theirs[number].update(zip(part, row, strict=True))
        self.fields += part

    def _try(self, capture: Path, field: str) -> None:
        try:
            self._read(capture, [field])
        except ValueError as error:
            sys.stderr.write(f"{field}: {error}\n")

    def agree(self, number: int, fields: Iterable[str]) -> bool:
        """Return whether both programs show the same values of the fields for an event."""
        return all(self.ours[number][field] == self.theirs[number][field] for field in fields)


def quoted(text: str) -> str:
    """Return a constant in quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Generator:
    """Makes conditions of the form `evt.type in (…) and evt.dir=< and (a = x or not (b > y and …))`."""

    def __init__(self, values: Values, seed: int) -> None:
        """Take constants from the values of a capture."""
        self.random = random.Random(seed)
        self.values = values
        registry = Registry.syscall()
        self.kinds = {field: registry.bind(field).spec.type for field in values.fields}
        self.types = sorted(set(values.constants["evt.type"]))
        self.used: set[str] = set()
        self._texts: dict[str, Callable[[str], str]] = {
            "=": quoted,
            "!=": quoted,
            "contains": self._part,
            "icontains": lambda text: self._part(text).swapcase(),
            "startswith": lambda text: quoted(text[: self.random.randrange(len(text) + 1)]),
            "endswith": lambda text: quoted(text[self.random.randrange(len(text) + 1) :]),
            "glob": self._glob,
            "in": lambda text: f"({quoted(text)}, {quoted(text + 'x')})",
            "pmatch": self._prefix,
        }

    def _part(self, text: str) -> str:
        start = self.random.randrange(len(text) + 1)
        return quoted(text[start : self.random.randrange(start, len(text) + 1)])

    def _glob(self, text: str) -> str:
        at = self.random.randrange(len(text) + 1)
        return quoted(text[:at] + self.random.choice("*?") + text[at + 1 :])

    def _prefix(self, text: str) -> str:
        parts = text.split("/")
        return f"({quoted('/'.join(parts[: self.random.randrange(1, len(parts) + 1)]) or '/')}, /nosuch)"

    def comparison(self) -> str:
        """Return one comparison; `used` gets the field."""
        field = self.random.choice(self.values.fields)
        self.used.add(field)
        constants = self.values.constants[field]
        kind = self.kinds[field]
        if not constants or self.random.random() < 0.08:
            return f"{field} exists"
        value = self.random.choice(constants)[:200]
        if kind == types.PT_BOOL:
            return f"{field} {self.random.choice(['=', '!='])} {self.random.choice(['true', 'false'])}"
        if kind in _ADDRESSES:
            return f"{field} {self.random.choice(['=', '!='])} {value}"
        if kind in _NUMBERS:
            return self._numeric(field, value)
        operator = self.random.choice(list(self._texts))
        return f"{field} {operator} {self._texts[operator](value)}"

    def _numeric(self, field: str, value: str) -> str:
        if not re.fullmatch(r"-?\d+", value):
            return f"{field} exists"
        number = int(value) + self.random.choice((0, 0, 0, 1, -1))
        operator = self.random.choice(("=", "!=", "<", "<=", ">", ">=", "in"))
        return f"{field} in ({number}, 7)" if operator == "in" else f"{field} {operator} {number}"

    def expression(self, depth: int) -> str:
        """Return comparisons joined by one operator, some of them nested or negated."""
        parts: list[str] = []
        for _ in range(self.random.choice((1, 2, 2, 3))):
            is_nested = depth > 0 and self.random.random() < 0.35
            part = f"({self.expression(depth - 1)})" if is_nested else self.comparison()
            parts.append(f"not {part}" if self.random.random() < 0.25 else part)
        return self.random.choice((" and ", " or ")).join(parts)

    def condition(self) -> tuple[str, frozenset[str]]:
        """Return a condition and the fields that it uses."""
        self.used = set()
        names = self.random.sample(self.types, min(len(self.types), self.random.choice((1, 2, 3, 5, 50))))
        direction = self.random.choice((" and evt.dir=<", " and evt.dir = >", ""))
        text = f"evt.type in ({', '.join(names)}){direction} and ({self.expression(2)})"
        return text, frozenset(self.used)


def our_matches(capture: Path, conditions: list[str]) -> list[set[int] | None]:
    """Return for each condition the numbers of the events that match, None for one that we do not accept."""
    compiler = Compiler(Registry.syscall())
    filters: list[Filter] = []
    found: list[set[int] | None] = []
    matching: list[set[int]] = []
    for condition in conditions:
        try:
            filters.append(compiler.compile(parse(condition)))
        except FilterError:
            found.append(None)
        else:
            matching.append(set())
            found.append(matching[-1])
    for ctx in contexts(capture):
        for condition_filter, numbers in zip(filters, matching, strict=True):
            if condition_filter.matches(ctx):
                numbers.add(ctx.event.num)
    return found


def their_matches(capture: Path, condition: str) -> set[int] | None:
    """Return the numbers of the events that match in sysdig, None when it does not accept the condition.

    Without `-d` events that do not match would not reach its tables.
    """
    try:
        return {int(number) for number in sysdig(capture, "-d", "-p", "%evt.num", condition).split()}
    except ValueError:
        return None


def compare_conditions(capture: Path, count: int, seed: int) -> list[str]:
    """Return the conditions for which other events match although the values are the same."""
    fields = [field for field in known_fields() if not _UNSTEADY.fullmatch(field)]
    values = Values(capture, fields)
    generator = Generator(values, seed)
    conditions = [generator.condition() for _ in range(count)]
    texts = [text for text, _ in conditions]
    with ThreadPoolExecutor(2) as pool:
        theirs = list(pool.map(lambda text: their_matches(capture, text), texts))
    report: list[str] = []
    for (text, used), mine, other in zip(conditions, our_matches(capture, texts), theirs, strict=True):
        if mine is None or other is None:
            continue
        numbers = sorted(number for number in mine ^ other if values.agree(number, used))
        if numbers:
            shown = {field: values.theirs[numbers[0]][field][:80] for field in sorted(used)}
            who = "ours" if numbers[0] in mine else "theirs"
            report.append(f"{text}\n  {len(numbers)} events, the first only {who}: {numbers[0]} {shown}")
    return report


def print_fields(capture: Path, fields: list[str]) -> None:
    """Print how the values of fields differ."""
    for start in range(0, len(fields), _FIELDS_PER_RUN):
        for field, tally in compare_fields(capture, fields[start : start + _FIELDS_PER_RUN]).items():
            print(f"{sum(tally.kinds.values()):6} {field}")
            for kind, count in tally.kinds.most_common(4):
                number, ours, theirs = tally.samples[kind]
                print(f"         {count} {kind}, event {number}: ours {ours[:200]!r}, theirs {theirs[:200]!r}")


def main() -> None:
    """Print the report that the command line asks for."""
    mode, capture, *rest = sys.argv[1:]
    if mode == "fields":
        print_fields(Path(capture), rest or known_fields())
        return
    count, seed = [*map(int, rest), 200, 1][:2] if len(rest) != 1 else (int(rest[0]), 1)
    report = compare_conditions(Path(capture), count, seed)
    print("\n".join(report))
    print(f"{len(report)} of {count} conditions differ")


if __name__ == "__main__":
    main()
