from __future__ import annotations

import ctypes
import ctypes.util
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tercel.filters.patterns import Glob, PathPrefixes, as_bytes, ascii_lower

FNM_CASEFOLD = 16


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("", "", True),
        ("*", "", True),
        ("/etc/*", "/etc/a/b", True),
        ("*.so", ".so", True),
        ("*a*b*", "xaxb", True),
        ("*a*b*", "xbxa", False),
        ("a*a", "a", False),
        ("/proc/*/environ", "/proc/1/environ", True),
        ("?", "ab", False),
        ("?", "é", False),
        ("??", "é", True),
        ("[a-c]x", "bx", True),
        ("[!a-c]x", "bx", False),
        ("[]x]", "]", True),
        ("[", "[", True),
        ("[a", "[a", True),
        ("[[:digit:]]*", "7up", True),
        ("\\*", "*", True),
        ("\\*", "a", False),
        ("a\\", "a\\", False),
        ("*\udcff", "x\udcff", True),
    ],
)
def test_shell_patterns_match_as_in_the_c_library(pattern: str, text: str, expected: bool) -> None:
    """Slashes and leading dots are ordinary characters, `?` is one byte."""
    assert Glob(pattern).matches(text) is expected


def test_case_is_ignored_on_demand() -> None:
    """In ASCII only."""
    assert Glob("*PASS[W]D", ignore_case=True).matches("/etc/passwd")
    assert not Glob("É", ignore_case=True).matches("é")


@given(
    st.text("ab*?[]!^-\\/.é", max_size=8),
    st.text("abAB]-!^\\/.é[", max_size=8),
    st.booleans(),
)
def test_any_pattern_matches_what_fnmatch_matches(pattern: str, text: str, ignore_case: bool) -> None:
    """The C library is the judge, in the locale in which Falco runs."""
    # Collating symbols, and ranges that the pattern's end cuts: there the C library follows no rule of its own.
    assume("[." not in pattern and not pattern.endswith("-"))
    library = ctypes.CDLL(ctypes.util.find_library("c"))
    library.setlocale(0, b"C")
    judged = library.fnmatch(pattern.encode(), text.encode(), FNM_CASEFOLD if ignore_case else 0) == 0
    library.setlocale(0, b"C.UTF-8")
    assert Glob(pattern, ignore_case=ignore_case).matches(text) is judged


def test_no_text_makes_a_pattern_slow() -> None:
    """Forty stars over ten thousand characters."""
    started = time.process_time()
    assert not Glob("*a" * 40 + "b").matches("a" * 10_000)
    assert not Glob("*?a" * 40 + "b").matches("a" * 10_000)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("paths", "path", "expected"),
    [
        (["/var/run"], "/var/run/x", True),
        (["/var/run"], "/var/run", True),
        (["/var/run"], "/var/runx", False),
        (["/var/run"], "/var", False),
        (["/"], "/anything", True),
        (["/"], "", True),
        (["/a//b/"], "a/b/c", True),
        (["/proc/*/environ"], "/proc/12/environ", True),
        (["/proc/*/environ"], "/proc/1/2/environ", False),
        (["/a/*/c", "/a/b/d"], "/a/b/c", True),
        (["/a/b/d", "/a/?/c"], "/a/b/c/e", True),
        (["/usr/lib", "/usr"], "/usr/share", True),
        ([], "/a", False),
    ],
)
def test_prefixes_count_in_components(paths: list[str], path: str, expected: bool) -> None:
    """Components may be shell patterns, empty ones do not count."""
    assert PathPrefixes(paths).matches(path) is expected


@given(st.lists(st.text("ab/", max_size=6), max_size=5), st.text("ab/", max_size=8))
def test_prefixes_are_found_as_by_comparing_lists(paths: list[str], path: str) -> None:
    """The tree of components says what a plain comparison says."""
    words = [word for word in path.split("/") if word]
    plain = any(words[: len(wanted)] == wanted for wanted in ([w for w in p.split("/") if w] for p in paths))
    assert PathPrefixes(paths).matches(path) is plain


def test_case_folds_in_ascii_only() -> None:
    """As the C library does in the C locale."""
    assert ascii_lower("ÄBC") == "Äbc"
    assert ascii_lower("ABC") == "abc"


def test_undecodable_bytes_come_back() -> None:
    """Lone surrogates of other kinds have some bytes, too."""
    assert as_bytes("a\udcff") == b"a\xff"
    assert as_bytes("\ud800") == b"\xed\xa0\x80"


def holds_at(text: str, literal: tuple[bool, bool, str]) -> bool:
    """Return whether a text contains another, at its beginning or end where that is asked for."""
    is_first, is_last, part = literal
    if is_first and is_last:
        return text == part
    if is_first:
        return text.startswith(part)
    return text.endswith(part) if is_last else part in text


@given(st.text("ab*?[]!-\\é", max_size=12), st.text("ab[!-\\é", max_size=12), st.booleans())
def test_every_text_that_matches_has_the_literals_of_the_pattern(pattern: str, text: str, ignore_case: bool) -> None:
    """Whoever asks for them may leave out all other texts."""
    glob = Glob(pattern, ignore_case=ignore_case)
    near = pattern.replace("*", text).replace("?", "a").replace("\\", "")
    for candidate in (text, near, near + text, pattern):
        if glob.matches(candidate):
            assert all(holds_at(candidate, literal) for literal in glob.literals())


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("/a/b", [(True, True, "/a/b")]),
        ("/a/*", [(True, False, "/a/")]),
        ("*.so", [(False, True, ".so")]),
        ("/a*b*c", [(True, False, "/a"), (False, False, "b"), (False, True, "c")]),
        ("/a?b*c", [(False, True, "c")]),
        ("\\*a*", [(True, False, "*a")]),
        ("é*", [(True, False, "é")]),
        ("*", []),
        ("", []),
    ],
)
def test_literals_of_a_pattern(pattern: str, expected: list[tuple[bool, bool, str]]) -> None:
    """Runs between stars; those with wildcards in them are left out."""
    assert Glob(pattern).literals() == expected
    assert Glob(pattern, ignore_case=True).literals() == []


@given(st.lists(st.text("ab/*?", max_size=6), max_size=4), st.text("ab/", max_size=8))
def test_an_absolute_path_that_matches_begins_with_one_of_the_beginnings(paths: list[str], path: str) -> None:
    """Empty components and wildcards included; a path without doubled slashes is meant."""
    prefixes = PathPrefixes(paths)
    absolute = "/" + "/".join(name for name in path.split("/") if name)
    if prefixes.matches(absolute):
        assert absolute.startswith(tuple(prefixes.beginnings()))


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["/a", "/b/c/"], ["/a", "/b/c"]),
        (["a//b"], ["/a/b"]),
        (["/a/*/c"], ["/a"]),
        (["/a/b", "/a"], ["/a"]),
        (["/a/b", "/a/?"], ["/a"]),
        (["/"], [""]),
        (["*"], [""]),
        ([], []),
    ],
)
def test_beginnings_of_prefixes(paths: list[str], expected: list[str]) -> None:
    """As far as the first shell pattern; what is below another prefix is none by itself."""
    assert sorted(PathPrefixes(paths).beginnings()) == expected
