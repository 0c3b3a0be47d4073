"""Fields that rules of earlier years name: Mesos and Marathon have no value any more but load without error."""

from __future__ import annotations

from typing import Final

from tercel.events.types import PF_NA, PT_CHARBUF
from tercel.fields.base import (
    FF_ARG_DOTTED,
    FF_ARG_KEY,
    FF_ARG_REQUIRED,
    FF_DEPRECATED,
    SCOPE_PROCESS,
    Extractor,
    FieldGroup,
    FieldSpec,
)
from tercel.state.context import Context


class Nothing(Extractor):
    """A field without value."""

    def extract(self, ctx: Context) -> object:
        """Return None."""
        return None


_KEYED: Final = FF_ARG_REQUIRED | FF_ARG_KEY | FF_ARG_DOTTED
_MESOS: Final[tuple[tuple[str, str, int], ...]] = (
    ("mesos.task.name", "name of the Mesos task", 0),
    ("mesos.task.id", "id of the Mesos task", 0),
    ("mesos.task.label", "label of the Mesos task", _KEYED),
    ("mesos.task.labels", "labels of the Mesos task", 0),
    ("mesos.framework.name", "name of the Mesos framework", 0),
    ("mesos.framework.id", "id of the Mesos framework", 0),
    ("marathon.app.name", "name of the Marathon app", 0),
    ("marathon.app.id", "id of the Marathon app", 0),
    ("marathon.app.label", "label of the Marathon app", _KEYED),
    ("marathon.app.labels", "labels of the Marathon app", 0),
    ("marathon.group.name", "name of the Marathon group", 0),
    ("marathon.group.id", "id of the Marathon group", 0),
)


def _mesos_rows() -> list[tuple[FieldSpec, type[Extractor]]]:
    rows: list[tuple[FieldSpec, type[Extractor]]] = []
    for name, what, flags in _MESOS:
        doc = f"Formerly the {what}; has no value."
        rows.append((FieldSpec(name, PT_CHARBUF, SCOPE_PROCESS, doc, flags | FF_DEPRECATED, PF_NA), Nothing))
    return rows


GROUPS: Final[list[FieldGroup]] = [
    FieldGroup("mesos", "Tasks of Mesos and Marathon: no longer filled.", _mesos_rows()),
]
