"""One event of one process for the tests of conditions: `cat /etc/passwd` closes a file that it had open."""

from __future__ import annotations

from tercel.filters.filter import compile_filter
from tercel.state.context import Context
from tests.unit.fields.scene import REGISTRY, Scene

# What is true of the event, what is false, and what has no value and is therefore false in any comparison.
TRUE = ("proc.name = cat", "evt.type = close", "proc.pid = 10", "proc.args startswith /etc", "proc.name exists")
FALSE = ("proc.name = ls", "proc.pid > 10", "proc.name in (a, b)", "evt.type != close", "proc.args contains shadow")
MISSING = ("evt.arg.flags = x", "evt.arg.flags != x", "evt.arg.flags exists", "fd.sport < 5", "fd.sip in (1.2.3.4)")


def cat_closes() -> Context:
    """Return the event."""
    scene = Scene()
    thread = scene.thread(10, comm="cat", args=["/etc/passwd"])
    ctx = scene.show("SYSCALL_CLOSE_X", 0, thread=thread)
    ctx.event.num = 1
    return ctx


CTX = cat_closes()


def holds(condition: str) -> bool:
    """Return whether a condition holds for the event."""
    return compile_filter(condition, REGISTRY).matches(CTX)
