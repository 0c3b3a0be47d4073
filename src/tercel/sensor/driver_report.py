"""What is in the kernel, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from tercel.alerts.jsontext import text_line
from tercel.sensor.driver import Inventory


def inventory_text(found: Inventory) -> str:
    """Return programs, links, maps and holders, a line each."""
    if not found.programs and not found.maps:
        return "Nothing of Tercel's is loaded in the kernel."
    return "\n".join(_lines(found))


def _lines(found: Inventory) -> Iterator[str]:
    attached = {link.program: link.type for link in found.links}
    yield f"{len(found.programs)} programs:"
    for program in found.programs:
        runs = f", {program.run_count} runs in {program.run_time_ns} ns" if program.run_count else ""
        yield f"  {program.id:<8}{program.name:17}{program.type}, {_attachment(attached.get(program.id))}{runs}"
    yield f"{len(found.maps)} maps:"
    for one in found.maps:
        yield (
            f"  {one.id:<8}{one.name:17}{one.type}, key {one.key_size} bytes, value {one.value_size} bytes, "
            f"{one.max_entries} entries"
        )
    yield f"{len(found.holders)} processes hold them:"
    for holder in found.holders:
        yield f"  {holder.pid:<8}{text_line(holder.words)}"
    if found.closed:
        yield f"Processes that could not be looked into: {found.closed}."


def _attachment(kind: str | None) -> str:
    return f"attached ({kind})" if kind else "not attached by a link"


def inventory_json(found: Inventory) -> dict[str, object]:
    """Return the inventory, ready for JSON."""
    return {
        "programs": [
            {
                "id": program.id,
                "name": program.name,
                "type": program.type,
                "maps": list(program.maps),
                "run_count": program.run_count,
                "run_time_ns": program.run_time_ns,
            }
            for program in found.programs
        ],
        "maps": [
            {
                "id": one.id,
                "name": one.name,
                "type": one.type,
                "key_size": one.key_size,
                "value_size": one.value_size,
                "max_entries": one.max_entries,
            }
            for one in found.maps
        ],
        "links": [{"id": link.id, "type": link.type, "program": link.program} for link in found.links],
        "holders": [{"pid": holder.pid, "command": list(holder.command)} for holder in found.holders],
        "processes_not_looked_into": found.closed,
    }
