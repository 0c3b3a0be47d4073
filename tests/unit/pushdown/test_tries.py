"""Tables of paths say what the patterns say, or more where texts are cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tercel.capture.ebpf.guards import PathTables, Trie
from tercel.pushdown import tries
from tercel.pushdown.needs import EXACT, GRAM, IN_DIRECTORY, PREFIX, PROGRAM, SUFFIX, Pattern
from tercel.pushdown.tries import path_tables
from tests.unit.pushdown.made import has

ANYWHERE, AT_END, IN_DIR, VETO = range(4)
texts = st.text("/ab", min_size=1, max_size=6).map(str.encode)
long_texts = st.tuples(texts, st.sampled_from((0, 1, 30, 60, 70, 200)), texts).map(
    lambda parts: parts[0] + b"/abc"[: parts[1]] * (parts[1] // 4) + parts[2]
)
patterns = st.one_of(
    st.builds(Pattern, st.sampled_from((EXACT, PREFIX, SUFFIX)), texts | long_texts),
    st.builds(Pattern, st.just(IN_DIRECTORY), (texts | long_texts).map(lambda text: text + b"/")),
    st.builds(Pattern, st.just(GRAM), st.text("/ab", min_size=4, max_size=4).map(str.encode)),
    st.builds(Pattern, st.just(PROGRAM), st.sampled_from((b"cat", b"ls"))),
)
masks = st.integers(1, 7)


def walked(trie: Trie, path: bytes, place: int) -> int:
    """Return the combos that a walk collects in one of the masks of every state that it passes."""
    state, found = 0, trie.masks[0][place]
    for byte in path:
        following = trie.edges[state].get(byte)
        if following is None:
            return found
        state = following
        found |= trie.masks[state][place]
    return found


def judged(tables: PathTables, path: bytes, program: bytes) -> int:
    """Return the combos for which a path is one that rules ask for: by the words of the contract, byte by byte."""
    found = walked(tables.forward, path, ANYWHERE) | walked(tables.backward, path[::-1], ANYWHERE)
    state: int | None = 0
    for place in range(len(path) + 1):
        assert state is not None
        if b"/" not in path[place:]:
            found |= tables.forward.masks[state][IN_DIR]
        if place == len(path):
            found |= tables.forward.masks[state][AT_END]
            break
        state = tables.forward.edges[state].get(path[place])
        if state is None:
            break
    for place in range(len(path) - 3):
        found |= tables.grams.get(path[place : place + 4], 0)
    found |= tables.comms.get(program, 0)
    veto = walked(tables.forward, path, VETO) | walked(tables.backward, path[::-1], VETO)
    return found & ~veto


def asked(wanted: dict[Pattern, int], path: bytes, program: bytes) -> int:
    """Return the combos for which one of the patterns counts."""
    found = 0
    for pattern, mask in wanted.items():
        if has(pattern, path, program):
            found |= mask
    return found


def paths_near(wanted: dict[Pattern, int]) -> list[bytes]:
    """Return paths that have the patterns, or nearly."""
    found: list[bytes] = []
    for _, text in wanted:
        found += [text, text[:-1], text + b"a", b"/" + text, text + b"/a", text[1:], b"b" + text + b"b"]
    return [path for path in found if path]


@settings(max_examples=300)
@given(st.dictionaries(patterns, masks, max_size=8), st.lists(texts, max_size=5), st.sampled_from((b"cat", b"sh")))
def test_tables_say_of_a_path_what_the_patterns_say(
    wanted: dict[Pattern, int], more: list[bytes], program: bytes
) -> None:
    """Exactly, as long as no text has to be cut."""
    tables = path_tables(wanted, {})
    assert tables is not None
    longest = max((len(text) for _, text in wanted), default=0)
    for path in paths_near(wanted) + more:
        expected = asked(wanted, path, program)
        got = judged(tables, path, program)
        assert expected & ~got == 0, (path, wanted)
        if longest <= 64:
            assert got == expected, (path, wanted)


@given(st.dictionaries(patterns, masks, max_size=5), st.dictionaries(texts, masks, max_size=3), st.lists(texts))
def test_what_is_ignored_is_taken_off(wanted: dict[Pattern, int], ignored: dict[bytes, int], more: list[bytes]) -> None:
    """A veto counts for every path that begins so, and for its combos alone."""
    tables = path_tables(wanted, ignored)
    plain = path_tables(wanted, {})
    assert tables is not None
    assert plain is not None
    for path in paths_near(wanted) + more + list(ignored):
        veto = 0
        for text, mask in ignored.items():
            veto |= mask if path.startswith(text) else 0
        assert judged(tables, path, b"cat") == judged(plain, path, b"cat") & ~veto


def test_a_long_veto_is_left_out_rather_than_cut() -> None:
    """Cut, it would take off what is asked for."""
    text = b"/" + b"a" * 80
    tables = path_tables({Pattern(PREFIX, b"/a"): 1}, {text: 1})
    assert tables is not None
    assert judged(tables, b"/" + b"a" * 70, b"") == 1


def test_no_state_has_the_root_below_it() -> None:
    """Each state is reached by one text."""
    wanted = {Pattern(kind, text): 1 for kind in (EXACT, PREFIX, SUFFIX) for text in (b"/a", b"/ab", b"/b", b"b/a")}
    tables = path_tables(wanted, {})
    assert tables is not None
    for trie in (tables.forward, tables.backward):
        below = sorted(child for edges in trie.edges for child in edges.values())
        assert below == list(range(1, len(trie.edges)))
        assert len(trie.masks) == len(trie.edges)


def test_many_patterns_are_cut_until_they_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """They say more then, and never less."""
    monkeypatch.setattr(tries, "MOST_STATES", 60)
    wanted = {
        Pattern(kind, b"/abcdefgh" + bytes([97 + number]) * 20): 1 << number
        for kind in (EXACT, PREFIX, SUFFIX, IN_DIRECTORY)
        for number in range(6)
    }
    tables = path_tables(wanted, {})
    assert tables is not None
    assert len(tables.forward.edges) + len(tables.backward.edges) <= 60
    for path in paths_near(wanted):
        assert asked(wanted, path, b"") & ~judged(tables, path, b"") == 0


def test_far_too_many_patterns_have_no_tables() -> None:
    """Then everything is reported for which rules ask at all."""
    numbers = range(tries.MOST_GRAMS + 1)
    assert path_tables({Pattern(GRAM, b"%04d" % number): 1 for number in numbers}, {}) is None
    assert path_tables({Pattern(GRAM, b"%04d" % number): 1 for number in numbers[1:]}, {}) is not None
    names = range(tries.MOST_COMMS + 1)
    assert path_tables({Pattern(PROGRAM, b"%04d" % number): 1 for number in names}, {}) is None
    wide = {
        Pattern(EXACT, bytes([97 + a, 97 + b, 97 + c, 97 + d])): 1
        for a in range(16)
        for b in range(16)
        for c in range(16)
        for d in range(16)
    }
    assert path_tables(wide, {}) is None
