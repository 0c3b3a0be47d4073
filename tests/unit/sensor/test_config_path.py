from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.sensor.config_path import APPEND, PathError, Tree, get_path, parse_path, set_path


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("a", ["a"]),
        ("a.b.c", ["a", "b", "c"]),
        ("a[0].b", ["a", 0, "b"]),
        ("a[][2]", ["a", APPEND, 2]),
        (r"a\.b.c\[0\]\\", ["a.b", "c[0]\\"]),
    ],
)
def test_a_path_is_names_and_numbers(text: str, steps: list[str | int]) -> None:
    """Backslashes take away the meaning of the marks."""
    assert parse_path(text) == steps


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("a\\", "trailing backslash"),
        (r"a\x", "invalid escape sequence"),
        ("a[0]b", "expected '.' character"),
        ("a[x]", "expected a numeric index, found 'x'"),
        ("a[99999999]", "expected a numeric index"),
        ("a[1", "expected ']'"),
        ("a..b", "unexpected character"),
        ("a]", "unexpected character"),
    ],
)
def test_a_wrong_path_is_explained(text: str, reason: str) -> None:
    """The reason says what was found and where."""
    with pytest.raises(PathError, match=reason.replace("[", r"\[")):
        parse_path(text)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("new.deep", {"list": ["x"], "map": {"k": "v"}, "new": {"deep": "!"}}),
        ("list[0]", {"list": ["!"], "map": {"k": "v"}}),
        ("list[]", {"list": ["x", "!"], "map": {"k": "v"}}),
        ("list[7].a", {"list": ["x", {"a": "!"}], "map": {"k": "v"}}),
        ("list.off", {"list": {"off": "!"}, "map": {"k": "v"}}),
        ("map.k.l", {"list": ["x"], "map": {"k": {"l": "!"}}}),
    ],
)
def test_setting_makes_what_is_missing(path: str, expected: Tree) -> None:
    """A name applied to a sequence turns it into a map."""
    tree: dict[str, Tree] = {"list": ["x"], "map": {"k": "v"}}
    set_path(tree, parse_path(path), "!")
    assert tree == expected


@given(st.text(alphabet="ab.[]0\\", max_size=12))
def test_any_text_is_a_path_or_an_error(text: str) -> None:
    """What can be read can be set and, without `[]` and numbers past the end, be read back."""
    try:
        steps = parse_path(text)
    except PathError:
        return
    tree: dict[str, Tree] = {}
    set_path(tree, steps, "v")
    if not any(isinstance(step, int) and step != 0 for step in steps):
        assert get_path(tree, steps) == "v"
