"""static.*: fields whose value the configuration fixes."""

from __future__ import annotations

from tercel.events.types import PT_CHARBUF
from tercel.fields.base import FF_SUGGESTED, SCOPE_PROCESS, Extractor, FieldGroup, FieldSpec
from tercel.state.context import Context


class StaticSpec(FieldSpec):
    """A field together with its value."""

    def __init__(self, name: str, value: str) -> None:
        """Declare `static.NAME`."""
        super().__init__(f"static.{name}", PT_CHARBUF, SCOPE_PROCESS, "A value from the configuration.", FF_SUGGESTED)
        self.value: str = value


class StaticField(Extractor):
    """Gives the value whatever the event."""

    def extract(self, ctx: Context) -> object:
        """Return the configured value."""
        spec = self.spec
        return spec.value if isinstance(spec, StaticSpec) else None


def static_group(values: dict[str, str]) -> FieldGroup:
    """Return the class of the configured fields."""
    rows: list[tuple[FieldSpec, type[Extractor]]] = [
        (StaticSpec(name, value), StaticField) for name, value in values.items()
    ]
    return FieldGroup("static", "Fields with a value from the configuration (`static_fields`)", rows)
