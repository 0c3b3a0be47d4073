"""The public face: open a capture, iterate its events, compile filters and rules, get alerts.

Import these names from `tercel` itself. What they take and return stays as it is from one version to the next; all
other modules may change. Errors: `CaptureError` for a capture that cannot be read, `FilterError` for a condition,
`FieldError` for a field name, `FormatError` for an output format, `RulesError` for rules files, `MalformedEventError`
for a field of an event whose bytes do not fit its type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO, Final, Self

from tercel.alerts.builder import AlertBuilder, AlertOptions
from tercel.capture.savefile.blocks import DUMP_STATE_ONLY
from tercel.capture.savefile.reader import SavefileReader
from tercel.capture.source import CaptureError
from tercel.events.event import MalformedEventError
from tercel.events.table import EVENT_BY_ENUM
from tercel.fields.base import Extractor, FieldError
from tercel.fields.registry import Registry
from tercel.filters.errors import FilterError
from tercel.filters.filter import compile_filter as compile_condition
from tercel.filters.format import FormatError, OutputFormat
from tercel.rules.loader import RuleLoader, read_rules_file, rules_files_in
from tercel.rules.report import friendly
from tercel.state.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from tercel.alerts.alert import Alert
    from tercel.capture.source import SourceStats
    from tercel.events.event import Event as RawEvent
    from tercel.filters.filter import Filter as Condition
    from tercel.rules.problems import Problem
    from tercel.rules.rule import Rule
    from tercel.state.context import Context

__all__ = [
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
    "compile_filter",
    "load_rules",
    "open_capture",
]


# Event types that belong to the initial state when they stand at the beginning of a capture.
INITIAL_STATE: Final[frozenset[int]] = frozenset(
    EVENT_BY_ENUM[name]
    for name in (
        "CONTAINER_E",
        "CONTAINER_JSON_E",
        "CONTAINER_JSON_2_E",
        "USER_ADDED_E",
        "USER_DELETED_E",
        "GROUP_ADDED_E",
        "GROUP_DELETED_E",
        "ASYNCEVENT_E",
    )
)


class _Fields:
    """The fields of the syscall source, and those that were asked for so far, bound and ready."""

    def __init__(self) -> None:
        self.registry = Registry.syscall()
        self._extractors: dict[str, Extractor] = {}
        self._formats: dict[str, OutputFormat] = {}

    def extractor(self, name: str) -> Extractor:
        found = self._extractors.get(name)
        if found is None:
            found = self._extractors[name] = self.registry.bind(name)
        return found

    def format(self, text: str) -> OutputFormat:
        found = self._formats.get(text)
        if found is None:
            found = self._formats[text] = OutputFormat(text, self.registry)
        return found


_shared: _Fields | None = None


def _fields() -> _Fields:
    global _shared  # noqa: PLW0603 - made when first needed: most of the time that importing would take goes into it
    if _shared is None:
        _shared = _Fields()
    return _shared


class Event:
    """One event of a capture, together with what the machine looked like at that moment.

    It is valid until the next event is asked for: take what you need out of it. `event["proc.name"]` gives the value of
    a field as JSON would show it, None when the event has none.
    """

    __slots__ = ("context",)

    def __init__(self, context: Context) -> None:
        """Look at the event of a context."""
        self.context = context

    @property
    def num(self) -> int:
        """The position in the capture, counted from 1."""
        return self.context.event.num

    @property
    def time_ns(self) -> int:
        """When it happened, in nanoseconds since the epoch."""
        return self.context.event.ts

    @property
    def tid(self) -> int:
        """The thread that caused it, -1 when there is none."""
        return self.context.event.tid

    @property
    def cpu(self) -> int:
        """The processor on which it happened."""
        return self.context.event.cpu

    @property
    def type(self) -> str:
        """What happened, as `evt.type` says: `openat`, `execve`, ..."""
        return str(self["evt.type"])

    @property
    def direction(self) -> str:
        """`>` for the entry of a system call, `<` for its exit."""
        return self.context.event.info.direction

    def __getitem__(self, field: str) -> Any:  # noqa: ANN401 - the field decides about the type
        """Return a field's value; raises FieldError when there is no such field."""
        return _fields().extractor(field).json_value(self.context)

    def get(self, field: str, default: object = None) -> Any:  # noqa: ANN401 - the field decides about the type
        """Return a field's value, `default` when the event has none."""
        value = self[field]
        return default if value is None else value

    def format(self, text: str) -> str | None:
        """Return a text with `%field`s in it filled in.

        Without a leading `*` the result is None when a value is missing; with it `<NA>` stands for such values.
        """
        return _fields().format(text).text(self.context)

    def __repr__(self) -> str:
        """Show the event as a line of `tercel trace`."""
        return self.format("*<Event %evt.num %evt.time %proc.name (%thread.tid) %evt.dir %evt.type %evt.args>") or ""


