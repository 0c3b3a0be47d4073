from __future__ import annotations

from pathlib import Path

import pytest

from tercel.cli import trace as command
from tercel.cli.main import main
from tests.unit import samples
from tests.unit.trace.playing import refusing, watching


def test_words_behind_the_options_are_the_filter(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Quoted or not."""
    path = samples.capture(tmp_path)
    for words in (["evt.rawres < 0"], ["evt.rawres", "<", "0"]):
        assert main(["trace", "-r", path, "-p", "%evt.num %proc.name", *words]) == 0
        assert capsys.readouterr().out == "2 sh\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["evt.nothing=1"], "evt.nothing"),
        (["-p", "%nothing"], "nothing"),
        (["-w", "/nowhere/at/all"], "/nowhere/at/all"),
    ],
)
def test_a_mistake_is_one_message_and_status_1(
    tmp_path: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error."""
    assert main(["trace", "-r", samples.capture(tmp_path), *words]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Error: ")
    assert message in err


def test_a_file_that_is_missing_or_no_capture_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the reason."""
    assert main(["trace", "-r", "/nowhere.scap"]) == 1
    assert "/nowhere.scap" in capsys.readouterr().err
    assert main(["trace", "-r", samples.capture(tmp_path, b"hello, this is no capture")]) == 1
    assert "not a capture" in capsys.readouterr().err


def test_without_a_file_this_machine_is_watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Until somebody stops it; where that cannot be, the reason is given."""
    source = samples.capture(tmp_path)
    monkeypatch.setattr(command, "watching", lambda *_: watching(source))
    assert main(["trace", "-p", "%evt.num %proc.name", "evt.rawres<0"]) == 0
    assert capsys.readouterr() == ("2 sh\n", "")
    monkeypatch.setattr(command, "watching", lambda *_: refusing())
    assert main(["trace"]) == 1
    assert capsys.readouterr() == ("", "Error: live capture needs CAP_BPF and CAP_PERFMON\n")


def test_verbose_ends_with_how_much_was_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error."""
    assert main(["trace", "-v", "-q", "-r", samples.capture(tmp_path)]) == 0
    assert capsys.readouterr().err == "Captured events: 2, printed or written: 2\n"


def test_a_wrong_number_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """As every wrong option."""
    with pytest.raises(SystemExit) as ended:
        main(["trace", "-n", "many"])
    assert ended.value.code == 1
    assert "'many' is not a number" in capsys.readouterr().err
