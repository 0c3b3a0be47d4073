from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tercel.cli import doctor
from tercel.cli.main import Parser
from tests.unit.sensor.doctor.trees import machine
from tests.unit.sensor.machine import end, hold, needs_bpf


def run(*words: str) -> int:
    """Run the command with these words."""
    parser = Parser(prog="tercel doctor")
    doctor.configure(parser)
    return doctor.run(parser.parse_args(words))


def test_a_machine_without_types_is_told_with_what_it_costs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Status 1: capture cannot run there."""
    monkeypatch.delenv("HOST_ROOT", raising=False)
    machine(tmp_path, {"/sys/kernel/btf/vmlinux": None})
    assert run("--root", f"{tmp_path}/") == 1
    out = capsys.readouterr().out
    assert "fail  Kernel types (BTF)     /sys/kernel/btf/vmlinux is not there" in out
    assert "CONFIG_DEBUG_INFO_BTF=y" in out
    assert "Live capture cannot run here: Kernel types (BTF)" in out


def test_the_status_is_what_the_json_says(capsys: pytest.CaptureFixture[str]) -> None:
    """Of this machine, whatever it offers."""
    status = run("--json")
    value = json.loads(capsys.readouterr().out)
    assert status == (0 if value["live_capture"] else 1)
    assert {"kernel", "btf", "capabilities", "clock"} <= {check["name"] for check in value["checks"]}


@needs_bpf
def test_the_running_sensor_is_shown_thread_by_thread(capsys: pytest.CaptureFixture[str]) -> None:
    """Status 1 while a thread may do more than it needs."""
    process = hold("tercel_t_cli", "tercel", "run")
    try:
        assert run("--running", str(process.pid)) == 1
        assert run("--running", "--json") == 1
    finally:
        end(process)
    text, _, document = capsys.readouterr().out.partition("\n[")
    assert "1 of 1 threads may do more than a running sensor needs." in text
    assert process.pid in {sensor["pid"] for sensor in json.loads("[" + document)}


def test_a_sensor_that_is_not_there_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    """In one line."""
    assert run("--running", "4194305") == 1
    assert capsys.readouterr().err == "Error: there is no process 4194305\n"


@pytest.mark.parametrize("text", ["-3", "0", "x", "\N{SUPERSCRIPT TWO}"])
def test_only_numbers_are_process_ids(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The message says what was expected."""
    with pytest.raises(SystemExit) as ended:
        run(f"--running={text}")
    assert ended.value.code == 1
    assert "expected a whole number from 1 on" in capsys.readouterr().err


def test_a_process_of_ones_own_can_be_asked_about(capsys: pytest.CaptureFixture[str]) -> None:
    """By its id."""
    assert run("--running", str(os.getpid()), "--json") in {0, 1}
    (value,) = json.loads(capsys.readouterr().out)
    assert value["pid"] == os.getpid()
