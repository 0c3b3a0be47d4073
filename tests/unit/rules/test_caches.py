"""What is parsed, resolved and compiled once only."""

from __future__ import annotations

import pytest

from tercel.filters.errors import FilterError
from tercel.rules.caches import TreeCache
from tests.unit.rules.files import registry


@pytest.fixture
def cache() -> TreeCache:
    """Return an empty cache."""
    return TreeCache({"syscall": registry()})


def test_the_same_text_gives_the_same_tree(cache: TreeCache) -> None:
    """So does the same mistake."""
    assert cache.parse("evt.num > 0") is cache.parse("evt.num > 0")
    for _ in range(2):
        with pytest.raises(FilterError):
            cache.parse("evt.num >")


def test_the_same_macros_give_the_same_tree(cache: TreeCache) -> None:
    """Another macro of that name gives another one."""
    tree = cache.parse("m and evt.num > 0")
    one, two = cache.parse("proc.name = a"), cache.parse("proc.name = b")
    assert tree.has_names
    resolved = cache.resolve(tree, ["m"], {"m": one})
    assert cache.resolve(tree, ["m"], {"m": one}) is resolved
    assert cache.resolve(tree, ["m"], {"m": two}) is not resolved
    assert cache.resolve(one, [], {}) is one


def test_macros_that_are_not_resolved_yet_are_resolved_too(cache: TreeCache) -> None:
    """A macro may be defined anew with what came after it."""
    tree = cache.resolve(cache.parse("m"), ["m"], {"m": cache.parse("n"), "n": cache.parse("proc.name = a")})
    assert not tree.has_names
    with pytest.raises(FilterError, match="Undefined macro 'o'"):
        cache.resolve(cache.parse("o"), ["o"], {})


def test_the_same_tree_gives_the_same_filter(cache: TreeCache) -> None:
    """So does the same mistake; the event types come along."""
    tree = cache.parse("evt.type = open")
    assert cache.compile(tree, "syscall", exit_only=False) is cache.compile(tree, "syscall", exit_only=False)
    assert len(cache.examine(tree, "syscall", exit_only=False).event_ids) == 2
    assert cache.compile(tree, "syscall", exit_only=True) is not cache.compile(tree, "syscall", exit_only=False)
    for text in ("proc.nme = a", "tolower(evt.type) = open"):
        for _ in range(2):
            with pytest.raises(FilterError):
                cache.compile(cache.parse(text), "syscall", exit_only=False)
