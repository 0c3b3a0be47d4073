"""The parts of the probe that only live capture needs: where its object is, and a trial of loading it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Final

_FILE: Final = ("tercel.capture.ebpf.probe_file", "probe_path")
_TRIAL: Final = ("tercel.capture.ebpf.loader", "trial_load")


class ProbeMissingError(Exception):
    """Raised when this installation has no probe, or not all that is needed to load it."""


def probe_path() -> str:
    """Return where the compiled probe is; raise ProbeMissingError when there is none."""
    try:
        return str(_function(*_FILE)())
    except OSError as error:
        raise ProbeMissingError(f"{error.filename or 'the probe'}: {error.strerror or error}") from error


def trial_load() -> str:
    """Load the probe and unload it again; return what the loader tells about it.

    Raises ProbeMissingError without a probe, and what the loader raises when the kernel refuses.
    """
    told = _function(*_TRIAL)()
    return "" if told is None else str(told)


def _function(module: str, name: str) -> Callable[[], object]:
    """Import a function; installations that only replay captures may come without it."""
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ModuleNotFoundError as error:
        raise ProbeMissingError(f"this installation has no live capture: {error.msg}") from error
    if not callable(found):
        raise ProbeMissingError(f"this installation has no live capture: {module} has no function {name}")
    function: Callable[[], object] = found
    return function
