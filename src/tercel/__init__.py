"""Tercel: runtime security for Linux hosts and containers.

An event goes one way: `capture` reads it, `state` knows what the machine looked like, `fields` and `filters` ask
questions about it, `rules` say which questions matter, `engine` answers those of all rules at once, `alerts` put the
answer into words, `outputs` deliver it.
`sensor` and `trace` run that chain, `cli` is the command line. As a library:

    import tercel

    with tercel.open_capture("capture.scap.gz") as capture:
        for event in capture.filter("evt.type=openat and evt.dir=<"):
            print(event.num, event["proc.name"], event["fd.name"])

    for alert in tercel.load_rules("rules.yaml").alerts(tercel.open_capture("capture.scap.gz")):
        print(alert.line)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tercel.api import (
        Capture,
        CaptureError,
        Event,
        FieldError,
        Filter,
        FilterError,
        FormatError,
        MalformedEventError,
        Rules,
        RulesError,
        compile_filter,
        load_rules,
        open_capture,
    )

__version__ = "0.1.0"

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
    "__version__",
    "compile_filter",
    "load_rules",
    "open_capture",
]


def __getattr__(name: str) -> object:
    """Import the face when it is first used: `tercel --version` needs none of it."""
    if name in __all__:
        from tercel import api

        return getattr(api, name)
    msg = f"module 'tercel' has no attribute '{name}'"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
