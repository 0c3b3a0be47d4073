"""The algebra of needs: what two conditions let pass together, each of them lets pass."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tercel.pushdown.needs import (
    EXACT,
    GRAM,
    IN_DIRECTORY,
    NEVER,
    PREFIX,
    PROGRAM,
    SUFFIX,
    Need,
    Pattern,
    both,
    either,
    on_paths,
    whatever,
)
from tests.unit.pushdown.made import admits

PATHS = (b"/etc/shadow", b"/etc/passwd", b"/etc/a/b", b"/shadow", b"/usr/lib/x")
PATTERNS = (
    Pattern(EXACT, b"/etc/shadow"),
    Pattern(EXACT, b"/shadow"),
    Pattern(IN_DIRECTORY, b"/etc/"),
    Pattern(PREFIX, b"/etc"),
    Pattern(PREFIX, b"/usr/lib"),
    Pattern(SUFFIX, b"/shadow"),
    Pattern(SUFFIX, b"b"),
    Pattern(GRAM, b"/etc"),
    Pattern(GRAM, b"shad"),
    Pattern(PROGRAM, b"cat"),
    Pattern(PROGRAM, b"ls"),
)
COMBOS = range(4)
masks = st.integers(0, 15)
needs = st.builds(
    lambda always, patterns: Need(always, {pattern: mask for pattern, mask in patterns.items() if mask}),
    masks,
    st.dictionaries(st.sampled_from(PATTERNS), masks, max_size=4),
)
calls = [(number, path) for number in COMBOS for path in PATHS]


def admitted(need: Need) -> set[tuple[int, bytes]]:
    """Return the calls, of all that there are here, that a need lets pass."""
    return {(number, path) for number, path in calls if admits(need, number, path)}


@given(needs, needs)
def test_what_both_conditions_hold_for_passes(first: Need, second: Need) -> None:
    """Where both hold, each need admits the call: so that of both has to."""
    assert admitted(first) & admitted(second) <= admitted(both(first, second))


@given(needs, needs)
def test_both_let_no_more_pass_than_one_of_them(first: Need, second: Need) -> None:
    """For each combo it is one of the two."""
    made = admitted(both(first, second))
    for number in COMBOS:
        here = {call for call in made if call[0] == number}
        assert here <= admitted(first) or here <= admitted(second)


@given(st.lists(needs, max_size=5))
def test_what_one_of_several_conditions_holds_for_passes_and_nothing_else(several: list[Need]) -> None:
    """Nothing is lost, and nothing added."""
    assert admitted(either(several)) == set().union(*map(admitted, several))


@given(needs, masks)
def test_a_limited_need_lets_the_same_pass_for_some_combos(need: Need, mask: int) -> None:
    """And nothing for the others."""
    assert admitted(need.limited(mask)) == {call for call in admitted(need) if mask >> call[0] & 1}


@given(needs)
def test_the_live_combos_are_those_for_which_something_may_pass(need: Need) -> None:
    """The probe reads no path for the others."""
    assert all(need.live >> number & 1 for number, _ in admitted(need))
    assert need.is_never == (need.live == 0)
    assert need.live == need.always | sum_of(need)


def sum_of(need: Need) -> int:
    """Return the combos of all patterns."""
    found = 0
    for mask in need.patterns.values():
        found |= mask
    return found


@given(needs, needs)
def test_needs_are_not_changed(first: Need, second: Need) -> None:
    """Many conditions share them."""
    before = (first.always, dict(first.patterns), second.always, dict(second.patterns))
    both(first, second)
    either([first, second])
    first.limited(5)
    assert before == (first.always, first.patterns, second.always, second.patterns)


def test_the_longer_text_is_asked_for() -> None:
    """It rules out more."""
    long, short = on_paths([PATTERNS[0]], 3), on_paths([Pattern(PREFIX, b"/e")], 3)
    assert both(long, short).patterns == both(short, long).patterns == {PATTERNS[0]: 3}


def test_paths_are_asked_for_rather_than_programs() -> None:
    """A program of which rules speak may open anything."""
    program, path = on_paths([Pattern(PROGRAM, b"containerd-shim")], 3), on_paths([Pattern(GRAM, b"shad")], 3)
    assert both(program, path).patterns == both(path, program).patterns == {Pattern(GRAM, b"shad"): 3}


def test_nothing_and_everything() -> None:
    """They are neutral, or swallow the other."""
    some = on_paths([PATTERNS[0]], 3)
    assert both(some, whatever(15)) is some
    assert both(NEVER, some).is_never
    assert either([NEVER, some]) is some
    assert either([]).is_never
    assert whatever(0).is_never
    assert on_paths([PATTERNS[0]], 0).is_never
    assert on_paths([], 3).is_never


def test_patterns_in_words() -> None:
    """People read them in the plan."""
    words = [Pattern(kind, b"/etc/").words() for kind in (EXACT, IN_DIRECTORY, PREFIX, SUFFIX, GRAM, PROGRAM)]
    assert words == [
        "is /etc/", "is in /etc", "begins with /etc/", "ends with /etc/", "contains /etc/", "is opened by /etc/",
    ]  # fmt: skip
    assert Pattern(IN_DIRECTORY, b"/").words() == "is in /"
    assert Pattern(EXACT, b"/\xff").words() == "is /\\xff"
