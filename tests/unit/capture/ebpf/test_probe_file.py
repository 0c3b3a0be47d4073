from __future__ import annotations

import os
import platform
from pathlib import Path

import pytest

from tercel.capture.ebpf.probe_file import probe_path
from tests.unit.capture.ebpf.probe import needs_object


@needs_object
def test_the_probe_of_this_architecture_ships(monkeypatch: pytest.MonkeyPatch) -> None:
    """No compiler is needed at run time."""
    monkeypatch.delenv("TERCEL_PROBE", raising=False)
    path = probe_path()
    assert os.path.isfile(path)
    assert platform.machine() in os.path.basename(path)


def test_another_probe_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever works on it tries his own."""
    mine = tmp_path / "mine.o"
    mine.write_bytes(b"")
    monkeypatch.setenv("TERCEL_PROBE", str(mine))
    assert probe_path() == str(mine)


def test_a_named_probe_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that ships is not taken silently instead."""
    monkeypatch.setenv("TERCEL_PROBE", "/nowhere/probe.o")
    with pytest.raises(FileNotFoundError, match=r"TERCEL_PROBE names '/nowhere/probe\.o'"):
        probe_path()


def test_an_architecture_without_a_probe_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Building it is one command."""
    monkeypatch.delenv("TERCEL_PROBE", raising=False)
    monkeypatch.setattr(platform, "machine", lambda: "pdp11")
    with pytest.raises(FileNotFoundError, match=r"tercel_probe\.pdp11\.o.*'make probe'"):
        probe_path()
