from __future__ import annotations

import json
import os

import pytest

from tercel.sensor import capabilities
from tercel.sensor.doctor.running import NotRunningError, Sensor, find_sensors, is_sensor, running_json, running_text
from tercel.sensor.privileges import kept_mask
from tercel.sensor.threads import ThreadSets
from tests.unit.sensor.machine import end, hold, needs_bpf

EVERYTHING = (1 << 41) - 1


def thread(tid: int, held: int, bounding: int, *, sealed: bool = False) -> ThreadSets:
    """Return a thread with these sets."""
    return ThreadSets(tid, f"worker {tid}", held, held, 0, bounding, 0, sealed)


@pytest.mark.parametrize(
    ("command", "ours"),
    [
        (["tercel", "run"], True),
        (["/usr/bin/python3", "/opt/venv/bin/tercel", "run", "-r", "x"], True),
        (["python3", "-X", "dev", "-m", "tercel", "trace"], True),
        (["python3", "/usr/lib/python3/tercel/__main__.py", "record", "-w", "f"], True),
        (["tercel", "rules", "check"], False),
        (["tercel"], False),
        (["vi", "/etc/tercel/run"], False),
        ([""], False),
    ],
)
def test_our_commands_are_told_from_others(command: list[str], ours: bool) -> None:
    """However the program was started."""
    assert is_sensor(command) == ours


@needs_bpf
def test_a_sensor_that_captures_is_found_by_what_it_holds() -> None:
    """Only among processes with programs in the kernel."""
    process = hold("tercel_t_run", "tercel", "run")
    try:
        (sensor,) = [sensor for sensor in find_sensors() if sensor.pid == process.pid]
    finally:
        end(process)
    assert [thread.tid for thread in sensor.threads] == [process.pid]
    assert sensor.threads[0].effective == capabilities.read_sets().effective


def test_a_process_is_shown_whatever_it_is() -> None:
    """Its id was given."""
    (sensor,) = find_sensors(os.getpid())
    assert os.getpid() in {thread.tid for thread in sensor.threads}


def test_nothing_found_is_an_error_with_words(tmp_path: object) -> None:
    """Also for an id that nobody has."""
    with pytest.raises(NotRunningError, match="no sensor that captures is running"):
        find_sensors(proc=str(tmp_path))
    with pytest.raises(NotRunningError, match="there is no process 4194305"):
        find_sensors(4194305)


def test_threads_with_more_than_a_sensor_keeps_are_counted() -> None:
    """Whether they hold it or would give it to their programs."""
    kept = kept_mask()
    reduced, sealed = thread(1, kept, kept), thread(2, kept, EVERYTHING, sealed=True)
    generous, mighty = thread(3, kept, EVERYTHING), thread(4, EVERYTHING, EVERYTHING)
    assert Sensor(1, ("tercel", "run"), [reduced, sealed, generous, mighty]).excess() == [generous, mighty]


def test_the_text_has_a_line_per_thread() -> None:
    """Few capabilities by name, many by number."""
    kept = kept_mask()
    few = ", ".join(capabilities.names(kept))
    text = running_text([Sensor(1, ("tercel", "run"), [thread(1, kept, kept), thread(2, 0, EVERYTHING)])])
    assert text.splitlines() == [
        "1: tercel run",
        f"  1        worker 1         may {few}; its programs at most {few}",
        "  2        worker 2         may nothing; its programs at most 41 capabilities",
        "  1 of 2 threads may do more than a running sensor needs.",
    ]
    assert "No thread may do more" in running_text([Sensor(1, ("tercel", "run"), [thread(1, kept, kept)])])


def test_the_json_has_all_sets_by_name() -> None:
    """For scripts."""
    (value,) = json.loads(json.dumps(running_json([Sensor(1, ("tercel", "run"), [thread(1, 1 << 39, EVERYTHING)])])))
    assert value["reduced"] is False
    assert value["threads"][0]["effective"] == ["CAP_BPF"]
    assert len(value["threads"][0]["bounding"]) == 41
