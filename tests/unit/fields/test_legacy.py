from __future__ import annotations

import pytest

from tercel.fields.legacy import GROUPS
from tests.unit.fields.scene import Scene

NAMES = [spec.name for group in GROUPS for spec, _ in group.rows]


@pytest.mark.parametrize("name", NAMES)
def test_fields_of_mesos_load_and_have_no_value(name: str) -> None:
    """Rules of earlier years go on loading."""
    scene = Scene()
    scene.show("SYSCALL_CLOSE_E", 3, thread=scene.thread(10))
    assert scene.value(f"{name}[x]" if name.endswith(".label") else name) is None
