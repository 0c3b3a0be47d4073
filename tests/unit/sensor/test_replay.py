from __future__ import annotations

from pathlib import Path

import pytest

from tercel.api import Capture
from tercel.capture.savefile.blocks import MARKED
from tercel.capture.source import CaptureError
from tercel.fields.registry import Registry
from tercel.rules.loader import RuleLoader, RulesFile
from tercel.sensor.replay import Followed, Replay
from tercel.state.machine import Machine
from tests.unit import samples
from tests.unit.capture.build import OPEN_X, CaptureBuilder, open_exit


class Played:
    """A replay of the small rules, and what matched."""

    def __init__(self, *, goes_on: bool = True) -> None:
        loader = RuleLoader({"syscall": Registry.syscall()})
        loader.load(RulesFile("small.yaml", samples.RULES))
        self.matches: list[tuple[int, str]] = []
        self.asked: list[Followed] = []
        self.goes_on = goes_on
        self.replay = Replay(
            Machine(),
            loader.ruleset(),
            lambda rule, ctx: self.matches.append((ctx.event.num, rule.name)),
            self.between,
        )

    def between(self, capture: Followed) -> bool:
        self.asked.append(capture)
        return self.goes_on


def test_matches_come_in_the_order_of_the_events(tmp_path: Path) -> None:
    """Several captures are replayed one after the other."""
    played = Played()
    path = samples.capture(tmp_path)
    assert played.replay.run(path)
    assert played.replay.run(path)
    assert played.matches == [(1, "Opened"), (2, "Failed")] * 2
    assert played.replay.events == 4
    assert [source.events for source in played.replay.sources] == [2, 2]


def test_a_cut_capture_is_processed_up_to_the_cut(tmp_path: Path) -> None:
    """Then the error comes."""
    played = Played()
    with pytest.raises(CaptureError):
        played.replay.run(samples.capture(tmp_path, samples.builder().bytes()[:-5]))
    assert played.matches == [(1, "Opened")]


def test_a_replay_can_be_ended_between_batches(tmp_path: Path) -> None:
    """Whoever is asked there says so."""
    played = Played(goes_on=False)
    assert not played.replay.run(samples.capture(tmp_path))
    assert len(played.asked) == 1


def test_an_open_capture_is_followed(tmp_path: Path) -> None:
    """Whoever opened it closes it: the machine is watched the same way."""
    machine = Machine()
    played = Played()
    with Capture(samples.capture(tmp_path), machine) as capture:
        assert played.replay.follow(capture)
        assert played.asked[0] is capture
    assert [name for _, name in played.matches] == ["Opened", "Failed"]
    assert played.replay.sources == [capture.stats]


def test_following_ends_when_whoever_is_asked_says_so(tmp_path: Path) -> None:
    """There is no other end while the machine is watched."""
    played = Played(goes_on=False)
    with Capture(samples.capture(tmp_path), Machine()) as capture:
        assert not played.replay.follow(capture)


def test_later_events_are_judged_by_the_rules_that_follow(tmp_path: Path) -> None:
    """The time that is named is that of the last event for the rules in force."""
    path = samples.capture(tmp_path)
    with Capture(path, Machine()) as capture:
        times = [ctx.event.ts for ctx in capture.contexts()]
    loader = RuleLoader({"syscall": Registry.syscall()})
    loader.load(RulesFile("other.yaml", samples.RULES.replace("Failed", "Failed later")))
    for after, expected in ((times[0], "Failed later"), (times[1], "Failed")):
        played = Played()
        played.replay.use(loader.ruleset(), after)
        assert played.replay.run(path)
        assert [name for _, name in played.matches] == ["Opened", expected]


def test_a_match_of_a_marked_event_is_told(tmp_path: Path) -> None:
    """It is an alert like others besides."""
    loader = RuleLoader({"syscall": Registry.syscall()})
    loader.load(RulesFile("small.yaml", samples.RULES))
    made = CaptureBuilder().section().machine().users().threads([42])
    made.event(OPEN_X, open_exit(3, b"/etc/passwd")).event(OPEN_X, open_exit(-2, b"/nope"), flags=MARKED)
    matches: list[str] = []
    unexpected: list[str] = []
    replay = Replay(
        Machine(),
        loader.ruleset(),
        lambda rule, _: matches.append(rule.name),
        lambda _: True,
        on_marked=lambda rule, _: unexpected.append(rule.name),
    )
    replay.run(samples.capture(tmp_path, made.bytes()))
    assert matches == ["Opened", "Failed"]
    assert unexpected == ["Failed"]
