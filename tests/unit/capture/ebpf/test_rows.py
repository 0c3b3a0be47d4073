from __future__ import annotations

import platform

import pytest

from tercel.capture.ebpf import rows
from tercel.capture.ebpf.btf import BtfError
from tercel.capture.source import CaptureError
from tercel.events.table import EVENTS
from tests.paths import ROOT
from tests.unit.capture.ebpf.probe import btf_of_object, needs_object

SOURCES = rows.row_sources()


def parameters_of_steps() -> dict[str, int]:
    """Return how many parameters each step makes, from the table of where they come from."""
    lines = (ROOT / "probe" / "steps.txt").read_text().splitlines()
    found = {}
    for line in lines:
        if line and line[0] != "#":
            name, *words = line.split()
            found[name] = sum(int(word.partition("*")[2] or 1) for word in words)
    return found


COUNTS = parameters_of_steps()


def current_exits() -> list[str]:
    """Return the exit events that system calls report themselves by, as they are now."""
    calls = {call.event for machine in ("x86_64", "aarch64") for call in rows.system_calls(machine)}
    return sorted(EVENTS[number].enum for number in calls)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: EVENTS[source.event].enum)
def test_the_steps_of_a_row_make_the_parameters_of_its_event(source: rows.RowSource) -> None:
    """One too many or too few and every later parameter would be read as its neighbour."""
    made = sum(COUNTS[step.partition(":")[0]] for step in source.steps)
    assert made == EVENTS[source.event].nparams


@pytest.mark.parametrize("enum", current_exits())
def test_every_system_call_event_has_a_row(enum: str) -> None:
    """A call without one would never be reported."""
    assert enum in {EVENTS[source.event].enum for source in SOURCES}


def test_no_event_has_two_rows() -> None:
    """One of them would never be used."""
    events = [source.event for source in SOURCES]
    assert len(set(events)) == len(events)


def test_what_is_security_critical_is_vital() -> None:
    """Chatty calls must not be able to push it out."""
    vital = {EVENTS[source.event].name for source in SOURCES if source.is_vital}
    assert {"execve", "execveat", "clone", "clone3", "fork", "vfork", "procexit"} <= vital
    assert {"ptrace", "setuid", "setns", "unshare", "mount", "bpf", "init_module", "memfd_create"} <= vital
    assert not {"read", "write", "openat", "close", "futex"} & vital


@needs_object
def test_the_probe_knows_every_name_of_the_table() -> None:
    """Steps, conversions and classes are numbers in the probe; the names are compared when the table is packed."""
    btf = btf_of_object()
    table = rows.RowTable(btf)
    layout = btf.layout("row")
    assert len(table.data) == layout.size * (len(SOURCES) + len(rows.FIXED))
    assert len(SOURCES) + len(rows.FIXED) <= 256
    assert set(table.row_of) == {source.event for source in SOURCES}


@needs_object
def test_every_step_of_the_probe_is_described_and_used() -> None:
    """A step without a row or a description is left over or forgotten."""
    steps = {name.removeprefix("STEP_").lower() for name in btf_of_object().enum("step_code")} - {"end"}
    assert steps == set(COUNTS)
    used = {step.partition(":")[0] for source in SOURCES for step in source.steps}
    assert used - steps == set()


@needs_object
def test_the_rows_of_tracepoints_come_first_in_the_order_that_the_probe_expects() -> None:
    """The probe finds them by their numbers."""
    btf = btf_of_object()
    order = btf.enum("fixed_row")
    assert order["ROW_FIRST_CALL"] == len(rows.FIXED)
    assert sorted(order, key=order.__getitem__)[: len(rows.FIXED)] == [
        "ROW_PROCEXIT",
        "ROW_SIGNAL",
        "ROW_EXEC",
        "ROW_CHILD",
    ]
    layout, data = btf.layout("row"), rows.RowTable(btf).data
    at = layout.member("type").offset
    types = [int.from_bytes(data[i * layout.size + at :][:2], "little") for i in range(len(rows.FIXED))]
    assert [EVENTS[number].enum for number in types] == list(rows.FIXED)


@needs_object
def test_a_row_is_packed_step_by_step() -> None:
    """Flags name their conversion in the second number, or in the third where there are three."""
    btf = btf_of_object()
    table = rows.RowTable(btf)
    codes, conversions = btf.enum("step_code"), btf.enum("conversion")
    step = btf.element(btf.layout("row").member("step"))
    assert table._step("flags32:2:mmap_prot") == step.pack(code=codes["STEP_FLAGS32"], a=2, b=conversions["MMAP_PROT"])
    assert table._step("bytes:1:result") == step.pack(code=codes["STEP_BYTES"], a=1, b=7)
    assert table._step("user_flags:1:8:io_uring_setup_flags") == step.pack(
        code=codes["STEP_USER_FLAGS"], a=1, b=8 | conversions["IO_URING_SETUP_FLAGS"] << 8
    )


@needs_object
def test_a_probe_of_another_version_is_refused() -> None:
    """Its numbers would mean something else."""
    table = rows.RowTable(btf_of_object())
    with pytest.raises(BtfError, match="another version: it has no STEP_TELEPORT"):
        table._step("teleport:1")


def test_system_calls_have_the_numbers_of_their_architecture() -> None:
    """The same name is another number elsewhere, and not every name is everywhere."""
    intel = {call.name: call for call in rows.system_calls("x86_64")}
    arm = {call.name: call for call in rows.system_calls("aarch64")}
    assert (intel["openat"].native, arm["openat"].native) == (257, 56)
    assert intel["openat"].code == arm["openat"].code
    assert "open" in intel
    assert "open" not in arm
    assert intel["stat64"].native == -1
    assert intel["stat64"].compat == (195,)
    assert all(not call.compat for call in arm.values())


def test_a_call_that_was_widened_has_both_numbers_of_32_bit_programs() -> None:
    """Old programs call by the old one."""
    assert rows.compat_numbers()["chown"] == [182, 212]


def test_an_unknown_architecture_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no error of the program's."""
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(CaptureError, match="x86_64 and aarch64, not of riscv64"):
        rows.system_calls()


@needs_object
def test_what_is_selected_is_found_by_number() -> None:
    """By that of each kind of program that may make the call; what has no row or is not wanted has none."""
    table = rows.RowTable(btf_of_object())
    calls = rows.system_calls("x86_64")
    chosen = rows.selected_rows(table, calls, frozenset({"openat", "stat64", "send", "sched_yield"}))
    by_name = {call.name: call for call in calls}
    row = table.row_of[by_name["openat"].event] + 1
    assert chosen[257] == (row, by_name["openat"].code)
    assert chosen[rows.COMPAT | 295] == (row, by_name["openat"].code)
    assert chosen[rows.COMPAT | 195][1] == by_name["stat64"].code
    # No 64-bit program has send, 32-bit ones have it as a part of socketcall.
    assert chosen[table.pseudo["send"]][1] == by_name["send"].code
    assert chosen[24] == (table.row_of[by_name["sched_yield"].event] + 1, by_name["sched_yield"].code)
    assert len(chosen) == 6


def test_the_call_that_hands_requests_over_is_looked_at_by_all_its_numbers() -> None:
    """Programs of both kinds have rings."""
    assert rows.looked_at(rows.system_calls("x86_64")) == dict.fromkeys((426, rows.COMPAT | 426), (rows.UNREPORTED, 0))
    assert list(rows.looked_at(rows.system_calls("aarch64"))) == [426]
