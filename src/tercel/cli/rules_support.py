"""What the commands of `tercel rules` share: loading the files, finding a rule by name, reading a capture."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from tercel.alerts.jsontext import json_line
from tercel.api import Capture
from tercel.capture.source import CaptureError, remarks
from tercel.fields.registry import Registry
from tercel.rules.loader import RuleLoader, read_rules_file
from tercel.rules.report import friendly
from tercel.sensor.config import ConfigError
from tercel.sensor.rules_files import expand_paths, shipped_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tercel.rules.rule import Rule
    from tercel.state.context import Context

_NEAR: Final = 3


class CommandError(Exception):
    """What keeps a command from doing its work; the text is the whole message."""


def load(paths: list[str]) -> RuleLoader:
    """Load rules files and directories, those that ship when none is named; raise CommandError for mistakes."""
    try:
        files = expand_paths(paths, must_exist=True) if paths else shipped_rules()
    except ConfigError as error:
        raise CommandError(str(error)) from None
    loader = RuleLoader({"syscall": Registry.syscall()})
    for path in files:
        loader.load(read_rules_file(path))
    failed = [result for result in loader.results if result.errors]
    if failed:
        raise CommandError(f"the rules cannot be loaded\n{friendly(failed)}")
    return loader


def rule_named(loader: RuleLoader, name: str) -> Rule:
    """Return a rule by name, or raise CommandError with the nearest names."""
    found = next((rule for rule in loader.rules if rule.name == name), None)
    if found is not None:
        return found
    definition = loader.collection.rules.get(name)
    if definition is not None:
        raise CommandError(f"rule '{name}' was left out when its file was loaded; 'tercel rules check' says why")
    raise CommandError(f"there is no rule '{name}'{_nearest(name, [rule.name for rule in loader.rules])}")


def _nearest(name: str, known: list[str]) -> str:
    import difflib

    lowered = {word.lower(): word for word in known}
    near = [word for word in lowered if name.lower() in word][:_NEAR]
    near = near or difflib.get_close_matches(name.lower(), lowered, n=_NEAR)
    names = " or ".join(f"'{lowered[word]}'" for word in near)
    return f"; did you mean {names}?" if names else ""


def show(text: str, value: dict[str, object], *, as_json: bool) -> None:
    """Print a result in one of its two forms."""
    print(json_line(value) if as_json else text)


class Reading:
    """The events of a capture up to its end, or up to where it cannot be read: `error` then says why."""

    def __init__(self, capture: Capture, loader: RuleLoader) -> None:
        """Read for the rules of a loader; nothing is read yet."""
        self.capture = capture
        self.error: CaptureError | None = None
        capture.machine.keeps_entries = any(rule.exit_only for rule in loader.rules)

    def contexts(self) -> Iterator[Context]:
        """Yield the context of each event."""
        try:
            yield from self.capture.contexts()
        except CaptureError as error:
            self.error = error

    def remarks(self) -> list[str]:
        """Return a sentence for each kind of thing that was passed over."""
        found = remarks([self.capture.stats])
        if self.capture.malformed:
            found.append(f"{self.capture.malformed} events could not be decoded and were left out")
        return found


def with_capture(path: str, loader: RuleLoader, work: Callable[[Reading], None]) -> None:
    """Do the work on an opened capture and say what was passed over; raise CommandError where reading ended early."""
    try:
        capture = Capture(path)
    except CaptureError as error:
        raise CommandError(str(error)) from None
    with capture:
        reading = Reading(capture, loader)
        work(reading)
        for remark in reading.remarks():
            print(remark, file=sys.stderr)
        if reading.error is not None:
            raise CommandError(str(reading.error))
