"""Begins to watch this machine as the configuration says: the order in which privileges are used and given up."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from tercel.capture.source import CaptureError
from tercel.pushdown.policy import policy_of
from tercel.sensor.config import ConfigError
from tercel.sensor.live import LiveCapture, LiveRequest, Pushdown, open_live
from tercel.sensor.privileges import ThreadsError, drop_all_but_kept, missing
from tercel.sensor.selection import select

if TYPE_CHECKING:
    from collections.abc import Callable

    from tercel.fields.base import Extractor
    from tercel.rules.rule import Rule
    from tercel.rules.ruleset import Ruleset
    from tercel.sensor.config import Config
    from tercel.sensor.log import Log
    from tercel.state.machine import Machine

# Bytes of a ring by Falco's presets, from the first on, for two processors each.
_PRESETS: Final = tuple(1 << shift for shift in range(20, 30))
_KEYS: Final[dict[str, str]] = {"modern_ebpf": "engine.modern_ebpf", "ebpf": "engine.ebpf", "kmod": "engine.kmod"}
_LARGEST: Final = 1 << 29
# As audit daemons have it: before ordinary programs, behind what the system itself needs.
_NICE: Final = -10
_GROUP: Final = "/proc/self/autogroup"


def pushdown_of(
    config: Config, ruleset: Ruleset, printed: Callable[[Rule], list[Extractor]], captured: frozenset[str]
) -> Pushdown | None:
    """Return what the probe may drop of the captured calls; None when the configuration wants nothing dropped."""
    sample = config.number("engine.pushdown.sample")
    if not 0 <= sample < 1 << 32:
        raise ConfigError(config.message(f"engine.pushdown.sample takes a number of events, not {sample}"))
    if not config.flag("engine.pushdown.enabled"):
        return None
    policy = policy_of(ruleset, printed, captured)
    return Pushdown(policy.kernel, config.flag("engine.pushdown.shadow"), sample, policy.shows_tables)


def live_request(config: Config, syscalls: frozenset[str], pushdown: Pushdown | None = None) -> LiveRequest:
    """Return what the configuration asks to be captured, and how; raises ConfigError."""
    prefix = _KEYS.get(config.text("engine.kind").lower(), "engine.modern_ebpf")
    key = f"{prefix}.buf_size_preset"
    preset = config.number(key)
    if not 1 <= preset <= len(_PRESETS):
        raise ConfigError(config.message(f"{key} must be a preset from 1 to {len(_PRESETS)}, not {preset}"))
    # One ring serves all processors: as large as all of Falco's together, whatever their number, and twice that since
    # those are mapped twice.
    pairs = max(1, -(-(os.cpu_count() or 1) // 2))
    size = min(2 * _PRESETS[preset - 1] * (1 << (pairs - 1).bit_length()), _LARGEST)
    return LiveRequest(
        syscalls,
        buffer_bytes=size,
        vital_bytes=max(size // 8, 1 << 19),
        drop_failed=config.flag(f"{prefix}.drop_failed_exit"),
        pushdown=pushdown,
    )


def _take_precedence(journal: Log) -> None:
    """Have the scheduler prefer the sensor: on a busy machine it would get its turn too late for what it reads."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, _NICE)
        if os.getsid(0) == os.getpid() and os.path.exists(_GROUP):
            # Where sessions share the processors first, what is preferred within its own gains nothing.
            with open(_GROUP, "w", encoding="ascii") as file:
                file.write(str(_NICE))
    except OSError as error:
        journal.info(f"the sensor runs with no precedence over other programs: {error.strerror}")


def watch(
    config: Config,
    ruleset: Ruleset,
    machine: Machine,
    journal: Log,
    printed: Callable[[Rule], list[Extractor]],
) -> LiveCapture:
    """Begin to capture what the rules need, whose alerts print some fields; raises CaptureError or ConfigError.

    Everything that needs privileges happens here, and before any thread starts: afterwards the process has only the
    few that it keeps for reading /proc.
    """
    chosen = select(ruleset, config)
    for line in chosen.log_lines():
        journal.debug(line)
    for line in (*chosen.warnings, *ruleset.notes()):
        journal.warning(line)
    pushdown = pushdown_of(config, ruleset, printed, chosen.captured)
    request = live_request(config, chosen.captured, pushdown)
    lacking = missing()
    for need in lacking:
        journal.warning(need.message())
    fatal = [need.message() for need in lacking if need.fatal]
    if fatal:
        raise CaptureError(" ".join(fatal))
    _take_precedence(journal)
    journal.info("Opening 'syscall' source with modern BPF probe.")
    capture = open_live(machine, request)
    try:
        dropped = drop_all_but_kept()
    except (ThreadsError, OSError) as error:
        capture.close()
        raise CaptureError(f"privileges could not be given up: {error}") from error
    if dropped.sealed:
        journal.warning("Programs that the sensor starts cannot gain privileges: CAP_SETPCAP is missing.")
    captured = f"{len(chosen.captured - capture.unknown)} system calls and tracepoints are captured"
    ready = f"ready: {captured}, {capture.snapshot.processes} processes were found"
    journal.info(ready)
    if pushdown is not None and not capture.drops_events:
        reason = capture.refusal or "this kernel's programs cannot keep what belongs to a process"
        journal.warning(f"Nothing is dropped in the kernel: {reason}.")
    return capture
