from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tercel
from tercel.cli.main import COMMANDS, main
from tests.unit import samples


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """Without any word it is printed too, with status 1."""
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert all(f"  {name}" in text for name in COMMANDS)
    assert main([]) == 1
    assert capsys.readouterr().out == text


def test_the_version_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """`tercel version` says more."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"tercel {tercel.__version__}\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [(["dance"], "there is no command 'dance'"), (["run", "--dance"], "--dance"), (["--dance"], "--dance")],
)
def test_what_there_is_not_ends_with_status_1(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says where help is."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 1
    text = capsys.readouterr().err
    assert message in text
    assert "--help" in text


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It starts with how the command is used."""
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: tercel {name}")


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    """`tercel trace ... | head -1` ends quietly."""
    words = [sys.executable, "-m", "tercel", "trace", "-r", samples.capture(tmp_path)]
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(words, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_are_no_trouble(tmp_path: Path, closed: str) -> None:
    """No file takes their place."""
    words = f"exec {sys.executable} -m tercel trace -r {samples.capture(tmp_path)} {closed}"
    assert subprocess.run(["/bin/sh", "-c", words], check=False, capture_output=True).returncode == 0


def test_a_full_device_is_one_message(tmp_path: Path) -> None:
    """With status 1."""
    words = [sys.executable, "-m", "tercel", "trace", "-r", samples.capture(tmp_path)]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert done.stderr == b"Error: cannot write to standard output: No space left on device\n"


@pytest.mark.parametrize(("columns", "longest"), [("60", 58), ("100", 98), ("none", 78), ("0", 78)])
def test_help_fits_the_terminal(
    columns: str, longest: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Eighty columns where there is no terminal and nothing says otherwise."""
    monkeypatch.setenv("COLUMNS", columns)
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    descriptions = [line for line in capsys.readouterr().out.splitlines() if line.startswith(" " * 24)]
    assert longest - 12 < max(map(len, descriptions)) <= longest
