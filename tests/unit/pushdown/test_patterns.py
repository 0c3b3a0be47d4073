"""Which paths a check needs: wherever it passes, the path has one of the patterns."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tercel.filters.errors import FilterError
from tercel.filters.evaluate import Check
from tercel.filters.filter import compile_filter
from tercel.pushdown.needs import EXACT, GRAM, IN_DIRECTORY, PREFIX, PROGRAM, SUFFIX, Pattern
from tercel.pushdown.patterns import COMM, DIRECTORY, FILENAME, NAME, paths_of
from tests.unit.pushdown.conditions import near, path_checks, paths, paths_in
from tests.unit.pushdown.made import REGISTRY, has, is_judged

PARTS = {"fd.name": NAME, "fd.nameraw": NAME, "fd.directory": DIRECTORY, "fd.filename": FILENAME}


def check(text: str) -> Check | None:
    """Compile a check; None for what is no check of one field or cannot be compiled."""
    try:
        predicate = compile_filter(text, REGISTRY).predicate
    except FilterError:
        return None
    return predicate if isinstance(predicate, Check) else None


def part_of(path: str, part: int) -> str:
    """Return a part of a path."""
    directory, _, name = path.rpartition("/")
    return {NAME: path, DIRECTORY: directory or "/", FILENAME: name}[part]


@settings(max_examples=500)
@given(path_checks(), st.data())
def test_a_path_that_passes_has_one_of_the_patterns(text: str, data: st.DataObject) -> None:
    """Where the check cannot say more, there are no patterns."""
    made = check(text)
    assume(made is not None)
    assert made is not None
    part = PARTS.get(made.field.text)
    assume(part is not None)
    assert part is not None
    patterns = paths_of(made, part)
    if patterns is None:
        return
    others = data.draw(st.lists(paths | paths.flatmap(near), max_size=6))
    for path in [*paths_in(text), *others]:
        if is_judged(path) and made.test(part_of(path, part)):
            assert any(has(pattern, path.encode()) for pattern in patterns), (text, path, patterns)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fd.name = /a/b", [Pattern(EXACT, b"/a/b")]),
        ("fd.name = a/b", []),
        ("fd.name = /a/../b", []),
        ("fd.name startswith /a/", [Pattern(PREFIX, b"/a/")]),
        ("fd.name startswith a", []),
        ('fd.name startswith ""', None),
        ("fd.name endswith .so", [Pattern(SUFFIX, b".so")]),
        ("fd.name endswith /.", []),
        ("fd.name contains abcd", [Pattern(GRAM, b"abcd")]),
        ("fd.name contains abc", None),
        ("fd.name icontains abcd", None),
        ("fd.name != /a/b", None),
        ("fd.name exists", None),
        ("fd.name regex /a/.*", None),
        ("fd.name in (/a, /b)", [Pattern(EXACT, b"/a"), Pattern(EXACT, b"/b")]),
        ("fd.name in (/a, b)", [Pattern(EXACT, b"/a")]),
        ("fd.name pmatch (/a, /b/c)", [Pattern(PREFIX, b"/a"), Pattern(PREFIX, b"/b/c")]),
        ("fd.name pmatch (/)", None),
        ("fd.name pmatch (/a/*/c)", [Pattern(PREFIX, b"/a")]),
        ("fd.name glob /a/b", [Pattern(EXACT, b"/a/b")]),
        ("fd.name glob '/a/*'", [Pattern(PREFIX, b"/a/")]),
        ("fd.name glob '*.so'", [Pattern(SUFFIX, b".so")]),
        ("fd.name glob '/a*.shadow'", [Pattern(SUFFIX, b".shadow")]),
        ("fd.name glob '*'", None),
        ("fd.name glob '/[ab]*'", None),
        ("fd.name iglob '/a/*'", None),
        ("fd.name startswith anyof (/a, /b)", [Pattern(PREFIX, b"/a"), Pattern(PREFIX, b"/b")]),
        ("fd.name startswith allof (/a, /ab)", [Pattern(PREFIX, b"/ab")]),
        ("fd.directory = /a/b", [Pattern(IN_DIRECTORY, b"/a/b/")]),
        ("fd.directory = /", [Pattern(IN_DIRECTORY, b"/")]),
        ("fd.directory startswith /a", [Pattern(PREFIX, b"/a")]),
        ("fd.directory endswith /", None),
        ("fd.directory endswith /bcd", None),
        ("fd.filename = a", [Pattern(SUFFIX, b"/a")]),
        ("fd.filename = a/b", []),
        ("fd.filename endswith .so", [Pattern(SUFFIX, b".so")]),
        ("fd.filename startswith abc", None),
        ("fd.filename pmatch (/a)", None),
    ],
)
def test_patterns_of_checks(text: str, expected: list[Pattern] | None) -> None:
    """The sharpest that can be said."""
    made = check(text)
    assert made is not None
    found = paths_of(made, PARTS[made.field.text])
    if text.endswith(("/bcd", "startswith abc")):
        assert found is not None
        assert [pattern.kind for pattern in found] == [GRAM]
    else:
        assert (None if found is None else sorted(found)) == (None if expected is None else sorted(expected))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("proc.name = cat", [Pattern(PROGRAM, b"cat")]),
        ("proc.name in (cat, ls)", [Pattern(PROGRAM, b"cat"), Pattern(PROGRAM, b"ls")]),
        ("proc.name = abcdefghijklmno", [Pattern(PROGRAM, b"abcdefghijklmno")]),
        ("proc.name = abcdefghijklmnop", []),
        ("proc.name startswith c", None),
        ("proc.name != cat", None),
        ("proc.name glob 'c*'", None),
    ],
)
def test_patterns_of_programs(text: str, expected: list[Pattern] | None) -> None:
    """The kernel keeps fifteen bytes of a name, and compares whole names."""
    made = check(text)
    assert made is not None
    found = paths_of(made, COMM)
    assert (None if found is None else sorted(found)) == expected
