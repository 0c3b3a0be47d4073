"""The running sensor: events of captures or of the machine in, alerts out, a summary at the end."""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Final

from tercel.alerts.builder import AlertBuilder
from tercel.capture.savefile.reader import SavefileReader
from tercel.capture.source import CaptureError, remarks
from tercel.outputs.queue import OutputQueue
from tercel.rules.priorities import CRITICAL, DEBUG
from tercel.sensor import drops
from tercel.sensor.progress import Progress
from tercel.sensor.replay import Replay
from tercel.sensor.setup import alert_options, channels
from tercel.sensor.statistics import detection_summary
from tercel.state.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tercel.alerts.policy import OutputPolicy
    from tercel.fields.registry import Registry
    from tercel.rules.rule import Rule
    from tercel.rules.ruleset import Ruleset
    from tercel.sensor.config import Config
    from tercel.sensor.control import Control
    from tercel.sensor.live import LiveCapture
    from tercel.sensor.log import Log
    from tercel.sensor.replay import Followed
    from tercel.state.context import Context


# Thresholds of the garbage collector during a replay.
_SELDOM: Final = (100_000, 20, 50)
# Seconds until a thread that waits asks for its turn: the loop of events hands it over after each slice only.
_TURN: Final = 0.001
_MOST_THREADS: Final = (1 << 32) - 1
# Milliseconds: an hour. The system's calls do not take any number.
_MOST_TIMEOUT: Final = 3_600_000


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Have the interpreter look less often at what hardly changes.

    Nearly everything that a pass over events makes lives for one batch or for long.
    """
    thresholds = gc.get_threshold()
    turn = sys.getswitchinterval()
    sys.setswitchinterval(_TURN)
    gc.freeze()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
        sys.setswitchinterval(turn)


class Streams:
    """Where a run prints: alerts and the summary to `out`, everything else to `err`."""

    def __init__(self, out: IO[str], err: IO[str]) -> None:
        """Keep the streams, and whether somebody watches them."""
        self.out = out
        self.err = err
        self.show_progress = err.isatty()
        self.shares_terminal = err.isatty() and out.isatty()


# The name of alerts about events that the probe was wrong about.
MISMATCH: Final = "Tercel internal: kernel filter"
# What an alert about pretended losses says beside their number.
_PRETENDED: Final = {"ebpf_enabled": "0"}


class Sensor:
    """Applies a ruleset to captures, or to the running machine, and sends the alerts to the configured outputs."""

    def __init__(
        self,
        config: Config,
        registry: Registry,
        ruleset: Ruleset,
        log: Log,
        streams: Streams,
        hostname: str,
        policy: OutputPolicy | None = None,
    ) -> None:
        """Put the parts together; nothing is opened before `run`."""
        self._config = config
        self._ruleset = ruleset
        self._log = log
        self._streams = streams
        self._builder = AlertBuilder(registry, alert_options(config, hostname), policy)
        self.machine = Machine()
        table_size = config.number("falco_libs.thread_table_size")
        if table_size > 0:
            self.machine.table.max_threads = min(table_size, _MOST_THREADS)
        self._progress: Progress | None = None
        self.events = 0
        self.lost = 0
        # Whether an output blocked until the end: then standard output may be what blocks.
        self.stuck = False

    def run(self, captures: list[str], control: Control, live: LiveCapture | None = None) -> int:
        """Go through the captures in order, or follow a live one to its end; return the exit status.

        The summary is printed at the end.
        """
        queue = self._queue(lambda: bool(control.stopped_by))
        queue.start()
        builder = self._builder

        def alert(rule: Rule, ctx: Context) -> None:
            queue.put(builder.build(rule, ctx))

        def between(capture: Followed) -> bool:
            control.take_reopen(queue.reopen)
            if self._progress is not None and isinstance(capture.reader, SavefileReader):
                self._progress.show(capture.reader)
            if live is not None and control.is_over():
                # What was captured before is still gone through.
                live.stop()
                return not queue.deserted
            return not control.stopped_by and not queue.deserted

        def internal(now: int, message: str, fields: dict[str, str]) -> None:
            queue.put(builder.internal(drops.RULE, DEBUG, message, now, _PRETENDED | fields))

        counts = None if live is None else live.drops
        monitor = drops.DropMonitor(self._config, self._log.write, internal, counts)

        def unexpected(rule: Rule, ctx: Context) -> None:
            if live is not None:
                queue.put(builder.internal(*self._mismatch(rule, ctx, live)))

        replay = Replay(self.machine, self._ruleset, alert, between, monitor, unexpected)
        try:
            status = self._replay(replay, captures, control) if live is None else self._follow(replay, live, control)
        finally:
            self.stuck = not queue.close()
        if control.stopped_by:
            self._log.info(f"{control.stopped_by} received, exiting...")
        self._sum_up(replay, queue, live)
        self._streams.err.write(monitor.summary())
        return status

    def _sum_up(self, replay: Replay, queue: OutputQueue, live: LiveCapture | None) -> None:
        """Print what was done, what was left out, and what was detected."""
        self.events = replay.events
        self._log.info(self._work_done(replay))
        self._streams.err.write(self._remarks(replay, queue))
        if live is not None:
            self.lost = live.counts().total_drops
            self._streams.err.write("".join(f"{remark}\n" for remark in (*live.losses(), *live.savings())))
        if not self.stuck:
            self._streams.out.write(detection_summary(self._ruleset))
            self._streams.out.flush()

    def _mismatch(self, rule: Rule, ctx: Context, live: LiveCapture) -> tuple[str, int, str, int, dict[str, str]]:
        """Return the alert about a match that the probe did not expect, and have it drop nothing more."""
        consequence = "events go on being reported" if live.shadows else "nothing is dropped in the kernel any more"
        if not live.shadows:
            live.stop_dropping()
        message = f"{MISMATCH}. Rule '{rule.name}' matched an event that no rule was to match; {consequence}."
        self._log.error(message)
        details = {"rule": rule.name, "evt.type": ctx.event.info.name, "thread.tid": str(ctx.event.tid)}
        return MISMATCH, CRITICAL, message, ctx.event.ts, details

    def _queue(self, stopped: Callable[[], bool]) -> OutputQueue:
        config = self._config
        return OutputQueue(
            channels(config, self._streams.out, shares_terminal=self._streams.shares_terminal),
            self._log.error,
            capacity=config.number("outputs_queue.capacity"),
            timeout=min(max(config.number("output_timeout"), 1), _MOST_TIMEOUT) / 1000,
            patient=True,
            stopped=stopped,
        )

    def _follow(self, replay: Replay, live: LiveCapture, control: Control) -> int:
        """Go through the events of the machine until somebody asks to stop."""
        with _undisturbed():
            try:
                with control.reading():
                    replay.follow(live)
            except (CaptureError, drops.DropError) as error:
                self._streams.err.write(f"Error: {error}\n")
                return 1
        return 0

    def _replay(self, replay: Replay, captures: list[str], control: Control) -> int:
        with _undisturbed():
            return self._replay_all(replay, captures, control)

    def _replay_all(self, replay: Replay, captures: list[str], control: Control) -> int:
        try:
            for path in captures:
                self._log.info(f"Opening event source: replay of '{path}'")
                self._progress = Progress(self._streams.err, path) if self._streams.show_progress else None
                going = False
                with control.reading():
                    going = replay.run(path)
                self._end_progress()
                if not going:
                    break
        except (CaptureError, drops.DropError) as error:
            self._end_progress()
            self._streams.err.write(f"Error: {error}\n")
            return 1
        return 0

    def _end_progress(self) -> None:
        if self._progress is not None:
            self._progress.clear()

    def _work_done(self, replay: Replay) -> str:
        """Return what the rules cost, in one line."""
        counters = self._ruleset.table.counters.as_dict()
        held = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counters.items())
        return f"{replay.events} events, of which {replay.skimmed} concerned no rule; rule table: {held}"

    def _remarks(self, replay: Replay, queue: OutputQueue) -> str:
        """Return what was left out, in lines; it belongs to the summary, whatever becomes of the log."""
        found = [*remarks(replay.sources), *self.machine.counters.remarks()]
        if replay.malformed:
            last = f"; the last: {replay.last_malformed}" if replay.last_malformed else ""
            found.append(f"{replay.malformed} events could not be decoded and were left out{last}")
        if queue.drops:
            found.append(f"{queue.drops} alerts were dropped because an output's queue was full")
        return "".join(f"{remark}\n" for remark in found)
