from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.filters.regex import Regex, RegexError


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("", "", True),
        ("abc", "abc", True),
        ("abc", "abcd", False),
        ("a|bc", "bc", True),
        ("(a|b)*c", "ababc", True),
        ("a{2,3}", "aaaa", False),
        ("a{2,}", "aaaa", True),
        ("a{x}", "a{x}", True),
        ("^abc$", "abc", True),
        (".*", "a\nb", False),
        ("a$\n^b", "a\nb", True),
        ("a^b", "ab", False),
        ("[^a]", "\n", True),
        ("[[:alpha:]_]+[[:^digit:]]", "ab_c", True),
        ("[]a-]+", "]-a", True),
        ("\\.\\x41\\101\\n", ".AA\n", True),
        ("\\x{e9}.", "éü", True),
        ("/etc/gshadow\\..*", "/etc/gshadow.lock", True),
        (".", "\udcff", True),
        ("()", "", True),
        ("a**", "aaa", True),
        ("(a?){3}b", "aab", True),
    ],
)
def test_the_whole_text_must_match(pattern: str, text: str, expected: bool) -> None:
    """POSIX syntax as RE2 reads it; undecodable bytes are characters that `.` matches."""
    assert Regex(pattern).matches(text) is expected


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(", "missing ): ("),
        ("a)", "unexpected ): a)"),
        ("[a", "missing ]: [a"),
        ("[b-a]", "invalid character class range: b-a"),
        ("[[:nosuch:]]", "invalid character class range: [:nosuch:]"),
        ("*a", "no argument for repetition operator: *"),
        ("(?:a)", "no argument for repetition operator: ?"),
        ("\\d", "invalid escape sequence: \\d"),
        ("(a)\\1", "invalid escape sequence: \\1"),
        ("\\", "trailing \\"),
        ("a{2,1}", "bad repetition operator: {2,1}"),
        ("a{1001}", "bad repetition operator: {1001}"),
        ("(a{1000}){1000}", "pattern too large - compile failed"),
        ("(" * 10_000, "expression nests too deeply"),
        ("a" + "{1}" * 10_000, "bad repetition operator: too many in a row"),
    ],
)
def test_what_re2_refuses_is_refused(pattern: str, message: str) -> None:
    """Look-around, back references and Perl's classes are not POSIX."""
    with pytest.raises(RegexError) as error:
        Regex(pattern)
    assert str(error.value) == message


PIECES = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "(a|b)", "(ab)", "c"])
REPEATS = st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,2}"])


@given(
    st.lists(st.tuples(PIECES, REPEATS), max_size=6).map(lambda parts: "".join(a + b for a, b in parts)),
    st.lists(st.text("abc\n", max_size=8), max_size=5),
)
def test_simple_patterns_match_what_the_standard_library_matches(pattern: str, texts: list[str]) -> None:
    """Where both know the syntax, they agree."""
    compiled = Regex(pattern)
    for text in texts:
        assert compiled.matches(text) is (re.fullmatch(pattern, text) is not None)


@given(st.text("ab()[]{}*+?|^$\\.-:,12x", max_size=12), st.text("ab-\n", max_size=6))
def test_any_pattern_is_read_or_refused(pattern: str, text: str) -> None:
    """Nothing but its own error is raised."""
    try:
        Regex(pattern).matches(text)
    except RegexError:
        return


def test_no_text_makes_a_pattern_slow() -> None:
    """What takes a backtracking matcher ages takes one step per character."""
    started = time.process_time()
    assert not Regex("(a+)+b").matches("a" * 50_000)
    assert not Regex("(a|aa)*b").matches("a" * 50_000)
    assert Regex("(.*a){30}").matches("ab" * 2000 + "a")
    assert time.process_time() - started < 2


def test_what_is_remembered_is_bounded() -> None:
    """Ever new texts and states do not fill the memory."""
    regex = Regex("(a|b)*a(a|b){12}")
    for number in range(5000):
        word = f"{number:b}".replace("0", "a").replace("1", "b")
        text = word * 3
        assert regex.matches(text) is (re.fullmatch("(?:a|b)*a(?:a|b){12}", text) is not None)
    assert len(regex._memo) <= 2048
    assert len(regex._states) <= 1001
