from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tercel.sensor import capabilities
from tercel.sensor.threads import sets_of_threads

STATUS = """Name:\tworker one
Umask:\t0022
CapInh:\t0000000000000001
CapPrm:\t0000000000080004
CapEff:\t0000000000000004
CapBnd:\t000001ffffffffff
CapAmb:\t0000000000000002
NoNewPrivs:\t{sealed}
"""


def write_thread(proc: Path, tid: int, sealed: int = 0) -> None:
    """Write the status of a thread of process 7."""
    folder = proc / "7" / "task" / str(tid)
    folder.mkdir(parents=True)
    (folder / "status").write_text(STATUS.format(sealed=sealed))


def test_every_thread_of_a_process_is_listed() -> None:
    """A thread that was started before privileges were dropped is the one that matters."""
    started, go = threading.Event(), threading.Event()

    def wait() -> None:
        started.set()
        go.wait()

    thread = threading.Thread(target=wait)
    thread.start()
    started.wait()
    found = {sets.tid: sets for sets in sets_of_threads(os.getpid())}
    go.set()
    thread.join()
    assert {os.getpid(), thread.native_id} <= set(found)
    assert found[os.getpid()].effective == capabilities.read_sets().effective


def test_all_sets_are_read(tmp_path: Path) -> None:
    """Each has its line; names may hold blanks."""
    write_thread(tmp_path, 7)
    (sets,) = sets_of_threads(7, str(tmp_path))
    assert sets == (7, "worker one", 4, 0x80004, 1, (1 << 41) - 1, 2, False)


def test_programs_get_the_bounding_set_unless_new_privileges_are_forbidden(tmp_path: Path) -> None:
    """A program of uid 0 is given all that is not forbidden."""
    write_thread(tmp_path, 7)
    write_thread(tmp_path, 8, sealed=1)
    assert [sets.for_programs for sets in sets_of_threads(7, str(tmp_path))] == [(1 << 41) - 1, 0x80004]


def test_a_thread_that_ended_in_the_meantime_is_left_out(tmp_path: Path) -> None:
    """Its directory was listed, its status is gone."""
    write_thread(tmp_path, 7)
    (tmp_path / "7" / "task" / "9").mkdir()
    assert [sets.tid for sets in sets_of_threads(7, str(tmp_path))] == [7]


def test_a_process_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """Nothing found is not the same as nobody there."""
    with pytest.raises(FileNotFoundError):
        sets_of_threads(7, str(tmp_path))
