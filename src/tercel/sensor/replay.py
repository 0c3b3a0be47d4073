"""Replays captures: reads them in order and hands every event to the state, the rules and whoever wants the matches."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from tercel.api import Capture
from tercel.events.event import MalformedEventError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tercel.capture.source import SourceStats
    from tercel.events.event import Event
    from tercel.rules.rule import Rule
    from tercel.rules.ruleset import Ruleset
    from tercel.sensor.drops import DropMonitor
    from tercel.state.context import Context
    from tercel.state.machine import Machine


class Replay:
    """One pass over capture files.

    `on_match` receives each rule that matched and the context of the event; it must take from the context what it
    needs before it returns. `between` is called between batches and ends the replay by returning False: signals and
    progress are looked after there, never inside a batch.
    """

    def __init__(
        self,
        machine: Machine,
        ruleset: Ruleset,
        on_match: Callable[[Rule, Context], object],
        between: Callable[[Capture], bool],
        drops: DropMonitor | None = None,
    ) -> None:
        """Nothing is read before `run`."""
        self.events = 0
        self.malformed = 0
        self.last_malformed = ""
        self.sources: list[SourceStats] = []
        self._machine = machine
        machine.keeps_entries = ruleset.asks_exits()
        self._ruleset = ruleset
        self._on_match = on_match
        self._between = between
        self._drops = drops

    def run(self, path: str | BinaryIO) -> bool:
        """Replay one capture; return whether to go on with the next.

        Raises CaptureError when the capture cannot be read to its end; everything before has then been processed.
        """
        with Capture(path, self._machine) as capture:
            self.sources.append(capture.stats)
            try:
                for batch in capture.batches():
                    self._watch(batch)
                    self._batch(batch)
                    if not self._between(capture):
                        return False
            finally:
                self.malformed += capture.malformed
        return True

    def _watch(self, batch: list[Event]) -> None:
        """Have the drops looked after once a second of event time."""
        drops = self._drops
        if drops is None or batch[-1].ts <= drops.next_check:
            return
        for event in batch:
            if event.ts > drops.next_check:
                drops.check(event.ts)

    def _batch(self, batch: list[Event]) -> None:
        # Everything the loop touches is a local: this is the hottest Python code of an uncompiled run.
        process = self._machine.process
        match = self._ruleset.match
        candidates = self._ruleset.by_type
        on_match = self._on_match
        for event in batch:
            try:
                ctx = process(event)
                if candidates[event.info.id]:
                    for rule in match(ctx):
                        on_match(rule, ctx)
            except MalformedEventError as error:
                self.malformed += 1
                self.last_malformed = str(error)
        self.events += len(batch)
