"""The tables of entries fit the values that they fill."""

from __future__ import annotations

import pytest

from tercel.capture.savefile import layouts
from tercel.state.model import FdInfo, MachineInfo, ThreadInfo, User


def test_versions_only_add_values() -> None:
    """Each has those of the one before."""
    for version in range(2, 10):
        assert set(layouts.process_fields(version - 1)) <= set(layouts.process_fields(version))
    assert layouts.process_fields(9)[0] == ("tid", "q")


@pytest.mark.parametrize(
    ("item", "rows"),
    [
        (ThreadInfo(1), [*layouts.process_fields(9), *layouts.PROCESS_INSERTED, *layouts.PROCESS_TAIL]),
        (MachineInfo(), [*layouts.MACHINE_FIELDS, *layouts.MACHINE_TAIL]),
        (User(0, 0, "", "", ""), layouts.USER_FIELDS),
        (FdInfo(1), [row for rows in (*layouts.FD_FIELDS.values(), *layouts.FD_TAILS.values()) for row in rows]),
    ],
    ids=["thread", "machine", "user", "descriptor"],
)
def test_every_row_names_an_attribute(item: object, rows: list[layouts.Field]) -> None:
    """A reader would otherwise invent one."""
    assert all(hasattr(item, name) for name, _ in rows)
    assert all(code in layouts.SIZES or code in "slc" for _, code in rows)
