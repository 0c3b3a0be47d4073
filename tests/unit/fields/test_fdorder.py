from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.fields.fdorder import distinct_types, hash_order
from tercel.state.fdtable import FdTable
from tercel.state.model import FD_FIFO, FD_FILE_V2, FD_IPV4_SOCK, FD_UNKNOWN, FdInfo


@pytest.mark.parametrize(
    ("keys", "order"),
    [
        ([], []),
        ([0, 1, 2], [2, 1, 0]),
        # 255 and 8 share a bucket of 13: the later one comes to stand before the earlier, where that one is.
        ([8, 1, 255], [1, 255, 8]),
        # The fourteenth key doubles the buckets: the thirteen before it are put in again in the order of the list.
        (list(range(14)), [13, *range(13)]),
    ],
)
def test_keys_are_listed_as_a_hash_table_lists_them(keys: list[int], order: list[int]) -> None:
    """New buckets go to the front, keys of a taken bucket to that bucket's front, growth puts all in again."""
    assert hash_order(keys) == order


@given(st.lists(st.integers(0, 5000), unique=True, max_size=400))
def test_no_key_is_lost_or_doubled(keys: list[int]) -> None:
    """The order changes, the keys do not."""
    assert sorted(hash_order(keys)) == sorted(keys)


def test_each_type_is_listed_once_where_it_comes_first() -> None:
    """Descriptors that were opened last are looked at first; unknown ones have a word too."""
    kinds = {0: FD_FILE_V2, 1: FD_FIFO, 2: FD_FILE_V2, 3: FD_IPV4_SOCK, 4: FD_UNKNOWN}
    table = FdTable()
    for number, kind in kinds.items():
        table[number] = FdInfo(kind)
    assert distinct_types(table) == ["<NA>", "ipv4", "file", "pipe"]
    assert distinct_types(FdTable()) == []
