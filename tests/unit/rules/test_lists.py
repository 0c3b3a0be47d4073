"""Lists in lists, and lists in conditions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.rules.definitions import ListDef
from tercel.rules.lists import ExpansionError, ListTable
from tercel.rules.problems import ProblemContext

CONTEXT = ProblemContext.of_file("f.yaml", "")


def table(**lists: list[str]) -> ListTable:
    """Return the table of lists that are defined in the order of the arguments."""
    definitions: dict[str, ListDef] = {}
    for number, (name, items) in enumerate(lists.items(), start=1):
        definitions[name] = ListDef(name, items, CONTEXT)
        definitions[name].index = definitions[name].visibility = number
    found = ListTable(definitions)
    for name in definitions:
        found.expand(name)
    return found


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("proc.name in (cats)", "proc.name in ( cat, lion )"),
        ("proc.name in (a, cats, b)", "proc.name in (a, cat, lion , b)"),
        ("proc.name=cats", "proc.name= cat, lion "),
        ("proc.name in ( cats )", "proc.name in ( cat, lion )"),
        ("cats", "cat, lion "),
        ("proc.name in (cats, cats)", "proc.name in ( cat, lion , cat, lion )"),
        ("proc.name = 'a cats b'", "proc.name = 'a cat, lion b'"),
        ("proc.name in (lcats, catsx, x.cats)", "proc.name in (lcats, catsx, x.cats)"),
        ('proc.name = "cats"', 'proc.name = "cats"'),
    ],
)
def test_a_name_between_delimiters_becomes_the_items(condition: str, expected: str) -> None:
    """Blanks around it collapse; part of a word is no name."""
    assert table(cats=["cat", "lion"]).substitute(condition) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("x in (none)", "x in ( )"),
        ("x in (a, none)", "x in (a )"),
        ("x in (none, a)", "x in ( a)"),
        ("x in (a, none, b)", "x in (a , b)"),
        ("x in (none, none)", "x in ( )"),
        ("x in (a, none, none, b)", "x in (a , b)"),
    ],
)
def test_an_empty_list_takes_a_comma_along(condition: str, expected: str) -> None:
    """What remains is a list again."""
    found = table(none=[]).substitute(condition)
    assert " ".join(found.split()) == expected


def test_an_item_with_a_blank_is_quoted() -> None:
    """Unless it is quoted already."""
    found = table(names=["a b", "'c d'", '"e f"', "g"])
    assert found.text_of("names") == '"a b", \'c d\', "e f", g'


def test_an_item_that_names_a_list_becomes_its_items() -> None:
    """At any depth."""
    found = table(a=["1"], b=["a", "2"], c=["b", "3"])
    assert found.items["c"] == ["1", "2", "3"]
    assert found.used == {"a", "b"}
    assert found.references("c") == ["b"]


def test_an_item_that_names_a_later_list_is_replaced_in_the_condition() -> None:
    """Lists are substituted in the order of definition."""
    found = table(a=["b", "1"], b=["2"])
    assert found.items["a"] == ["b", "1"]
    assert "2 , 1" in found.substitute("x in (a)")
    assert found.used == {"a", "b"}


def test_lists_that_name_each_other_come_to_an_end() -> None:
    """The name within stays a name."""
    one = ListDef("one", ["two", "1"], CONTEXT)
    two = ListDef("two", ["one", "2"], CONTEXT)
    one.index, one.visibility, two.index, two.visibility = 1, 3, 2, 4
    found = ListTable({"one": one, "two": two})
    found.expand("one")
    found.expand("two")
    assert found.items["two"] == ["one", "2"]
    assert found.items["one"] == ["one", "2", "1"]


def test_lists_that_double_sixty_times_are_refused() -> None:
    """Items are counted before they are made."""
    lists = {"l0": ["a", "b"]} | {f"l{n}": [f"l{n - 1}"] * 2 for n in range(1, 60)}
    with pytest.raises(ExpansionError):
        table(**lists)


def test_a_condition_that_becomes_too_long_is_refused() -> None:
    """Ten thousand times ten thousand items."""
    found = table(l=["aaaaaaaa"] * 10_000)
    with pytest.raises(ExpansionError):
        found.substitute(f"x in ({', '.join(['l'] * 10_000)})")


def test_every_character_knows_where_it_came_from() -> None:
    """Characters of items come from the place of the list's name."""
    condition = "x in (a, cats) and y"
    origins: list[int] = []
    expanded = table(cats=["cat", "lion"], none=[]).substitute(condition, origins)
    assert len(origins) == len(expanded)
    assert condition[origins[expanded.index("y")]] == "y"
    assert origins[expanded.index("lion")] == condition.index(" cats")
    assert condition[origins[expanded.index("and")] :].startswith("and")


@given(st.lists(st.sampled_from(["cats", "none", "a", "(", ")", ",", "=", " ", "'", "x cats"]), max_size=30))
def test_origins_fit_any_condition(pieces: list[str]) -> None:
    """As many as characters, and all within the original."""
    condition = "".join(pieces)
    origins: list[int] = []
    lists = table(cats=["cat", "none", "a b"], none=[])
    expanded = lists.substitute(condition, origins)
    assert expanded == lists.substitute(condition)
    assert len(origins) == len(expanded)
    assert all(0 <= origin <= len(condition) for origin in origins)
