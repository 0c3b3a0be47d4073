from __future__ import annotations

from pathlib import Path

import pytest

from tercel.outputs.file import FileChannel
from tests.unit.outputs.helpers import alert


@pytest.mark.parametrize("keep_alive", [False, True])
def test_lines_are_appended_to_what_is_there(tmp_path: Path, keep_alive: bool) -> None:
    """The file is never truncated."""
    path = tmp_path / "events.txt"
    path.write_text("before\n")
    channel = FileChannel(str(path), keep_alive=keep_alive)
    channel.open()
    channel.send([alert("one"), alert("two")])
    channel.send([alert("three")])
    channel.close()
    assert path.read_text() == "before\none\ntwo\nthree\n"


def test_reopening_follows_the_name(tmp_path: Path) -> None:
    """After rotation the next alert goes to a new file of the old name."""
    path = tmp_path / "events.txt"
    channel = FileChannel(str(path), keep_alive=True)
    channel.send([alert("one")])
    path.rename(tmp_path / "events.1")
    channel.reopen()
    channel.send([alert("two")])
    channel.close()
    assert path.read_text() == "two\n"


def test_a_file_that_cannot_be_opened_raises_oserror(tmp_path: Path) -> None:
    """The queue reports it."""
    with pytest.raises(OSError, match="No such file"):
        FileChannel(str(tmp_path / "no" / "such")).send([alert("x")])
