"""Print the reference page of the probe: every type of event that it makes, as Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tercel.capture.ebpf.rows import TRACEPOINTS, RowSource, row_sources, system_calls
from tercel.events.table import EVENT_BY_ENUM, EVENTS

ROOT: Final = Path(__file__).resolve().parent.parent

# The words of probe/steps.txt, the column that they go into, and what is added to a parameter's name there.
KERNEL, PROGRAM = 0, 1
ORIGINS: Final[dict[str, tuple[int, str]]] = {
    "kernel": (KERNEL, ""),
    "laid": (KERNEL, "¹"),
    "peer": (KERNEL, "²"),
    "user": (PROGRAM, ""),
    "user?": (PROGRAM, "³"),
}
NOTES: Final = """\
¹ Out of the memory that exec laid out for the new program. When a program was replaced, the event is made before it
runs, so nobody can have changed it. In the events of a new process, it is what the process has there by then; where an
exec failed, it is what the caller passed, read from its memory.

² The kernel's socket says it. A datagram socket without a peer has the address that was passed, read from the
program's memory.

³ Read from memory where the operation that the call names makes it a text or a structure; the argument itself
otherwise.
"""
EVENT_OF_TRACEPOINT: Final[dict[str, str]] = {
    "sched_process_exit": "PROCEXIT_1_E",
    "signal_deliver": "SIGNALDELIVER_E",
}


def table(path: Path) -> dict[str, list[str]]:
    """Return the lines of a text table by their first word."""
    lines = [line.split() for line in path.read_text(encoding="ascii").splitlines() if line and line[0] != "#"]
    return {name: words for name, *words in lines}


def origins_of_steps() -> dict[str, list[str]]:
    """Return for each step where its parameters come from, one word each."""
    return {
        name: [origin for word in words for origin in [word.partition("*")[0]] * int(word.partition("*")[2] or 1)]
        for name, words in table(ROOT / "probe" / "steps.txt").items()
    }


def calls_of_events() -> dict[int, list[str]]:
    """Return the names of the calls that each event type tells of, on any architecture that the probe runs on."""
    found: dict[int, dict[str, None]] = {}
    for machine in ("x86_64", "aarch64"):
        for call in system_calls(machine):
            found.setdefault(call.event, {})[call.name] = None
    for name in TRACEPOINTS:
        found.setdefault(EVENT_BY_ENUM[EVENT_OF_TRACEPOINT[name]], {})[name] = None
    found[EVENT_BY_ENUM["GENERIC_X"]] = {"every other call": None}
    return {event: list(names) for event, names in found.items()}


def columns(source: RowSource, origins: dict[str, list[str]]) -> tuple[str, str]:
    """Return the parameters that come from the kernel and those that come from the program's memory."""
    sides: tuple[list[str], list[str]] = ([], [])
    words = [origin for step in source.steps for origin in origins[step.partition(":")[0]]]
    for param, word in zip(EVENTS[source.event].params, words, strict=True):
        side, mark = ORIGINS[word]
        sides[side].append(f"{param.name}{mark}")
    kernel, program = (" ".join(side) or "-" for side in sides)
    return kernel, program


def tested_by(words: list[str] | None) -> str:
    """Return the cases that test an event, or why there are none."""
    if words is None:
        return "**untested**"
    if words[0] == "-":
        return f"untested: {' '.join(words[1:])}"
    cases = words[0].split(",")
    return ", ".join(cases[:3]) + (f" and {len(cases) - 3} more" if len(cases) > 3 else "")


def page() -> str:
    """Return the page below its head."""
    origins, calls = origins_of_steps(), calls_of_events()
    tested = table(ROOT / "tests" / "live" / "tested.txt")
    lines = []
    for source in row_sources():
        enum = EVENTS[source.event].enum
        names = ", ".join(calls.get(source.event, ["-"]))
        ring = "small" if source.is_vital else "large"
        event_class = source.event_class.replace("_", " and ")
        kernel, program = columns(source, origins)
        cells = (enum, names, ring, event_class, kernel, program, tested_by(tested.get(enum)))
        lines.append(f"| {' | '.join(cells)} |")
    untested = sum("untested" in line for line in lines)
    head = (
        "| Event | System calls, tracepoints | Ring | Counted as | From the kernel | From the program's memory "
        "| Tested live by |\n|---|---|---|---|---|---|---|"
    )
    return f"{len(lines)} types of events; untested: {untested}.\n\n{head}\n" + "\n".join(lines) + f"\n\n{NOTES}"


if __name__ == "__main__":
    print(page())
