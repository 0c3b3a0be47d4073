"""What a running sensor may still do, what it is missing when it starts, and that it works with what it kept."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tercel.sensor import capabilities
from tercel.sensor.privileges import kept_mask
from tests.live.running import RULE, Running, attempt, marked_file, status_of
from tests.live.sensor import command, needs_live

pytestmark = [needs_live, pytest.mark.slow]

_KEPT: Final = capabilities.mask("CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH")
_SETS: Final = ("CapEff", "CapPrm", "CapBnd")
_ALERT: Final = "Falco internal: syscall event drop"


def without(*names: str) -> tuple[str, ...]:
    """Return what starts a command without these capabilities."""
    listed = ",".join(f"-{name.lower()}" for name in names)
    return ("setpriv", "--bounding-set", listed, "--inh-caps", listed, "--ambient-caps", listed)


def test_every_thread_keeps_two_capabilities_and_no_program_it_starts_gets_more(tmp_path: Path) -> None:
    """Also the threads that began after the privileges were given up."""
    marked = marked_file(tmp_path)
    with Running(tmp_path) as sensor:
        assert sensor.sees(marked)
        found = {key: status_of(sensor.pid, key) for key in (*_SETS, "CapInh", "CapAmb")}
    assert kept_mask() == _KEPT
    for key in _SETS:
        assert {int(bits, 16) for bits in found[key].values()} == {_KEPT}, key
    for key in ("CapInh", "CapAmb"):
        assert {int(bits, 16) for bits in found[key].values()} == {0}, key
    # The thread of events, and at least that of the outputs.
    assert len(found["CapEff"]) >= 2


def test_doctor_reports_the_threads_of_a_running_sensor(tmp_path: Path) -> None:
    """As text and as JSON; it ends with 0 where nothing is held beyond need."""
    with Running(tmp_path) as sensor:
        words = [*command(), "doctor", "--running", str(sensor.pid)]
        text = subprocess.run(words, capture_output=True, text=True, check=False)
        told = subprocess.run([*words, "--json"], capture_output=True, text=True, check=False)
        threads = len(status_of(sensor.pid, "CapEff"))
    assert (text.returncode, told.returncode) == (0, 0), text.stderr + told.stderr
    assert "CAP_SYS_PTRACE" in text.stdout
    assert str(sensor.pid) in text.stdout
    assert told.stdout.count("CAP_DAC_READ_SEARCH") >= threads or json.loads(told.stdout)


@pytest.mark.parametrize(
    ("dropped", "named", "status"),
    [
        (("BPF", "SYS_ADMIN"), "CAP_BPF", 1),
        (("PERFMON", "SYS_ADMIN"), "CAP_PERFMON", 1),
        (("BPF", "PERFMON", "SYS_ADMIN"), "CAP_BPF", 1),
        (("SYS_PTRACE",), "CAP_SYS_PTRACE", 0),
        (("DAC_READ_SEARCH",), "CAP_DAC_READ_SEARCH", 0),
        (("BPF",), "", 0),
        (("PERFMON",), "", 0),
        (("SYS_ADMIN",), "", 0),
        (("SYS_RESOURCE",), "", 0),
        (("NET_ADMIN", "SYS_MODULE", "DAC_OVERRIDE"), "", 0),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else str(value),
)
def test_a_missing_capability_is_named(dropped: tuple[str, ...], named: str, status: int, tmp_path: Path) -> None:
    """Those without which capture cannot start end it, with one line; for the others there is a warning."""
    outcome = attempt(tmp_path, without(*dropped))
    assert outcome.status == status, outcome.err
    assert (f"{named} " in outcome.err and "is missing" in outcome.err) == bool(named), outcome.err
    assert ("cannot be watched" in outcome.error) == (status == 1)
    assert outcome.error.count(named or "-") == status
    assert "Traceback" not in outcome.err


def test_the_state_is_still_mended_after_privileges_were_given_up(tmp_path: Path) -> None:
    """A process of another user that began during a loss is known afterwards with its program and its file."""
    marked = marked_file(tmp_path)
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o755)
    here, there = socket.socketpair()
    config = {"syscall_event_drops": {"threshold": 0, "actions": ["alert"], "rate": 100, "max_burst": 100}}
    with here, there, Running(tmp_path, options=["engine.modern_ebpf.buf_size_preset=1"], config=config) as sensor:
        with sensor.stalled():
            actor = start_unseen(marked, there)
        assert sensor.wait(lambda: bool(sensor.of(_ALERT)), 10)
        with actor:
            # Every answer is an opening; one of them comes after the renewal.
            for _ in range(50):
                here.send(b"x")
                here.recv(1)
                if sensor.wait(lambda: any(f["proc.exepath"] for f in sensor.of(RULE)), 0.2):
                    break
            here.shutdown(socket.SHUT_WR)
    known = sensor.of(RULE)[-1]
    assert (known["fd.name"], known["proc.pid"]) == (str(marked), actor.pid)
    assert known["proc.exepath"] == str(Path(sys.executable).resolve())


_FLOOD: Final = """
import os, sys
# More than the rings hold: programs that are started, each with a long list of arguments.
for _ in range(400):
    os.spawnv(os.P_WAIT, "/bin/true", ["true", "x" * 30000])
fd = os.open("/dev/null", os.O_RDONLY)
for _ in range(20000):
    os.read(fd, 1)
"""
_ACTOR: Final = """
import socket, sys
talk = socket.socket(fileno=int(sys.argv[2]))
while talk.recv(1):
    open(sys.argv[1]).close()
    talk.send(b"x")
"""


def start_unseen(marked: Path, end: socket.socket) -> subprocess.Popen[bytes]:
    """Fill the rings of a sensor that stands still, then start a program of another user."""
    subprocess.run([sys.executable, "-I", "-S", "-c", _FLOOD], check=True)
    user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    words = [*user, sys.executable, "-I", "-S", "-c", _ACTOR, str(marked), str(end.fileno())]
    return subprocess.Popen(words, pass_fds=[end.fileno()])
