"""Sensors side by side: one whose probe drops what it can, one that sees everything, one that looks into the shadow."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bench.live.work import compile_job
from tercel.sensor.sensor import MISMATCH
from tests.live.attacks.catalogue import rules_files
from tests.live.attacks.perform import HOSTS, LAST, play_all, wait_for_last
from tests.live.attacks.stage import play
from tests.live.sensor import LiveSensor
from tests.live.test_pushdown_same import differences, told
from tests.paths import HAS_SHARED

_PLACE: Final = "/attack/"
_FILES: Final = 20
# Nothing may be lost: that would be a difference, too.
_RING: Final = "engine.modern_ebpf.buf_size_preset=9"
_OPTIONS: Final[dict[str, tuple[str, ...]]] = {
    "dropping": ("engine.pushdown.sample=1000",),
    "whole": ("engine.pushdown.enabled=false",),
    "shadow": ("engine.pushdown.shadow=true",),
}


def twins(seconds: float, folder: Path, say: Callable[[str], None]) -> list[str]:
    """Do what rules look for and what they do not, again and again; return how the alerts differ."""
    if not HAS_SHARED:
        say("there are no rules of others here")
        return []
    sensors = {}
    for name, options in _OPTIONS.items():
        (folder / name).mkdir()
        sensors[name] = LiveSensor(folder / name, list(rules_files()), [*options, _RING], HOSTS)
    job = compile_job(folder, _FILES)
    end = time.monotonic() + seconds
    rounds = 0
    with sensors["dropping"], sensors["whole"], sensors["shadow"]:
        while rounds == 0 or time.monotonic() < end:
            play_all()
            subprocess.run(job.command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            rounds += 1
        play(LAST)
        faults = [f"{name} did not see the last action" for name in sensors if not wait_for_last(sensors[name])]
    seen = told(sensors["whole"].alerts, _PLACE)
    say(f"{rounds} rounds, {seen.total()} alerts, {len(seen)} different ones")
    for name, sensor in sensors.items():
        faults += [f"{name}: {alert.fields}" for alert in sensor.alerts if alert.rule == MISMATCH]
        for line in sensor.log:
            if "dropped in the kernel" in line or "were lost" in line:
                say(f"{name}: {line}")
    for name in ("dropping", "shadow"):
        faults += [f"{name}: {text}" for text in differences(sensors[name], sensors["whole"], _PLACE)]
    return faults
