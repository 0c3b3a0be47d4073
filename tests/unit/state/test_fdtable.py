from __future__ import annotations

import random

import pytest

from tercel.state.fdtable import FdTable
from tercel.state.model import FD_FILE, FdInfo


def filled(*numbers: int) -> FdTable:
    """Return a table that received these numbers in this order."""
    table = FdTable()
    for number in numbers:
        table[number] = FdInfo(FD_FILE)
    return table


def test_numbers_come_by_arrival() -> None:
    """The order that fd.types shows begins with it; a replaced descriptor keeps its place."""
    table = filled(3, 0, 100_000, 7, 1)
    assert table.numbers() == [3, 0, 100_000, 7, 1]
    table[0] = FdInfo(FD_FILE)
    assert list(table) == [3, 0, 100_000, 7, 1]
    assert table.pop(0) is not None
    assert table.pop(0) is None
    table[0] = FdInfo(FD_FILE)
    assert table.numbers() == [3, 100_000, 7, 1, 0]
    assert len(table) == 5
    assert 4 not in table
    assert table.get(-1) is None
    assert table.get(1 << 40) is None
    with pytest.raises(KeyError):
        table[4]


def test_a_child_begins_with_the_reverse_order() -> None:
    """As the hash tables hand it on; what arrives later comes last on both sides."""
    parent = filled(1, 2, 900)
    child = parent.clone()
    assert child.numbers() == [900, 2, 1]
    grandchild = child.clone()
    grandchild[5] = FdInfo(FD_FILE)
    assert grandchild.numbers() == [1, 2, 900, 5]
    child[4] = FdInfo(FD_FILE)
    assert child.numbers() == [900, 2, 1, 4]
    parent[9] = FdInfo(FD_FILE)
    assert parent.numbers() == [1, 2, 900, 9]


def test_a_child_shares_until_one_side_changes() -> None:
    """Most children are replaced by another program soon."""
    parent = filled(0, 1, 500)
    child = parent.clone()
    assert child[0] is parent[0]
    own = child.own(0)
    assert own is child[0]
    assert own is not parent[0]
    assert child.own(0) is own
    assert child[500] is parent[500]
    assert child.own(500) is not parent[500]
    assert child.pop(1) is not None
    assert 1 in parent
    assert child.own(77) is None
    child.clear()
    assert not child
    assert len(parent) == 3


def test_closing_is_noted_on_one_side() -> None:
    """A child that closes a descriptor leaves its parent's alone."""
    parent = filled(0, 600)
    child = parent.clone()
    for number in (0, 600):
        child.mark_closing(number, True)
        assert child.is_closing(number)
        assert not parent.is_closing(number)
        child[number] = FdInfo(FD_FILE)
        assert not child.is_closing(number)
        child.mark_closing(number, True)
        child.mark_closing(number, False)
        assert not child.is_closing(number)
    child.mark_closing(3, True)
    assert not child.is_closing(3)
    assert child.numbers() == [600, 0]


def test_high_numbers_take_no_room_of_their_own() -> None:
    """A program may number its descriptors as it likes; when there are many, all have places in the list."""
    table = filled(4000, 255, *range(200))
    assert table.numbers() == [4000, 255, *range(200)]
    assert table[255] in table.values()
    assert len(table.values()) == 202


def test_a_table_behaves_like_a_dictionary() -> None:
    """Under any series of changes, with children that change too."""
    chance = random.Random(1)
    pairs: list[tuple[FdTable, dict[int, FdInfo]]] = [(FdTable(), {})]
    for _ in range(3000):
        table, model = chance.choice(pairs)
        number = chance.choice([chance.randrange(8), chance.randrange(60), 1000 + chance.randrange(3)])
        action = chance.randrange(10)
        if action < 5:
            fd = FdInfo(FD_FILE)
            table[number] = fd
            model[number] = fd
        elif action < 8:
            assert table.pop(number) is model.pop(number, None)
        elif action < 9:
            own = table.own(number)
            assert (own is None) == (number not in model)
            if own is not None:
                model[number] = own
        elif len(pairs) < 12:
            pairs.append((table.clone(), dict(reversed(model.items()))))
        assert table.get(number) is model.get(number)
        assert len(table) == len(model)
    for table, model in pairs:
        assert table.items() == list(model.items())
        assert sorted(map(id, table.values())) == sorted(map(id, model.values()))
