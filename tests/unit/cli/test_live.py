from __future__ import annotations

import argparse

import pytest

from tercel.cli.live import add_live_options, usual_calls, watching
from tercel.cli.main import Parser
from tercel.sensor.control import Control


def parse(*words: str) -> argparse.Namespace:
    """Parse live options."""
    parser = Parser(prog="tercel record")
    add_live_options(parser)
    return parser.parse_args(words)


def test_the_usual_calls_are_those_with_an_event_of_their_own() -> None:
    """Not what happens at every switch of a processor, and nothing that is no call."""
    assert {"execve", "openat", "read", "connect", "clone3", "io_uring_enter"} <= usual_calls()
    assert not {"unknown", "getpid", "sched_switch", "page_fault_user"} & usual_calls()


def test_options_have_defaults() -> None:
    """Those of sysdig."""
    assert vars(parse()) == {"snaplen": 80, "all_calls": False}
    assert vars(parse("-s", "32768", "-A")) == {"snaplen": 32768, "all_calls": True}


@pytest.mark.parametrize("word", ["many", "-1", "32769"])
def test_a_length_beyond_what_the_probe_carries_is_refused(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As every wrong option."""
    with pytest.raises(SystemExit):
        parse("-s", word)
    assert "32768" in capsys.readouterr().err or word == "-1"


def test_a_signal_stops_the_watching() -> None:
    """Between two windows of events."""
    control = Control()
    watch = watching(parse(), control)
    assert not watch.stopped()
    control.stopped_by = "SIGINT"
    assert watch.stopped()
    assert watch.clock() > 1_700_000_000_000_000_000
