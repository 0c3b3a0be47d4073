"""Whether a process is what a container runs, or a probe of its health that the engine runs in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tercel.state.limits import MAX_ANCESTORS
from tercel.state.model import ThreadInfo

if TYPE_CHECKING:
    from tercel.state.machine import Machine

CATEGORY_NONE: Final = 0
CATEGORY_CONTAINER: Final = 1
CATEGORY_HEALTHCHECK: Final = 2
CATEGORY_LIVENESS: Final = 3
CATEGORY_READINESS: Final = 4

_PROBES: Final[dict[str, int]] = {
    "Healthcheck": CATEGORY_HEALTHCHECK,
    "LivenessProbe": CATEGORY_LIVENESS,
    "ReadinessProbe": CATEGORY_READINESS,
}


def categorise(m: Machine, thread: ThreadInfo) -> None:
    """Put a process that starts a program into its category; children inherit what their parent has."""
    container = m.container(thread.container_id) if thread.container_id else None
    if container is None or not container.has_metadata:
        return
    if thread.vpid == 1:
        thread.category = CATEGORY_CONTAINER
        return
    parent = m.parent(thread)
    if parent is not None and parent.category != CATEGORY_NONE:
        thread.category = parent.category
        return
    for probe in container.probes:
        if probe.exe == thread.exe and probe.args == thread.args:
            if not _is_inside(m, thread):
                thread.category = _PROBES.get(probe.kind, CATEGORY_NONE)
            return


def _is_inside(m: Machine, thread: ThreadInfo) -> bool:
    """Return whether a container's first process is among the ancestors: then nobody put the process there."""
    parent = m.parent(thread)
    for _ in range(MAX_ANCESTORS):
        if parent is None or parent is thread:
            return False
        if parent.vpid == 1 and parent.container_id:
            return True
        parent = m.parent(parent)
    return False
