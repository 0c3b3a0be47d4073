"""The running sensor: captures in, alerts out, a summary at the end."""

from __future__ import annotations

import gc
import sys
from typing import IO, TYPE_CHECKING, Final

from tercel.alerts.builder import AlertBuilder
from tercel.capture.source import CaptureError, remarks
from tercel.outputs.queue import OutputQueue
from tercel.rules.priorities import DEBUG
from tercel.sensor import drops
from tercel.sensor.progress import Progress
from tercel.sensor.replay import Replay
from tercel.sensor.setup import alert_options, channels
from tercel.sensor.statistics import detection_summary
from tercel.state.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Callable

    from tercel.api import Capture
    from tercel.fields.registry import Registry
    from tercel.rules.rule import Rule
    from tercel.rules.ruleset import Ruleset
    from tercel.sensor.config import Config
    from tercel.sensor.control import Control
    from tercel.sensor.log import Log
    from tercel.state.context import Context


# Thresholds of the garbage collector during a replay.
_SELDOM: Final = (100_000, 20, 50)
# Seconds until a thread that waits asks for its turn: the loop of events hands it over after each slice only.
_TURN: Final = 0.001
_MOST_THREADS: Final = (1 << 32) - 1
# Milliseconds: an hour. The system's calls do not take any number.
_MOST_TIMEOUT: Final = 3_600_000


class Streams:
    """Where a run prints: alerts and the summary to `out`, everything else to `err`."""

    def __init__(self, out: IO[str], err: IO[str]) -> None:
        """Keep the streams, and whether somebody watches them."""
        self.out = out
        self.err = err
        self.show_progress = err.isatty()
        self.shares_terminal = err.isatty() and out.isatty()


class Sensor:
    """Replays captures with a ruleset and sends the alerts to the configured outputs."""

    def __init__(
        self,
        config: Config,
        registry: Registry,
        ruleset: Ruleset,
        log: Log,
        streams: Streams,
        hostname: str,
    ) -> None:
        """Put the parts together; nothing is opened before `run`."""
        self._config = config
        self._ruleset = ruleset
        self._log = log
        self._streams = streams
        self._builder = AlertBuilder(registry, alert_options(config, hostname))
        self._machine = Machine()
        table_size = config.number("falco_libs.thread_table_size")
        if table_size > 0:
            self._machine.table.max_threads = min(table_size, _MOST_THREADS)
        self._progress: Progress | None = None
        self.events = 0
        # Whether an output blocked until the end: then standard output may be what blocks.
        self.stuck = False

    def run(self, captures: list[str], control: Control) -> int:
        """Replay the captures in order and print the summary; return the exit status."""
        queue = self._queue(lambda: bool(control.stopped_by))
        queue.start()
        builder = self._builder

        def alert(rule: Rule, ctx: Context) -> None:
            queue.put(builder.build(rule, ctx))

        def between(capture: Capture) -> bool:
            control.take_reopen(queue.reopen)
            if self._progress is not None:
                self._progress.show(capture.reader)
            return not control.stopped_by and not queue.deserted

        def internal(now: int, message: str) -> None:
            fields = {"ebpf_enabled": "0", "n_drops": "1", "n_drops_buffer_total": "0", "n_evts": "0"}
            queue.put(builder.internal(drops.RULE, DEBUG, message, now, fields))

        monitor = drops.DropMonitor(self._config, self._log.write, internal)
        replay = Replay(self._machine, self._ruleset, alert, between, monitor)
        try:
            status = self._replay(replay, captures, control)
        finally:
            self.stuck = not queue.close()
        if control.stopped_by:
            self._log.info(f"{control.stopped_by} received, exiting...")
        self.events = replay.events
        self._log.info(self._work_done(replay))
        self._streams.err.write(self._remarks(replay, queue))
        if not self.stuck:
            self._streams.out.write(detection_summary(self._ruleset))
            self._streams.out.flush()
        self._streams.err.write(monitor.summary())
        return status

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

    def _replay(self, replay: Replay, captures: list[str], control: Control) -> int:
        # Nearly everything that a replay makes lives for one batch or for long; the collector need not look often.
        thresholds = gc.get_threshold()
        turn = sys.getswitchinterval()
        sys.setswitchinterval(_TURN)
        gc.freeze()
        gc.set_threshold(*_SELDOM)
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
        finally:
            gc.set_threshold(*thresholds)
            gc.unfreeze()
            sys.setswitchinterval(turn)
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
        found = [*remarks(replay.sources), *self._machine.counters.remarks()]
        if replay.malformed:
            last = f"; the last: {replay.last_malformed}" if replay.last_malformed else ""
            found.append(f"{replay.malformed} events could not be decoded and were left out{last}")
        if queue.drops:
            found.append(f"{queue.drops} alerts were dropped because an output's queue was full")
        return "".join(f"{remark}\n" for remark in found)
