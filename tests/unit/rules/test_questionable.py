"""Uses of fields that deserve a warning."""

from __future__ import annotations

import pytest

from tercel.filters.ast import And, Node, post_order
from tercel.filters.parser import parse
from tercel.rules.questionable import UNSAFE, FieldUses, deprecated_names


@pytest.mark.parametrize(
    ("condition", "names", "unsafe"),
    [
        ("proc.name = x", [], False),
        ("evt.dir = < and not evt.latency > 5", ["evt.dir", "evt.latency"], False),
        ("evt.latency.s > 1 or evt.latency.human = x", ["evt.latency.human", "evt.latency.s"], False),
        ("ka.user.name = <NA>", [], True),
        ("ka.user.name in (a, '<NA>')", [], True),
        ("ka.user.name startswith <NA>", [], False),
        ("proc.name = <NA>", [], False),
        ("jevt.value[/a] != <NA> and evt.dir = >", ["evt.dir"], True),
    ],
)
def test_each_questionable_use_is_found(condition: str, names: list[str], unsafe: bool) -> None:
    """Wherever in the condition it stands."""
    tree = parse(condition)
    uses = FieldUses(()).of(tree, post_order(tree))
    assert (deprecated_names(uses), bool(uses & UNSAFE)) == (names, unsafe)


def test_what_is_known_of_a_shared_tree_counts_for_all_that_have_it() -> None:
    """Its parts need not be looked into again."""
    shared: Node = parse("evt.dir = <")
    uses = FieldUses({shared})
    assert deprecated_names(uses.of(shared, [shared])) == ["evt.dir"]
    other = parse("proc.name = a")
    whole = And([shared, other], other.pos)
    assert deprecated_names(uses.of(whole, [other, whole])) == ["evt.dir"]
    assert deprecated_names(uses.of(other, [other])) == []
