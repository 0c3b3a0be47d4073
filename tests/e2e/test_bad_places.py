"""Streams, files and devices that fail, and signals: a quiet or a described end, with a sane status."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.captures import RULES, story, write
from tests.e2e.command import limited, run_main, run_process
from tests.unit.capture.build import CLOSE_E, CaptureBuilder

_NOBODY = 65534
EVENT = CaptureBuilder().event(CLOSE_E, [("q", 3)]).bytes()


@pytest.fixture
def capture(tmp_path: Path) -> str:
    """Return the path of the small capture."""
    return write(tmp_path, story().bytes(), "small.scap")


@pytest.fixture
def long_capture(tmp_path: Path) -> str:
    """Return the path of a capture whose printing takes much longer than a test waits."""
    path = tmp_path / "long.scap.gz"
    member = gzip.compress(EVENT * 20_000, compresslevel=1)
    path.write_bytes(gzip.compress(story().bytes()) + member * 200)
    return str(path)


@pytest.fixture
def rules(tmp_path: Path) -> str:
    """Return the path of the rules."""
    return write(tmp_path, RULES.encode(), "rules.yaml")


def test_a_capture_is_read_from_standard_input(capture: str, rules: str) -> None:
    """Plain or compressed, by either command."""
    printed = run_main("trace", "-r", capture).out
    alerts = run_main("run", "-r", rules, "-e", capture).out
    with open(capture, "rb") as file:
        assert run_process("trace", "-r", "-", stdin=file).out == printed
    with open(capture, "rb") as file:
        assert run_process("run", "-r", rules, "-e", "-", stdin=file).out == alerts
    packed = subprocess.run(["gzip", "-c", capture], check=True, stdout=subprocess.PIPE).stdout
    done = subprocess.run([*limited(("trace", "-r", "-"))], input=packed, check=False, capture_output=True)
    assert (done.returncode, done.stdout.decode(), done.stderr) == (0, printed, b"")


def test_standard_input_that_ends_early_is_told(capture: str) -> None:
    """With the offset, and everything before it."""
    data = Path(capture).read_bytes()
    for content, lines in ((b"", 0), (data[:3000], 5), (data[:-1], 21)):
        done = subprocess.run(limited(("trace", "-r", "-")), input=content, check=False, capture_output=True)
        assert done.returncode == 1
        assert len(done.stdout.splitlines()) == lines
        assert done.stderr.startswith(b"Error: <stdin>, offset ")


PLACES = {
    "a missing file": ("{folder}/missing.scap", "No such file or directory"),
    "a missing folder": ("/no/such/folder/x.scap", "No such file or directory"),
    "a directory": ("{folder}", "Is a directory"),
    "memory": ("/proc/self/mem", "Input/output error"),
    "nothing": ("/dev/null", "offset 0: the file is empty"),
    "zeros without end": ("/dev/zero", "offset 0: not a capture file"),
    "noise without end": ("/dev/urandom", "offset 0: not a capture file"),
    "a rules file": ("{folder}/rules.yaml", "offset 0: not a capture file"),
    "a NUL in the name": ("a\0b", "embedded null byte"),
}


@pytest.mark.parametrize("name", PLACES)
def test_what_cannot_be_read_as_a_capture_is_named(tmp_path: Path, rules: str, name: str) -> None:
    """In one message with the reason."""
    form, message = PLACES[name]
    path = form.format(folder=tmp_path)
    for words in (("trace", "-r", path), ("run", "-r", rules, "-e", path)):
        outcome = run_main(*words)
        assert (outcome.status, len(outcome.errors)) == (1, 1)
        assert path in outcome.errors[0]
        assert message in outcome.errors[0]


@pytest.fixture
def nobody() -> Iterator[None]:
    """Lay down root's rights for a while; everything that the commands import must have been imported."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


