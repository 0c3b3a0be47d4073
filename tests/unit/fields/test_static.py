from __future__ import annotations

from tercel.fields.registry import Registry
from tercel.fields.static import static_group
from tests.unit.fields.scene import Scene


def test_a_static_field_has_its_value_for_every_event() -> None:
    """Whatever happened."""
    registry = Registry([static_group({"zone": "north", "empty": ""})])
    scene = Scene()
    assert registry.bind("static.zone").extract(scene.ctx) == "north"
    assert registry.bind("static.empty").shown(scene.ctx) == ""
