from __future__ import annotations

import os
import subprocess

import pytest

from tercel.sensor.capabilities import BITS, mask, read_sets
from tercel.sensor.kernel import KernelVersion
from tercel.sensor.privileges import NEEDS, Caller, Need, effective_of_threads, kept_mask, missing
from tests.unit.sensor.machine import needs_bpf, needs_root, told_by

NEW = KernelVersion(6, 1)
FEW = mask("CAP_BPF", "CAP_PERFMON", "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH")
KEPT = mask("CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH")

START = """
import json, os, subprocess, threading
from tercel.sensor import capabilities as c
from tercel.sensor.privileges import *
def child():
    text = subprocess.run(["cat", "/proc/self/status"], capture_output=True, text=True, check=True).stdout
    lines = dict(line.split(":\\t", 1) for line in text.splitlines() if line.startswith("Cap"))
    return {name: int(value, 16) for name, value in lines.items()}
"""


def lacking(held: int, kernel: KernelVersion, *, locks_memory_freely: bool = False) -> list[str]:
    """Return the names of what a caller would miss."""
    return [need.name for need in missing(Caller(held, kernel, locks_memory_freely))]


@pytest.mark.parametrize(
    ("kernel", "names"),
    [
        ((5, 4), ["CAP_SYS_ADMIN", "CAP_SYS_RESOURCE"]),
        ((5, 8), ["CAP_BPF", "CAP_PERFMON", "CAP_SYS_RESOURCE"]),
        ((5, 11), ["CAP_BPF", "CAP_PERFMON"]),
        ((6, 18), ["CAP_BPF", "CAP_PERFMON"]),
    ],
)
def test_each_kernel_asks_for_its_own_capabilities(kernel: tuple[int, int], names: list[str]) -> None:
    """Newer kernels ask for less; what is fatal comes first, what completes the picture is the same for all."""
    assert lacking(0, KernelVersion(*kernel)) == [*names, "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"]


def test_the_small_set_is_enough() -> None:
    """Nobody has to run the sensor with everything."""
    assert lacking(FEW, NEW) == []
    assert lacking(FEW & ~BITS["CAP_PERFMON"], NEW) == ["CAP_PERFMON"]


def test_the_former_way_of_granting_it_is_enough() -> None:
    """CAP_SYS_ADMIN includes what later got names of its own."""
    assert lacking(mask("CAP_SYS_ADMIN") | KEPT, NEW) == []


def test_an_unlimited_limit_needs_nobody_to_raise_it() -> None:
    """The unit file may have lifted it."""
    assert lacking(FEW, KernelVersion(5, 10)) == ["CAP_SYS_RESOURCE"]
    assert lacking(FEW, KernelVersion(5, 10), locks_memory_freely=True) == []


def test_what_was_granted_inside_a_user_namespace_does_not_count() -> None:
    """Such a root may do everything to its own processes, and nothing to the kernel."""
    inside = Caller(~0 & (1 << 41) - 1, NEW, in_first_user_namespace=False)
    assert [need.name for need in missing(inside)] == ["CAP_BPF", "CAP_PERFMON"]


@pytest.mark.parametrize("need", NEEDS, ids=lambda need: need.name)
def test_each_message_says_what_is_missing_why_and_what_that_costs(need: Need) -> None:
    """One line, for the log."""
    text = need.message()
    assert text.startswith("CAP_")
    assert " is missing, needed to " in text
    assert text.endswith((".", "unlimited."))
    assert "\n" not in text


def test_the_message_names_what_would_do_as_well() -> None:
    """Whoever writes the unit file sees both."""
    assert missing(Caller(0, NEW))[0].message() == (
        "CAP_BPF (or CAP_SYS_ADMIN) is missing, needed to put the probe and its maps into the kernel. "
        "Live capture cannot start."
    )


def test_kernels_that_ask_again_have_it_kept() -> None:
    """Before 5.19 a map cannot be changed without CAP_BPF."""
    assert kept_mask(KernelVersion(5, 19)) == KEPT
    assert kept_mask(KernelVersion(5, 15)) == KEPT | BITS["CAP_BPF"]
    assert kept_mask(KernelVersion(5, 4)) == KEPT | BITS["CAP_SYS_ADMIN"]


def test_the_callers_own_threads_are_told() -> None:
    """By default it is this process."""
    assert effective_of_threads()[os.getpid()] == read_sets().effective
    assert effective_of_threads(os.getpid())[os.getpid()] == read_sets().effective


@needs_root
def test_the_small_set_is_recognised_in_a_real_process() -> None:
    """What a process holds is asked of the kernel."""
    told = told_by(f"""{START}
c.write_sets(c.CapabilitySets({FEW}, {FEW}, 0))
everything = [need.name for need in missing()]
c.write_sets(c.CapabilitySets({KEPT}, {KEPT}, 0))
print(json.dumps([everything, [need.name for need in missing() if need.name != "CAP_SYS_RESOURCE"]]))
""")
    assert told[0] in ([], ["CAP_SYS_RESOURCE"])
    assert told[1] == ["CAP_BPF", "CAP_PERFMON"]


