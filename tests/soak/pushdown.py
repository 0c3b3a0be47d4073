"""Rules made at random, hundreds of sets: what their policies drop is missed by none of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.compat.pushdown import SMALL_CAPTURES, differences, policy_for, random_rulesets, ruleset_of, stream_of
from tests.paths import HAS_SHARED

_RULESETS: Final = 500
_SEED: Final = 1


def random_policies(seconds: float, folder: Path, say: Callable[[str], None]) -> list[str]:
    """Try as many of the rule sets as there is time for on the smaller captures; return where alerts differ."""
    if not HAS_SHARED:
        say("there are no captures here")
        return []
    end = time.monotonic() + seconds
    streams = [stream_of(path) for path in SMALL_CAPTURES]
    faults: list[str] = []
    tried = dropped = alerts = 0
    for number, text in enumerate(random_rulesets(_SEED, _RULESETS)):
        if time.monotonic() > end:
            break
        ruleset = ruleset_of(text)
        policy = policy_for(ruleset)
        for stream in streams:
            outcome = differences(stream, ruleset, policy)
            dropped += outcome.events
            alerts += outcome.alerts
            if outcome.differences:
                faults.append(f"rules {number} on {stream.name}: {outcome.differences[0]}")
        tried += 1
    say(f"{tried} of {_RULESETS} sets of rules, {alerts} alerts, {dropped} events dropped")
    return faults
