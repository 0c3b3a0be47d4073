"""Profiles as text and as JSON."""

from __future__ import annotations

import json

import pytest

from tercel.rules.profile_report import REMARK, SORTS, chosen, profile_json, profile_text
from tests.unit.rules.files import rule
from tests.unit.rules.test_profile import profiled
from tests.unit.rules.told import RULES

RULE = """\
- list: ours
  items: [cat, sh]
- macro: closes
  condition: evt.type = close
- rule: R
  desc: d
  condition: closes and (evt.dir = > or proc.name in (ours)) and not fd.num = 4 and fd.num = 99 and fd.num = 98
  output: x
  priority: INFO
"""
TABLE = """\
        3          0          3  R (0.yaml:5)
        3          3          0    macro closes: evt.type = close
        3          3          0    any of
        3          2                 evt.dir = >
        1          1                 proc.name in (ours)
        3          1          2    not fd.num = 4
        1          0          1    fd.num = 99
                                 1 part never asked
"""


def test_the_text_has_a_line_for_each_part_that_was_asked() -> None:
    """How often, how often it held, how many events it ruled out; the share of the time in front."""
    text = profile_text(profiled(RULE), "order", 0)
    assert REMARK in text
    assert "".join(f"{line[8:]}\n" for line in text.splitlines()[6:]) == TABLE
    assert all(line[:7].strip().endswith("%") for line in text.splitlines()[6:-1])


def test_rules_can_be_sorted_and_cut() -> None:
    """What is left out is said."""
    profile = profiled(RULES)
    assert [found.rule.name for found in chosen(profile, "order", 0)] == [found.rule.name for found in profile.rules]
    assert [found.rule.name for found in chosen(profile, "matched", 1)] == ["Every event"]
    assert "3 more rules; --top 0 shows all" in profile_text(profile, "matched", 1)
    assert "more rules" not in profile_text(profile, "matched", 4)


@pytest.mark.parametrize("sort", sorted(set(SORTS) - {"order"}))
def test_the_largest_comes_first(sort: str) -> None:
    """Whatever is sorted by."""
    values = [SORTS[sort](found) for found in chosen(profiled(RULES), sort, 0)]
    assert values == sorted(values, reverse=True)


def test_the_form_for_programs_has_these_keys() -> None:
    """They stay as they are."""
    value = profile_json(profiled(RULE), "time", 0)
    json.dumps(value)
    assert list(value) == [
        "method", "events", "asked", "sampled", "sample_every", "evaluations", "matched", "time_ns", "rules",
    ]  # fmt: skip
    rules = value["rules"]
    assert isinstance(rules, list)
    (found,) = rules
    assert list(found) == [
        "rule", "place", "evaluated", "matched", "shadowed", "sampled", "time_ns", "share", "parts",
    ]  # fmt: skip
    assert found["share"] == 1.0
    either = found["parts"][1]
    assert list(either) == [
        "kind", "text", "macros", "lists", "exception", "evaluated", "held", "time_ns", "share", "parts", "ruled_out",
    ]  # fmt: skip
    assert either["parts"][1] | {"time_ns": 0, "share": 0} == {
        "kind": "check",
        "text": "proc.name in (cat, sh)",
        "macros": [],
        "lists": ["ours"],
        "exception": "",
        "evaluated": 1,
        "held": 1,
        "time_ns": 0,
        "share": 0,
        "parts": [],
    }


def test_rules_that_shadow_others_show_in_the_others_lines() -> None:
    """A rule that never comes first is worth a look."""
    text = profile_text(profiled(rule("evt.type = close", name="A"), rule("evt.type = close", name="B")), "order", 0)
    assert "B (1.yaml:1, shadowed 3 times by earlier rules)" in text


def test_a_capture_without_events_has_shares_of_nothing() -> None:
    """No division by zero."""
    text = profile_text(profiled(rule("evt.type = reboot")), "time", 0)
    assert "0.0%          0          0          0  R" in text
