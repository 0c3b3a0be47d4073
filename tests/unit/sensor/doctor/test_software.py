from __future__ import annotations

import ctypes.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tercel.sensor.doctor import software
from tercel.sensor.doctor.context import Context
from tests.unit.sensor.machine import loaded, needs_bpf, needs_root, told_by

FILE = "tercel.capture.ebpf.probe_file"


def test_a_library_that_is_not_installed_is_named() -> None:
    """The package's name stands in the row."""
    answer = software.library(Context(library="libnothing-of-the-kind.so.9"))
    assert (answer.good, answer.found) == (False, "libnothing-of-the-kind.so.9 is not installed")


@pytest.mark.skipif(ctypes.util.find_library("bpf") is None, reason="libbpf is not installed")
def test_the_installed_library_tells_its_version() -> None:
    """Asked of the library itself."""
    answer = software.library(Context())
    assert answer.good
    assert answer.found.startswith("libbpf.so.1, version 1.")


def test_another_library_of_the_name_is_not_asked_what_it_cannot_tell() -> None:
    """Versions before 0.6 have no such function."""
    answer = software.library(Context(library="libc.so.6"))
    assert answer.good
    assert "unknown" in answer.found


def test_the_probe_is_told_with_its_size(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Or with the reason why it is not there."""
    place = tmp_path / "tercel_probe.bpf.o"
    module = ModuleType(FILE)
    vars(module)["probe_path"] = lambda: str(place)
    monkeypatch.setitem(sys.modules, FILE, module)
    assert not software.probe(Context()).good
    place.write_bytes(bytes(4096))
    answer = software.probe(Context())
    assert (answer.good, answer.found) == (True, f"{place}, 4 KiB")


@needs_bpf
def test_a_probe_that_is_loaded_already_is_told() -> None:
    """Two sensors on a machine cost twice."""
    with loaded("tercel_t_other"):
        answer = software.others(Context())
    assert not answer.good
    assert "'tercel driver'" in answer.found


@needs_root
def test_without_the_right_to_list_nothing_is_claimed() -> None:
    """Not to know is not to have seen nothing."""
    told = told_by("""
import json
from tercel.sensor import capabilities as c
from tercel.sensor.doctor.context import Context
from tercel.sensor.doctor.software import others
c.write_sets(c.CapabilitySets(0, 0, 0))
print(json.dumps(others(Context()).found))
""")
    assert told == "cannot be told without CAP_SYS_ADMIN"
