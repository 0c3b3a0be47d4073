from __future__ import annotations

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.state.paths import MAX_PATH, TOO_LONG, directory, join


@pytest.mark.parametrize(
    ("base", "path", "expected"),
    [
        ("/home/user/", "file", "/home/user/file"),
        ("/home/user/", "/etc/passwd", "/etc/passwd"),
        ("/home/user/", "../other/./x", "/home/other/x"),
        ("/", "../../x", "/x"),
        ("/a/", "b//c/", "/a/b/c"),
        ("/a/", ".", "/a"),
        ("/a/", "..", "/"),
        ("/a/b/", "", ""),
        ("", "x/../y", "y"),
        ("", "../x", "x"),
        ("./", "x", "./x"),
        ("<UNKNOWN>", "x", "<UNKNOWN>x"),
        ("<UNKNOWN>", "../x/./y", "<UNKNOWN>../x/y"),
        ("<UNKNOWN>", "x/../y", "y"),
        ("/a/", "\u00e9\n\udcff/x", "/a/..../x"),
        ("/", "...", "/..."),
        ("/", ".hidden", "/.hidden"),
    ],
)
def test_a_path_is_joined_to_its_directory_and_tidied(base: str, path: str, expected: str) -> None:
    """Dots and doubled slashes go, what cannot be printed becomes dots; an absolute path needs no directory."""
    assert join(base, path) == expected


def test_a_path_beyond_the_limit_is_replaced() -> None:
    """The system's limit holds for the joined path."""
    assert join("/", "x" * MAX_PATH) == TOO_LONG
    assert join("/", "x" * (MAX_PATH - 2)) != TOO_LONG


@given(st.lists(st.sampled_from(["", ".", "..", "a", "b.c", "..x"]), max_size=8).map("/".join))
def test_an_absolute_path_is_tidied_as_the_standard_library_does(path: str) -> None:
    """The fast way out for tidy paths gives the same as the long way."""
    assert join("/base/", "/" + path) == posixpath.normpath("/" + path).replace("//", "/")


def test_a_directory_has_a_slash_at_its_end() -> None:
    """It is added once."""
    assert directory("/a") == "/a/"
    assert directory("/") == "/"
