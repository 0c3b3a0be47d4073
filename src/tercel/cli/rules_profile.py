"""`tercel rules profile`: what rules ask of a capture's events, how often, and what rules the events out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tercel.cli.rules_support import Reading, load, show, with_capture
from tercel.rules.explain import Explainer
from tercel.rules.profile import Profile
from tercel.rules.profile_report import profile_json, profile_text

if TYPE_CHECKING:
    import argparse


def profile(arguments: argparse.Namespace, top: int | None) -> None:
    """Profile the rules; raises CommandError."""
    loader = load(arguments.rules)
    explainer = Explainer(loader)
    counts = Profile(explainer, time.perf_counter_ns, max(arguments.sample, 1))

    def work(reading: Reading) -> None:
        counts.run(reading.contexts())
        rows = (counts, arguments.sort, top or 0)
        show(profile_text(*rows), profile_json(*rows), as_json=arguments.json)

    with_capture(arguments.capture, loader, work)