@needs_root
def test_after_dropping_every_thread_and_every_program_has_the_small_set() -> None:
    """Threads that start later inherit what is left; a program of uid 0 is given the bounding set."""
    told = told_by(f"""{START}
dropped = drop_all_but_kept()
go = threading.Event()
threads = [threading.Thread(target=go.wait) for _ in range(3)]
for thread in threads: thread.start()
from tercel.sensor.threads import sets_of_threads
sets = [list(one) for one in sets_of_threads(os.getpid())]
go.set()
print(json.dumps([dropped.kept, dropped.children, dropped.sealed, sets, child()]))
""")
    kept, children, sealed, sets, child = told
    assert kept == children == kept_mask() & read_sets().permitted
    assert not sealed
    assert len(sets) == 4
    for _, _, effective, permitted, inheritable, bounding, ambient, _ in sets:
        assert (effective, permitted, inheritable, bounding, ambient) == (kept, kept, 0, kept, 0)
    assert child == {"CapInh": 0, "CapPrm": kept, "CapEff": kept, "CapBnd": kept, "CapAmb": 0}


@needs_root
def test_without_the_right_to_reduce_the_bounding_set_programs_gain_nothing_either() -> None:
    """A container whose capabilities were listed one by one has no CAP_SETPCAP."""
    told = told_by(f"""{START}
c.write_sets(c.CapabilitySets({FEW}, {FEW}, 0))
dropped = drop_all_but_kept()
print(json.dumps([dropped.kept, dropped.children, dropped.sealed, child()]))
""")
    kept, children, sealed, child = told
    assert sealed
    assert kept == children == kept_mask()
    assert child["CapEff"] == child["CapPrm"] == kept


@needs_root
def test_inheritable_and_ambient_capabilities_are_given_up_too() -> None:
    """A unit with AmbientCapabilities would pass them to every program that the sensor starts."""
    told = told_by(f"""{START}
c.write_sets(c.read_sets()._replace(inheritable={FEW}))
for bit in (2, 19): c._libc.prctl(47, 2, bit, 0, 0)
before = child()["CapAmb"]
drop_all_but_kept()
print(json.dumps([before, child()]))
""")
    assert told[0] == KEPT
    assert told[1]["CapInh"] == told[1]["CapAmb"] == 0


@needs_root
def test_with_other_threads_nothing_is_dropped_and_they_are_named() -> None:
    """The other threads would keep everything, and nobody would notice."""
    told = told_by(f"""{START}
go = threading.Event()
thread = threading.Thread(target=go.wait)
thread.start()
before = c.read_sets()
try:
    drop_all_but_kept()
    error = ""
except ThreadsError as failure:
    error = str(failure)
same = c.read_sets() == before
go.set()
print(json.dumps([error, same, thread.native_id]))
""")
    error, same, tid = told
    assert same
    assert "only while the process has one thread, and it has 2" in error
    assert f"{tid} (" in error


@needs_bpf
def test_maps_that_are_open_still_work_and_new_programs_are_refused() -> None:
    """Reload and the drop counters write and read maps; a sensor that was taken over loads nothing new."""
    told = told_by(f"""{START}
from tests.unit.sensor.machine import create_map, get_value, load_program, set_value
table = create_map("tercel_test")
drop_all_but_kept()
set_value(table, 1, 77)
try:
    load_program("tercel_test", table)
    error = ""
except PermissionError as failure:
    error = type(failure).__name__
print(json.dumps([get_value(table, 1), error]))
""")
    assert told == [77, "PermissionError"]


@needs_bpf
def test_the_small_set_loads_and_attaches_a_program() -> None:
    """What the table says is needed is enough for the real kernel."""
    few = FEW & ~KEPT
    told = told_by(f"""{START}
from tests.unit.sensor.machine import loaded
c.write_sets(c.CapabilitySets({few}, {few}, 0))
with loaded("tercel_test"):
    print(json.dumps("attached"))
""")
    assert told == "attached"


@needs_root
def test_other_users_processes_can_still_be_read() -> None:
    """Repairing the state looks into /proc; without the kept set it would see nothing."""
    other = subprocess.Popen(["setpriv", "--reuid", "65534", "--clear-groups", "cat"], stdin=subprocess.PIPE)
    try:
        told = told_by(f"""{START}
def look():
    try:
        base = "/proc/{other.pid}"
        return [os.readlink(base + "/exe") != "", bool(os.listdir(base + "/fd")), bool(open(base + "/environ").read())]
    except PermissionError:
        return "refused"
# The program is another user's once it has replaced setpriv.
while "cat" not in open("/proc/{other.pid}/comm").read(): os.sched_yield()
drop_all_but_kept()
kept = look()
c.write_sets(c.CapabilitySets(0, 0, 0))
print(json.dumps([kept, look()]))
""")
    finally:
        other.communicate(b"")
    assert told == [[True, True, True], "refused"]
