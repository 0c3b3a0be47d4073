"""Loading rules and reading a capture for `tercel rules`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tercel.cli.rules_support import CommandError, Reading, load, rule_named, show, with_capture
from tests.unit import samples
from tests.unit.rules.files import rule


def test_rules_are_loaded_in_order(tmp_path: Path) -> None:
    """Without any the rules that ship."""
    assert [found.name for found in load([samples.rules(tmp_path)]).rules] == ["Opened", "Failed"]
    assert len(load([]).rules) >= 25


def test_rules_with_mistakes_are_not_explained(tmp_path: Path) -> None:
    """The mistakes are shown as the check shows them."""
    path = samples.rules(tmp_path, rule("proc.nam = x"))
    with pytest.raises(CommandError) as error:
        load([path])
    lines = str(error.value).splitlines()
    assert lines[0] == "the rules cannot be loaded"
    assert lines[1].startswith(f"{path}:3:14: error: ")
    assert lines[-1] == "1 file: 1 error, 0 warnings"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("opened", "there is no rule 'opened'; did you mean 'Opened'?"),
        ("e", "there is no rule 'e'; did you mean 'Opened' or 'Failed'?"),
        ("Openned", "there is no rule 'Openned'; did you mean 'Opened'?"),
        ("Xyz", "there is no rule 'Xyz'"),
    ],
)
def test_an_unknown_rule_has_near_ones(name: str, message: str, tmp_path: Path) -> None:
    """Part of a name is enough to find it."""
    loader = load([samples.rules(tmp_path)])
    assert rule_named(loader, "Opened").name == "Opened"
    with pytest.raises(CommandError) as error:
        rule_named(loader, name)
    assert str(error.value) == message


def test_a_rule_that_was_left_out_is_not_unknown(tmp_path: Path) -> None:
    """Its event source is not there."""
    loader = load([samples.rules(tmp_path, rule(more="source: k8s_audit"))])
    with pytest.raises(CommandError, match="rule 'R' was left out when its file was loaded"):
        rule_named(loader, "R")


def test_a_capture_that_breaks_off_is_used_as_far_as_it_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The work is done, then the trouble is told."""
    path = samples.capture(tmp_path, samples.builder().bytes()[:-20])
    seen: list[int] = []

    def work(reading: Reading) -> None:
        seen.extend(ctx.event.num for ctx in reading.contexts())

    with pytest.raises(CommandError, match=r"small\.scap, offset \d+: "):
        with_capture(path, load([]), work)
    assert seen == [1]


def test_a_capture_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """Before any work."""
    with pytest.raises(CommandError, match="No such file or directory"):
        with_capture(str(tmp_path / "none.scap"), load([]), lambda _: None)


def read_all(reading: Reading) -> None:
    """Read a capture to its end."""
    assert list(reading.contexts())


def test_what_was_passed_over_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error: it belongs to no result."""
    made = samples.builder().event(4000, [])
    with_capture(samples.capture(tmp_path, made.bytes()), load([]), read_all)
    assert capsys.readouterr().err == "1 events of unknown types were passed over\n"


def test_a_result_has_two_forms(capsys: pytest.CaptureFixture[str]) -> None:
    """Text, or one line of JSON."""
    show("text", {"b": 1, "a": "\udcff"}, as_json=False)
    show("text", {"b": 1, "a": "\udcff"}, as_json=True)
    assert capsys.readouterr().out == 'text\n{"a":"\ufffd","b":1}\n'
