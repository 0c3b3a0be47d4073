from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from tercel.sensor.probe_parts import ProbeMissingError, probe_path, trial_load

FILE = "tercel.capture.ebpf.probe_file"
LOADER = "tercel.capture.ebpf.loader"


def install(monkeypatch: pytest.MonkeyPatch, name: str, **functions: Any) -> None:
    """Stand a module of these functions in the place of a part of live capture."""
    module = ModuleType(name)
    vars(module).update(functions)
    monkeypatch.setitem(sys.modules, name, module)


def test_the_place_of_the_probe_is_asked_of_live_capture(monkeypatch: pytest.MonkeyPatch) -> None:
    """One module knows where the object is."""
    install(monkeypatch, FILE, probe_path=lambda: "/usr/lib/tercel_probe.bpf.o")
    assert probe_path() == "/usr/lib/tercel_probe.bpf.o"


def test_a_probe_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message has the path."""

    def absent() -> str:
        raise FileNotFoundError(2, "No such file or directory", "/usr/lib/tercel_probe.bpf.o")

    install(monkeypatch, FILE, probe_path=absent)
    with pytest.raises(ProbeMissingError, match=r"tercel_probe\.bpf\.o: No such file"):
        probe_path()


def test_an_installation_without_live_capture_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replaying needs none of it, so it may have been left out."""
    monkeypatch.setitem(sys.modules, FILE, None)
    with pytest.raises(ProbeMissingError, match="no live capture"):
        probe_path()
    install(monkeypatch, LOADER)
    with pytest.raises(ProbeMissingError, match="has no function trial_load"):
        trial_load()


@pytest.mark.parametrize(("told", "text"), [(None, ""), ("12 programs", "12 programs")])
def test_what_the_trial_tells_is_handed_on(told: object, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have nothing to say."""
    install(monkeypatch, LOADER, trial_load=lambda: told)
    assert trial_load() == text
