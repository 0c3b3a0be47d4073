from __future__ import annotations

import os

import pytest

from tercel.sensor import bpf_objects
from tests.unit.sensor.machine import loaded, needs_bpf, needs_root, told_by

NAME = "tercel_t_objects"[:15]


def ours(name: str) -> tuple[list[bpf_objects.Program], list[bpf_objects.Map]]:
    """Return the programs and maps of a name."""
    programs = [one for one in bpf_objects.programs() if one.name == name]
    return programs, [one for one in bpf_objects.maps() if one.name == name]


@needs_bpf
def test_what_is_loaded_is_listed_with_its_parts() -> None:
    """The program, the map that it uses, and the link that attaches it."""
    with loaded(NAME):
        (program,), (one,) = ours(NAME)
        (link,) = [link for link in bpf_objects.links() if link.program == program.id]
    assert (program.type, program.maps) == ("raw_tracepoint", (one.id,))
    assert (one.type, one.key_size, one.value_size, one.max_entries) == ("array", 4, 8, 4)
    assert link.type == "raw_tracepoint"
    assert program.run_count == 0


@needs_bpf
def test_listing_leaves_nothing_open() -> None:
    """A descriptor that is forgotten would keep somebody's program in the kernel."""
    with loaded(NAME):
        before = os.listdir("/proc/self/fd")
        bpf_objects.programs()
        bpf_objects.maps()
        bpf_objects.links()
        assert os.listdir("/proc/self/fd") == before


@needs_root
def test_without_the_right_to_list_the_error_says_so() -> None:
    """Nothing listed must not look like nothing loaded."""
    told = told_by("""
import json
from tercel.sensor import bpf_objects, capabilities as c
few = c.mask("CAP_BPF")
c.write_sets(c.CapabilitySets(few, few, 0))
reachable = bpf_objects.reason_unreachable()
try:
    bpf_objects.programs()
except PermissionError:
    print(json.dumps([reachable, "refused"]))
""")
    assert told == ["", "refused"]


@needs_bpf
def test_the_system_call_is_found_reachable() -> None:
    """By asking for a command that does not exist, which changes nothing."""
    assert bpf_objects.reason_unreachable() == ""


def test_an_unknown_machine_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The call has another number on each machine; guessing would call something else."""
    monkeypatch.setattr(bpf_objects, "_NUMBERS", {})
    with pytest.raises(OSError, match=f"not known for {os.uname().machine}"):
        bpf_objects.programs()
    assert "no bpf system call" in bpf_objects.reason_unreachable()