class Capture:
    """An open capture file: iterate over it for its events, once, in their order.

    A context manager; without `with`, call `close`. `machine` is the state of the recorded machine at the event that
    was read last, `stats` counts what was read and what was passed over.
    """

    def __init__(self, source: str | BinaryIO, machine: Machine | None = None) -> None:
        """Open a path (`-` is standard input) or a binary stream; `machine` carries state on from another capture."""
        self.machine = Machine() if machine is None else machine
        self.reader = SavefileReader(source, self.machine)
        self.malformed = 0
        # Is given the leading events that `fill` takes in.
        self.on_initial: Callable[[RawEvent], object] | None = None
        self._at_beginning = True

    @property
    def stats(self) -> SourceStats:
        """What was read so far."""
        return self.reader.stats

    def __enter__(self) -> Self:
        """Return the capture."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file; there are no events afterwards."""
        self.reader.close()

    def fill(self) -> bool:
        """Bring the next events into memory, for `reader.advance` to go through; False at the end.

        Events about containers and users at the very beginning are the recorder's way of telling what was there when it
        started. They go into the state and are numbered, but nobody sees them.
        """
        return self._fill_first() if self._at_beginning else self.reader.fill()

    def _fill_first(self) -> bool:
        """Take the leading events about the initial state in, and stay in front of the first other one."""
        reader = self.reader
        while reader.fill():
            while reader.advance():
                if reader.event.type_id not in INITIAL_STATE:
                    reader.hold()
                    self._at_beginning = False
                    return True
                self._take_initial(reader.event)
        return False

    def _take_initial(self, event: RawEvent) -> None:
        if self.on_initial is not None:
            self.on_initial(event)
        try:
            self.machine.process(event)
        except MalformedEventError:
            self.malformed += 1

    def contexts(self) -> Iterator[Context]:
        """Yield the context of each event; events that cannot be decoded are counted in `malformed`."""
        process = self.machine.process
        advance = self.reader.advance
        event = self.reader.event
        while self.fill():
            while advance():
                try:
                    context = process(event)
                except MalformedEventError:
                    self.malformed += 1
                    continue
                if not event.flags & DUMP_STATE_ONLY:
                    yield context

    def __iter__(self) -> Iterator[Event]:
        """Yield the events; raises CaptureError, after everything before it, where the file cannot be read."""
        for context in self.contexts():
            yield Event(context)

    def filter(self, condition: str) -> Iterator[Event]:
        """Yield the events that meet a condition."""
        matches = compile_filter(condition).condition.matches
        for context in self.contexts():
            try:
                found = matches(context)
            except MalformedEventError:
                self.malformed += 1
                continue
            if found:
                yield Event(context)


class Filter:
    """A compiled condition."""

    def __init__(self, text: str) -> None:
        """Compile the text; raises FilterError."""
        self.text = text
        self.condition: Condition = compile_condition(text, _fields().registry)

    def matches(self, event: Event) -> bool:
        """Return whether the event meets the condition."""
        return self.condition.matches(event.context)

    def __repr__(self) -> str:
        """Show the condition."""
        return f"<Filter {self.text!r}>"


class RulesError(ValueError):
    """Rules files with mistakes; `str()` shows each with its place, `problems` holds them one by one."""

    def __init__(self, text: str, problems: list[Problem]) -> None:
        """Keep the problems."""
        super().__init__(text)
        self.problems = problems


class Rules:
    """Rules that were loaded and can be applied to captures."""

    def __init__(self, loader: RuleLoader, matching: str = "first") -> None:
        """Make a ruleset; `matching` is `first` (at most one rule for an event) or `all`."""
        self.loader = loader
        self.ruleset = loader.ruleset(matching)

    @property
    def warnings(self) -> list[Problem]:
        """What the files get away with but should not."""
        return [problem for result in self.loader.results for problem in result.warnings]

    @property
    def names(self) -> list[str]:
        """The names of the rules, in the order of their definition."""
        return [rule.name for rule in self.ruleset.rules]

    def match(self, event: Event) -> list[Rule]:
        """Return the rules that match an event."""
        return list(self.ruleset.match(event.context))

    def alerts(self, capture: Capture, options: AlertOptions | None = None) -> Iterator[Alert]:
        """Yield the alerts of a capture."""
        builder = AlertBuilder(_fields().registry, options or AlertOptions())
        match = self.ruleset.match
        capture.machine.keeps_entries = self.ruleset.asks_exits()
        for context in capture.contexts():
            try:
                found = [builder.build(rule, context) for rule in match(context)]
            except MalformedEventError:
                capture.malformed += 1
                continue
            yield from found


def open_capture(source: str | BinaryIO) -> Capture:
    """Open a capture file that sysdig, Falco or Tercel recorded, plain or compressed."""
    return Capture(source)


def compile_filter(condition: str) -> Filter:
    """Compile a condition such as `evt.type=openat and fd.name startswith /etc`."""
    return Filter(condition)


def load_rules(*paths: str, matching: str = "first") -> Rules:
    """Load rules files and directories in order; raises RulesError when one of them has a mistake."""
    loader = RuleLoader({"syscall": _fields().registry})
    for path in paths:
        for name in rules_files_in(path):
            loader.load(read_rules_file(name))
    failed = [result for result in loader.results if result.errors]
    if failed:
        raise RulesError(friendly(failed), [problem for result in failed for problem in result.errors])
    return Rules(loader, matching)
