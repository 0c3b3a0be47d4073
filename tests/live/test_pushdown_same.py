"""What the kernel drops changes no alert: two sensors watch the same attacks, one of them sees everything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.live.attacks.catalogue import rules_files
from tests.live.attacks.perform import HOSTS, LAST, play_all, wait_for_last
from tests.live.attacks.stage import play
from tests.live.sensor import Alert, LiveSensor, needs_live
from tests.paths import needs_shared

pytestmark = [pytest.mark.timeout(240), needs_live]

# Both sensors tell the same of an event but for when it was seen, and how long something had lasted then.
_TIMES: Final = frozenset({"evt.time", "evt.rawtime", "proc.exe_ino.ctime_duration_proc_start"})
_PLACE: Final = "/attack/"

# Rules that look at descriptors long after they were opened, in every way that the probe has to think of.
LATER: Final = """\
- rule: Mode of an open file
  desc: fchmod shows a file that was opened before
  condition: evt.type = fchmod and proc.name startswith later
  output: fchmod name=%fd.name raw=%fd.nameraw directory=%fd.directory file=%fd.filename ino=%fd.ino args=%evt.args
  priority: INFO
- rule: Read of a secret
  desc: reading by a descriptor
  condition: evt.type in (read, pread) and fd.name endswith .secret and proc.name startswith later
  output: read name=%fd.name num=%fd.num args=%evt.args
  priority: INFO
- rule: Copy of a descriptor
  desc: copies of files
  condition: evt.type in (dup, dup2, dup3, fcntl) and fd.type = file and proc.name startswith later
  output: copied name=%fd.name num=%fd.num
  priority: INFO
- rule: Path below a file
  desc: a file where a directory belongs
  condition: evt.type = unlinkat and proc.name startswith later
  output: below path=%fs.path.name args=%evt.args name=%fd.name
  priority: INFO
- rule: Lock
  desc: a call that nobody else asks for
  condition: evt.type = flock and proc.name startswith later
  output: lock name=%fd.name args=%evt.args
  priority: INFO
"""

# Opens that no rule is about; then everything that can be done with such a descriptor.
PROGRAM: Final = """\
import fcntl, os, socket, sys
folder = sys.argv[1]
def name(number, end=".txt"):
    path = f"{folder}/file{number}{end}"
    open(path, "w").close()
    return path
plain = [os.open(name(i), os.O_RDONLY) for i in range(6)]
secret = os.open(name(9, ".secret"), os.O_RDONLY)
os.fchmod(plain[0], 0o640)
os.fchmod(plain[0], 0o644)
os.read(secret, 1)
copy = os.dup(plain[1])
os.dup2(plain[1], 40)
os.dup2(40, secret)
os.read(secret, 1)
fcntl.fcntl(plain[2], fcntl.F_DUPFD, 60)
try:
    os.unlink("below", dir_fd=plain[3])
except OSError:
    pass
fcntl.flock(plain[4], fcntl.LOCK_SH)
if os.fork() == 0:
    fcntl.flock(plain[5], fcntl.LOCK_SH)
    os.close(plain[5])
    again = os.open(name(11), os.O_RDONLY)
    fcntl.flock(again, fcntl.LOCK_SH)
    os.execv(sys.argv[2], ["later", "-c", f"import fcntl; fcntl.flock({plain[4]}, fcntl.LOCK_SH)"])
os.wait()
left, right = socket.socketpair()
socket.send_fds(left, [b"x"], [plain[4]])
_, received, _, _ = socket.recv_fds(right, 1, 1)
fcntl.flock(received[0], fcntl.LOCK_SH)
os.closerange(plain[0], 64)
reused = os.open(name(12), os.O_RDONLY)
fcntl.flock(reused, fcntl.LOCK_SH)
"""


def told(alerts: list[Alert], place: str) -> Counter[str]:
    """Return the alerts from below a directory, without times, as texts that can be compared."""
    return Counter(
        json.dumps([alert.rule, {name: value for name, value in alert.fields.items() if name not in _TIMES}])
        for alert in alerts
        if str(alert.fields.get("proc.cwd")).startswith(place)
    )


def differences(dropping: LiveSensor, whole: LiveSensor, place: str) -> list[str]:
    """Return the alerts that only one of two sensors has told of."""
    left, right = told(dropping.alerts, place), told(whole.alerts, place)
    return [f"dropping only: {text}" for text in left - right] + [f"whole only: {text}" for text in right - left]


def sensors(folder: Path, rules: list[Path], hosts: str = "") -> Iterator[LiveSensor]:
    """Yield a sensor whose probe drops what it can, and one whose probe drops nothing."""
    for name in ("true", "false"):
        own = folder / name
        own.mkdir()
        # What is lost because others are busy would be a difference, too.
        options = [f"engine.pushdown.enabled={name}", "engine.pushdown.sample=0"]
        options += ["engine.modern_ebpf.buf_size_preset=7", "base_syscalls.all=true"]
        yield LiveSensor(own, rules, options, hosts)


@needs_shared
def test_attacks_are_seen_alike(tmp_path: Path) -> None:
    """Alerts about everything that the rules look for are the same, field for field."""
    dropping, whole = sensors(tmp_path, list(rules_files()), HOSTS)
    with dropping, whole:
        play_all()
        play(LAST)
        assert wait_for_last(dropping)
        assert wait_for_last(whole)
    seen = told(whole.alerts, _PLACE)
    assert len(seen) > 80
    assert differences(dropping, whole, _PLACE) == []
    assert any("dropped in the kernel" in line for line in dropping.log)


def test_later_uses_are_seen_alike(tmp_path: Path) -> None:
    """What is done with a descriptor whose open nobody needed is told as if the open had been reported."""
    rules = tmp_path / "later.yaml"
    rules.write_text(LATER)
    place, program = tmp_path / "place", tmp_path / "later"
    place.mkdir()
    program.symlink_to(os.path.realpath(sys.executable))
    dropping, whole = sensors(tmp_path, [rules])
    with dropping, whole:
        subprocess.run([program, "-c", PROGRAM, place, program], cwd=place, check=True, timeout=60)
        for sensor in (dropping, whole):
            assert sensor.wait(lambda sensor=sensor: any("file12" in str(a.fields) for a in sensor.alerts), 10)  # type: ignore[misc]
    seen = told(whole.alerts, str(place))
    assert {json.loads(text)[0] for text in seen} == {line[8:] for line in LATER.splitlines() if line[:7] == "- rule:"}
    assert differences(dropping, whole, str(place)) == []
