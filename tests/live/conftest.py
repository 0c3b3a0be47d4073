"""What the live tests share: the sensor's recorder around a program, and the programs that it watches."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.live import calls

Record = Callable[[list[str], str], "subprocess.CompletedProcess[bytes]"]

TYPE_INFORMATION: Final = "/sys/kernel/btf/vmlinux"
_TERCEL: Final = (sys.executable, "-m", "tercel")
# Machines that are emulated take their time.
_PATIENCE: Final = int(os.environ.get("TERCEL_PATIENCE", "1"))
_STOP_SECONDS: Final = 15 * _PATIENCE
_PROGRAM_SECONDS: Final = 15 * _PATIENCE


@cache
def obstacle() -> str:
    """Return why nothing can be recorded here; an empty text when it can."""
    if os.geteuid() != 0:
        return "watching the machine needs root"
    if not os.path.exists(TYPE_INFORMATION):
        return f"the kernel has no type information ({TYPE_INFORMATION})"
    help_text = subprocess.run([*_TERCEL, "record", "--help"], capture_output=True, text=True, check=False)
    return "" if help_text.returncode == 0 else "this tercel has no record command"


def _wait_until_recording(recorder: subprocess.Popen[str], path: str) -> None:
    said: list[str] = []
    assert recorder.stderr is not None
    for line in recorder.stderr:
        if line.strip() == f"recording to {path}":
            return
        said.append(line)
    pytest.fail(f"tercel record did not begin; it said: {''.join(said) or 'nothing'}")


def _stop(recorder: subprocess.Popen[str]) -> str:
    recorder.send_signal(signal.SIGINT)
    try:
        said = recorder.communicate(timeout=_STOP_SECONDS)[1]
    except subprocess.TimeoutExpired:
        recorder.kill()
        recorder.communicate()
        pytest.fail(f"tercel record did not end within {_STOP_SECONDS} s of SIGINT")
    return said


def record_program(command: list[str], path: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command while `tercel record` writes what happens to `path`; return its status and output."""
    arguments = [*_TERCEL, "record", "-A", "-w", path]
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as recorder:
        try:
            _wait_until_recording(recorder, path)
            run = subprocess.run(command, stdout=subprocess.PIPE, timeout=_PROGRAM_SECONDS, check=False)
        finally:
            said = _stop(recorder) if recorder.poll() is None else ""
    assert recorder.returncode == 0, f"tercel record ended with status {recorder.returncode}: {said}"
    return run


@pytest.fixture(scope="session")
def record() -> Record:
    """Return `record(command, path)`; skips where the machine cannot be watched."""
    reason = obstacle()
    if reason:
        pytest.skip(reason)
    return record_program


@pytest.fixture(scope="session")
def live_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that every user may enter: cases become other users."""
    folder = tmp_path_factory.mktemp("live")
    for above in (folder, folder.parent):
        above.chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def program(live_folder: Path) -> str:
    """Return the path of the built program whose cases make the calls."""
    if os.geteuid() != 0:
        pytest.skip("the cases make calls that only root may make")
    if shutil.which("gcc") is None:
        pytest.skip("building the program needs gcc")
    return calls.build(str(live_folder))


@pytest.fixture(scope="session")
def small_program(program: str, live_folder: Path) -> str:
    """Return the path of the built 32-bit program."""
    try:
        return calls.build_small(str(live_folder))
    except calls.BuildError as error:
        pytest.skip(f"gcc builds no 32-bit programs here: {error}")


@pytest.fixture(scope="session")
def new_folder(live_folder: Path) -> Callable[[str], str]:
    """Return what makes an empty working directory of a name."""

    def make(name: str) -> str:
        folder = live_folder / name
        folder.mkdir()
        folder.chmod(0o755)
        return str(folder)

    return make
