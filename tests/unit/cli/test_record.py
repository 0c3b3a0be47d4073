from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tercel.api import Capture
from tercel.capture.savefile.reader import SavefileReader
from tercel.cli import record
from tercel.cli.main import Parser
from tests.unit import samples
from tests.unit.trace.playing import refusing, watching


def run(*words: str) -> int:
    """Run the command."""
    parser = Parser(prog="tercel record", allow_abbrev=False)
    record.configure(parser)
    return record.run(parser.parse_args(words))


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have a capture play instead of this machine, and return where to record it."""
    source = samples.capture(tmp_path)
    monkeypatch.setattr(record, "watching", lambda *_: watching(source))
    return tmp_path / "out.scap"


def test_a_recording_says_when_it_has_begun_and_what_came_of_it(
    played: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error: standard output may be the capture."""
    assert run("-w", str(played)) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"recording to {played}\n2 events written, 0 lost, to 1 file\n"


def test_words_behind_the_options_are_the_filter(played: Path) -> None:
    """Quoted or not."""
    assert run("-w", str(played), "-z", "evt.rawres", "<", "0") == 0
    assert played.read_bytes().startswith(b"\x1f\x8b")
    with closing(SavefileReader(str(played))) as reader:
        assert [event.flags for event in reader.next_batch()] == [1, 0]


def test_options_arrive_where_they_work(played: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files by number of events, in the form of old, of which only the last is kept."""
    assert run("-w", str(played), "-e", "1", "-W", "1", "--compat", "0.29") == 0
    assert capsys.readouterr().err.endswith("2 events written, 0 lost, to 2 files\n")
    with Capture(f"{played}0") as capture:
        assert [event.direction + event.type for event in capture] == [">open", "<open"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-w", "-", "-C", "1"], "standard output is one file"),
        (["-w", "x", "-W", "3"], "say with -C, -G or -e"),
        (["-w", "x", "evt.nothing=1"], "evt.nothing"),
        (["-w", "/nowhere/at/all"], "/nowhere/at/all"),
    ],
)
def test_a_mistake_is_one_message_and_status_1(
    played: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error."""
    assert run(*words) == 1
    err = capsys.readouterr().err
    assert err.startswith("Error: ")
    assert message in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "message"), [(["-w", "x", "-C", "0"], "above 0"), (["-w", "x", "--compat", "1"], "0.29"), ([], "-w")]
)
def test_a_wrong_option_is_refused(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With what is expected."""
    with pytest.raises(SystemExit) as ended:
        run(*words)
    assert ended.value.code == 1
    assert message in capsys.readouterr().err


def test_a_machine_that_cannot_be_watched_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No summary of a recording that never was."""
    monkeypatch.setattr(record, "watching", lambda *_: refusing())
    assert run("-w", str(tmp_path / "out.scap")) == 1
    assert capsys.readouterr().err == "Error: live capture needs CAP_BPF and CAP_PERFMON\n"
    assert list(tmp_path.iterdir()) == []
