"""Counting what rules ask."""

from __future__ import annotations

from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from tercel.rules.profile import PartCount, Profile, Stopwatch
from tests.unit.rules.files import rule
from tests.unit.rules.told import RULES, events, explainer


class Clock:
    """Goes on by one more at each reading: reading it costs 1, and later checks seem to take longer."""

    def __init__(self) -> None:
        self.now = 0
        self.step = count(1)

    def __call__(self) -> int:
        self.now += next(self.step)
        return self.now


def profiled(*texts: str, every: int = 1) -> Profile:
    """Return the profile of rules over the events of the story."""
    profile = Profile(explainer(*texts), Clock(), every)
    profile.run(events())
    return profile


def counts(part: PartCount) -> tuple[int, int, int]:
    """Return how often a part was asked, held and ended the evaluation."""
    return part.evaluated, part.held, part.ruled_out


def test_parts_are_counted_in_the_order_in_which_they_are_asked() -> None:
    """The first that does not hold rules the event out; those behind it are not asked."""
    (found,) = profiled(rule("evt.type in (openat, close, read) and evt.dir = < and fd.num = 3")).rules
    assert [counts(part) for part in found.parts] == [(7, 7, 0), (7, 3, 4), (3, 2, 1)]
    assert (found.evaluated, found.matched) == (7, 2)


def test_alternatives_are_counted_up_to_the_first_that_holds() -> None:
    """They rule nothing out by themselves."""
    (found,) = profiled(rule("evt.type = close and (evt.dir = > or not fd.num = 4)")).rules
    either = found.parts[1]
    assert counts(either) == (3, 2, 1)
    assert [(part.evaluated, part.held) for part in either.children] == [(3, 2), (1, 0)]
    assert [(part.evaluated, part.held) for part in either.children[1].children] == [(1, 1)]


def test_what_the_first_match_hides_is_counted() -> None:
    """A rule behind another one that matches the same event."""
    profile = profiled(rule("evt.type = openat", name="A"), rule("evt.type in (openat, close)", name="B"))
    first, second = profile.rules
    assert (first.matched, first.shadowed) == (2, 0)
    assert (second.matched, second.shadowed) == (5, 2)


def test_rules_that_are_switched_off_are_left_out() -> None:
    """A run does not ask them."""
    assert [found.rule.name for found in profiled(RULES, rule(more="enabled: false")).rules][-1] == "Every event"


def test_only_a_sample_is_timed() -> None:
    """Counts are the same whatever the sample."""
    whole, some = profiled(RULES), profiled(RULES, every=4)
    assert (whole.sampled, some.sampled) == (whole.asked, (whole.asked + 3) // 4)
    assert whole.nanoseconds > some.nanoseconds > 0
    assert [found.matched for found in whole.rules] == [found.matched for found in some.rules]
    assert whole.nanoseconds == sum(found.nanoseconds for found in whole.rules)


def test_the_cost_of_the_clock_is_left_out() -> None:
    """A check that takes no time has none."""
    assert Stopwatch(Clock()).cost == 2
    steady = count(0, 5)
    profile = Profile(explainer(RULES), lambda: next(steady), 1)
    profile.run(events())
    assert profile.nanoseconds == 0


PARTS = [
    "evt.dir = <",
    "fd.num = 3",
    "(proc.name = cat or fd.num = 4)",
    "not fd.name startswith /etc",
    "evt.res exists",
]


@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=4))
def test_a_profile_agrees_with_the_evaluator(parts: list[str]) -> None:
    """Matches are those of the compiled condition, and every other event is ruled out by one part."""
    texts = rule(" and ".join(["evt.type in (openat, close, read, connect)", *parts]))
    profile = profiled(texts)
    (found,) = profile.rules
    chosen = explainer(texts).rules[0]
    assert found.matched == sum(chosen.filter.matches(ctx) for ctx in events())
    assert found.evaluated - found.matched == sum(part.ruled_out for part in found.parts)
    for before, after in zip(found.parts, found.parts[1:], strict=False):
        assert after.evaluated == before.held
