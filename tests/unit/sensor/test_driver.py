from __future__ import annotations

import os
import subprocess
import sys

from tercel.sensor.bpf_holders import Holder
from tercel.sensor.driver import inventory, our_programs, terminate
from tests.unit.sensor.machine import end, hold, needs_bpf, needs_root

NAME = "tercel_t_driver"
STUBBORN = """
import signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
sys.stdin.read()
"""


def holder(pid: int) -> Holder:
    """Return a holder with this process id."""
    return Holder(pid, ("tercel", "run"), frozenset({1}), frozenset())


@needs_bpf
def test_what_is_ours_is_told_with_who_holds_it() -> None:
    """Programs by name, maps by their programs, processes by their descriptors."""
    process = hold(NAME)
    foreign = hold("others_program")
    try:
        found = inventory()
    finally:
        end(process)
        end(foreign)
    (program,) = [one for one in found.programs if one.name == NAME]
    assert set(program.maps) <= {one.id for one in found.maps}
    assert program.id in {link.program for link in found.links}
    assert process.pid in {one.pid for one in found.holders}
    assert foreign.pid not in {one.pid for one in found.holders}


@needs_bpf
def test_ending_the_holder_takes_the_program_out() -> None:
    """Nothing is left behind in the kernel."""
    process = hold(NAME)
    try:
        loaded = {one.id for one in our_programs() if one.name == NAME}
        assert terminate([holder(process.pid)], 10.0) == []
    finally:
        end(process)
    assert process.returncode != 0
    # The kernel frees programs in the background; a holder that has ended is what ends them.
    assert process.pid not in {one.pid for one in inventory().holders if one.programs & loaded}


def test_a_process_that_does_not_end_is_told() -> None:
    """Waiting has an end."""
    with subprocess.Popen(
        [sys.executable, "-c", STUBBORN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        asked = holder(process.pid)
        assert terminate([asked], 0.05) == [asked]
        process.kill()


def test_a_process_that_has_ended_needs_no_asking() -> None:
    """It may end between the look and the signal."""
    with subprocess.Popen(["true"]) as process:
        process.wait()
    assert terminate([holder(process.pid)], 1.0) == []


def test_neither_this_process_nor_the_first_of_all_is_asked() -> None:
    """The first process may keep descriptors for services; ending it would end the machine."""
    spared = [holder(1), holder(os.getpid())]
    assert terminate(spared, 0.0) == spared


@needs_root
def test_a_process_that_may_not_be_asked_is_told() -> None:
    """Without the right to send it signals it stays, and the caller hears of it."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        code = (
            "import os; from tercel.sensor.bpf_holders import Holder; from tercel.sensor.driver import terminate\n"
            "os.setuid(65534)\n"
            f"print(len(terminate([Holder({process.pid}, (), frozenset(), frozenset())], 1.0)))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout == "1\n"
        process.communicate(b"")
