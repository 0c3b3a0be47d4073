"""Explanations as people read them."""

from __future__ import annotations

from tercel.rules.explain_text import explanation_text, overview_text, summary_text, verdicts_text
from tercel.rules.nearest import summarize
from tests.unit.filters.world import cat_closes
from tests.unit.rules.files import rule
from tests.unit.rules.told import EVERYTHING, RULES, events, explained, explainer

TREE = """\
  false   all of
  false     all of
  true        macro closed: macro closes: evt.type = close  evt.type is "close"
  true        macro reads: any of
  true          proc.name in (readers, more)                proc.name is "cat"
  (false)       proc.name in (nobody)                       proc.name is "cat"
  true        not fd.sport = 22                             fd.sport is <NA>; NOTE
  false       any of
> false         proc.pid > 10                               proc.pid is 10 (INT64)
> false         proc.pid < 5                                proc.pid is 10 (INT64)
  (true)    exception 'parent': not
  (false)     all of
  (true)        proc.name in (readers)                      proc.name is "cat"
  (false)       proc.args startswith /home                  proc.args is "/etc/passwd"
  (true)    exception 'single': not proc.name in (tail)     proc.name is "cat"
"""
NOTE = "nothing to compare: the check does not hold, and 'not' turns that round"


def test_every_part_has_a_line() -> None:
    """The answer, the part as it is written, the value; what decides is marked, what is not asked in parentheses."""
    text = explanation_text(explained(EVERYTHING, name="Everything"))
    assert text.startswith("Rule 'Everything' (0.yaml:12)\nevent 1: close (exit), ")
    assert TREE.replace("NOTE", NOTE) in text
    assert text.splitlines()[-1].startswith("The rule does not match: 'proc.pid > 10' does not hold")


def test_the_last_line_of_a_match_says_so() -> None:
    """Whoever looks for the verdict finds it in one place."""
    assert explanation_text(explained(rule("evt.type = close and fd.num < 0"))).endswith(": the rule matches")


def test_what_a_run_would_do_otherwise_is_said() -> None:
    """Another rule comes first, or the rule is switched off."""
    first = rule("evt.type = close", name="A")
    assert "reported by another rule only: 'A' comes before" in explanation_text(
        explained(first, rule("evt.type=close"))
    )
    assert "it would not be asked: 'A' comes before" in explanation_text(
        explained(first, rule("evt.type = close and fd.num = 9"))
    )
    assert "switched off" in explanation_text(explained(rule("evt.type = close", more="enabled: false")))


def test_a_rule_that_is_not_asked_has_no_tree() -> None:
    """Only the reason."""
    lines = explanation_text(explained(rule("evt.type = open"))).splitlines()
    assert lines[-1] == "The rule is not about close: it is about open"
    assert len(lines) == 4


def test_parts_that_were_shown_are_not_shown_again() -> None:
    """Their answer is."""
    text = "- macro: either\n  condition: (proc.pid = 1 or proc.pid = 10)\n"
    shown = explanation_text(explained(text + rule("evt.type = close and either and (either or fd.num = 1)")))
    assert shown.count("proc.pid = 1 ") == 1
    assert "macro either: or (as above)" in shown


def test_control_characters_are_visible() -> None:
    """A file's name must not clear the terminal that shows it."""
    ctx = cat_closes()
    assert ctx.thread is not None
    ctx.thread.comm = "\x1b[2J"
    text = explanation_text(explained(rule("evt.type = close and proc.name = x"), ctx=ctx))
    assert "\x1b" not in text
    assert '"\\x1b[2J"' in text


def test_one_event_gives_a_verdict_per_rule() -> None:
    """With what decided, or with the rule that comes first."""
    found = explainer(
        rule("evt.type = close", name="A"), rule("evt.type = close"), rule("evt.type = close and fd.num = 1", name="C")
    )
    ctx = cat_closes()
    verdicts = [found.explain(candidate, ctx) for candidate in found.candidates(ctx)]
    lines = verdicts_text(found.facts(ctx), verdicts, 3).splitlines()
    assert lines[1:] == [
        "3 rules are about its type, of 3:",
        "",
        "matches  A",
        "matches  R",
        "         reported only with rule_matching: all, since 'A' comes first",
        "no       C",
        "         'fd.num = 1' does not hold (fd.num is -1 (INT64))",
    ]


def test_a_summary_counts_and_explains_one_event() -> None:
    """The first that matched, else the closest."""
    found = explainer(RULES)
    text = summary_text(summarize(found, found.rules[:1], events())[0])
    assert text.startswith(
        "Rule 'Program started' (0.yaml:4), about execve, execveat\nasked about 2 events, matched 1\n"
    )
    assert "            1  macro started: evt.dir = <\n" in text
    assert "\nThe first event that matched:\nevent 6: execve (exit), " in text
    assert text.endswith("All 3 parts of the condition hold: the rule matches")
    other = explainer(rule("evt.type = openat and fd.name = /nope and fd.num = 9"))
    text = summary_text(summarize(other, other.rules, events())[0])
    assert "\nThe closest event (2 of 3 parts failed):\nevent 7: openat (entry), " in text


def test_an_overview_has_a_line_per_rule() -> None:
    """And one for what is worth knowing."""
    found = explainer(
        RULES, rule("evt.type = openat and fd.name = /nope", name="Never"), rule("evt.type = reboot", name="None")
    )
    lines = overview_text(summarize(found, found.rules, events())).splitlines()
    assert lines[1].split() == ["2", "1", "Program", "started"]
    assert lines[2].strip() == "first matched event 6"
    assert lines[-3].split() == ["2", "0", "Never"]
    assert "closest was event" in lines[-2]
    assert lines[-1].split() == ["0", "0", "None"]