COMMANDS = [
    ("trace", "-r", "{capture}"),
    ("rules", "check", "{rules}"),
    ("run", "-c", "{rules}"),
    ("run", "-V", "{rules}"),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_that_may_not_be_read_is_named(
    capture: str, rules: str, command: tuple[str, ...], request: pytest.FixtureRequest
) -> None:
    """Capture, rules or configuration; behind a folder that may not be entered, it is as good as missing."""
    words = [word.format(capture=capture, rules=rules) for word in command]
    run_main(*words)
    for path in (capture, rules):
        os.chmod(path, 0)
    request.getfixturevalue("nobody")
    outcome = run_main(*words)
    assert outcome.status == 1
    assert words[-1] in outcome.out + outcome.err


def test_a_reader_that_goes_away_ends_the_run_quietly(long_capture: str, rules: str) -> None:
    """`| head -1`: no message, status 0, and soon; also where another capture is written to the pipe."""
    for words in (
        ("trace", "-r", long_capture),
        ("run", "-r", rules, "-e", long_capture),
        ("trace", "-r", long_capture, "-w", "-"),
        ("trace", "-r", long_capture, "-z", "-w", "-"),
    ):
        process = subprocess.Popen(limited(words), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.read(20)
        process.stdout.close()
        assert process.wait(10) == 0, words
        assert process.stderr is not None
        err = process.stderr.read().decode()
        process.stderr.close()
        assert "Error" not in err
        assert "Traceback" not in err


def test_a_full_device_is_told_once(capture: str, rules: str) -> None:
    """As standard output, as file of alerts, as capture to write; alerts that were lost are counted."""
    for words in (("trace", "-r", capture), ("fields",), ("rules", "check", rules)):
        with open("/dev/full", "wb") as full:
            outcome = run_process(*words, stdout=full)
        assert (outcome.status, outcome.errors) == (
            1, ["Error: cannot write to standard output: No space left on device"],
        )  # fmt: skip
    for compress in ([], ["-z"]):
        outcome = run_main("trace", "-r", capture, "-w", "/dev/full", *compress)
        assert (outcome.status, outcome.errors) == (1, ["Error: /dev/full: cannot write: No space left on device"])
    run = ("run", "-r", rules, "-e", capture, "-o", "rule_matching=all")
    with open("/dev/full", "wb") as full:
        outcome = run_process(*run, stdout=full)
    assert outcome.status == 1
    assert outcome.err.count("cannot send to output stdout") == 1
    assert "Error: 28 alerts could not be delivered to output stdout" in outcome.err
    outcome = run_main(*run, "-o", "file_output.enabled=true", "-o", "file_output.filename=/dev/full")
    assert outcome.err.count("cannot send to output file") == 1
    assert "Error: 28 alerts could not be delivered to output file" in outcome.err
    assert "Events detected: 28\n" in outcome.out


@pytest.mark.parametrize("target", ["{folder}/missing/alerts.txt", "{folder}"])
def test_a_file_of_alerts_that_cannot_be_opened_is_told_once(
    tmp_path: Path, capture: str, rules: str, target: str
) -> None:
    """The other outputs get everything."""
    name = target.format(folder=tmp_path)
    words = ("-o", "file_output.enabled=true", "-o", f"file_output.filename={name}")
    outcome = run_main("run", "-r", rules, "-e", capture, *words)
    assert outcome.status == 0
    assert outcome.err.count("cannot send to output file") == 1
    assert "22 alerts could not be delivered to output file" in outcome.err
    assert outcome.out == run_main("run", "-r", rules, "-e", capture).out


@pytest.mark.parametrize("target", ["{folder}/missing/new.scap", "{folder}", "{capture}", "{folder}/./small.scap"])
def test_a_capture_that_cannot_be_written_is_told(tmp_path: Path, capture: str, target: str) -> None:
    """The capture that is read least of all: it stays as it was."""
    before = Path(capture).read_bytes()
    name = target.format(folder=tmp_path, capture=capture)
    outcome = run_main("trace", "-r", capture, "-w", name)
    assert (outcome.status, outcome.out, len(outcome.errors)) == (1, "", 1)
    assert name in outcome.err
    assert Path(capture).read_bytes() == before


def test_what_is_read_from_standard_input_is_not_written_over(capture: str) -> None:
    """The shell has opened it, the file is the same."""
    before = Path(capture).read_bytes()
    with open(capture, "rb") as file:
        outcome = run_process("trace", "-r", "-", "-w", capture, stdin=file)
    assert outcome.status == 1
    assert Path(capture).read_bytes() == before


def test_a_pid_file_that_cannot_be_written_ends_the_run(capture: str, rules: str) -> None:
    """With Falco's status."""
    outcome = run_main("run", "-r", rules, "-e", capture, "-P", "/no/such/folder/pid")
    assert (outcome.status, outcome.out) == (255, "")
    assert "/no/such/folder/pid" in outcome.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", ["run", "trace"])
def test_a_signal_ends_a_replay_soon_and_in_order(
    tmp_path: Path, long_capture: str, rules: str, command: str, number: signal.Signals
) -> None:
    """The summary is printed, the status is 0, and every line is whole."""
    words = ("run", "-r", rules, "-e", long_capture) if command == "run" else ("trace", "-r", long_capture)
    target = tmp_path / "out.txt"
    with open(target, "wb") as out:
        process = subprocess.Popen(limited(words), stdout=out, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 10
        while target.stat().st_size < 1000 and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(number)
        asked = time.monotonic()
        _, err = process.communicate(timeout=15)
    assert process.returncode == 0
    # A second of a machine that is not busy otherwise.
    assert time.monotonic() - asked < 5
    assert b"Traceback" not in err
    text = target.read_text()
    assert text.endswith("\n")
    if command == "run":
        alerts, summary = text.split("Events detected: ")
        assert len(alerts.splitlines()) == int(summary.splitlines()[0])
        assert b"event drop detected" in err


def test_a_signal_ends_the_waiting_for_a_silent_pipe(capture: str, rules: str, tmp_path: Path) -> None:
    """What has come so far is complete, in alerts as in a capture that is written."""
    target = str(tmp_path / "written.scap")
    data = Path(capture).read_bytes()
    for words in (("run", "-r", rules, "-e", "-"), ("trace", "-r", "-", "-w", target)):
        process = subprocess.Popen(
            limited(words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert process.stdin is not None
        process.stdin.write(data)
        process.stdin.flush()
        # Nothing tells from outside that all of it has been read.
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
        assert (process.returncode, b"Traceback" in err) == (0, False)
        if words[0] == "run":
            assert out.decode() == run_main("run", "-r", rules, "-e", capture).out
    assert run_main("trace", "-r", target).out == run_main("trace", "-r", capture).out


def test_a_signal_ends_a_run_whose_output_blocks(long_capture: str, rules: str) -> None:
    """Nobody reads the pipe, which stays open: the alerts are given up, and that is said."""
    source, target = os.pipe()
    words = limited(("run", "-r", rules, "-e", long_capture, "-o", "output_timeout=500"))
    process = subprocess.Popen(words, stdout=target, stderr=subprocess.PIPE)
    os.close(target)
    time.sleep(3)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=10)
    os.close(source)
    assert process.returncode == 0, err
    assert b"output channels still blocked" in err


def test_streams_that_are_closed_are_no_trouble(capture: str, rules: str) -> None:
    """No file takes their place, nothing is written into one by mistake."""
    before = Path(capture).read_bytes()
    for command in (f"trace -r {capture}", f"run -r {rules} -e {capture}", f"rules check {rules}", "trace -r -"):
        for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
            line = f"exec {sys.executable} -m tercel {command} {closed}"
            done = subprocess.run(["/bin/sh", "-c", line], stdin=subprocess.DEVNULL, check=False, capture_output=True)
            assert done.returncode == int(command == "trace -r -"), (line, done.stderr)
            assert b"Traceback" not in done.stderr
    assert Path(capture).read_bytes() == before
