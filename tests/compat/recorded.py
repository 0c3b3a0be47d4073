"""Compares field values with what Falco 0.40 printed, field by field.

`python -m tests.compat.recorded [CAPTURE…]` prints a table: field, how many of the recorded values differ, examples.
The recorded rules print `label=%field | label=%field | …` on sampled events (`*.allfields.*`), or free text together
with the values as JSON (`*.fields.*`).
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Iterator
from typing import Any

import yaml

from tercel.capture.savefile.reader import SavefileReader
from tercel.fields.base import Extractor
from tercel.fields.registry import Registry
from tercel.filters.format import OutputFormat
from tercel.state.context import Context
from tercel.state.machine import Machine
from tests.paths import SHARED

CAPTURES = SHARED / "captures"

# These four have no argument in the recorded formats; Falco 0.40 then prints the name as text behind the value, and
# the value is that of whatever level happened to lie in memory.
BARE_ANCESTORS = frozenset({"proc.aname", "proc.aexe", "proc.aexepath", "proc.apid"})
# Behind the text of an argument that has none of its own to go on with, Falco 0.40 went on into an older value.
STALE_BUFFER = "evt.buffer"

_SEPARATOR = " | "


class Difference:
    """A field whose value is not the recorded one."""

    def __init__(self, field: str, number: int, recorded: object, found: object) -> None:
        """Keep the values."""
        self.field: str = field
        self.number: int = number
        self.recorded: object = recorded
        self.found: object = found


def play(name: str, registry: Registry | None = None) -> Iterator[Context]:
    """Yield the state at each event of a recorded capture."""
    machine = Machine()
    reader = SavefileReader(str(CAPTURES / f"{name}.scap.gz"), machine)
    batch = reader.next_batch()
    while batch:
        for event in batch:
            yield machine.process(event)
        batch = reader.next_batch()


def read_lines(path: str) -> list[dict[str, Any]]:
    """Return the recorded alerts of a file."""
    with gzip.open(CAPTURES / path, "rt", encoding="utf-8", errors="surrogateescape") as lines:
        return [json.loads(line) for line in lines]


def _split(output: str, labels: list[str]) -> list[str]:
    """Return the values of a line `label=value | label=value`, whatever the values contain."""
    values: list[str] = []
    at = 0
    for label, following in zip(labels, [*labels[1:], None], strict=True):
        at += len(label) + 1
        end = len(output) if following is None else output.index(f"{_SEPARATOR}{following}=", at)
        values.append(output[at:end])
        at = end + len(_SEPARATOR)
    return values


class Samples:
    """What was recorded of sampled events: for each number the texts of all `%field`."""

    def __init__(self, name: str) -> None:
        """Read rules and alerts of `NAME.allfields`."""
        document = yaml.safe_load((CAPTURES / f"{name}.allfields.yaml").read_text(encoding="utf-8"))
        self.values: dict[int, dict[str, str]] = {}
        sample: list[int] = document[0]["items"]
        formats: dict[str, str] = {item["rule"]: item["output"] for item in document[1:]}
        first = next(iter(formats))
        position = -1
        for line in read_lines(f"{name}.allfields.jsonl.gz"):
            position += line["rule"] == first
            parts = [part.split("=", 1) for part in formats[line["rule"]].split(_SEPARATOR)]
            body = line["output"].split(": Informational ", 1)[1]
            found = _split(body, [label for label, _ in parts])
            row = self.values.setdefault(sample[position], {})
            row.update(zip([field for _, field in parts], found, strict=True))


def _agree(field: str, recorded: str, found: str) -> bool:
    """Return whether a value is the recorded one, as far as what was recorded is a value."""
    if field in BARE_ANCESTORS:
        return recorded in (found + field, f"<NA>{field}")
    return recorded == found or (field == STALE_BUFFER and recorded.startswith(found + "."))


def compare_samples(name: str, registry: Registry) -> list[Difference]:
    """Return how the fields of the sampled events differ from the recorded ones."""
    samples = Samples(name).values
    fields = next(iter(samples.values()))
    formats = {field: OutputFormat("*" + field, registry) for field in fields}
    differences: list[Difference] = []
    for ctx in play(name):
        number = ctx.event.num
        for field, recorded in samples.get(number, {}).items():
            found = formats[field].text(ctx) or ""
            if not _agree(field[1:], recorded, found):
                differences.append(Difference(field, number, recorded, found))
    return differences


def compare_json(name: str, kinds: tuple[str, ...], registry: Registry) -> list[Difference]:
    """Return how output_fields differ from the recorded ones, at the events whose time the alerts carry."""
    alerts: dict[int, list[dict[str, Any]]] = {}
    for kind in kinds:
        for line in read_lines(f"{name}.{kind}.jsonl.gz"):
            alerts.setdefault(line["output_fields"]["evt.time"], []).append(line)
    extractors: dict[str, Extractor] = {}
    differences: list[Difference] = []
    for ctx in play(name):
        # Printing a relative path turns the context to its directory's descriptor; each alert starts afresh.
        fd = ctx.fd
        for line in alerts.get(ctx.event.ts, ()):
            for field, recorded in line["output_fields"].items():
                ctx.fd = fd
                if not field or field in BARE_ANCESTORS:
                    continue
                extractor = extractors.get(field)
                if extractor is None:
                    extractor = extractors[field] = registry.bind(re.sub(r"^\*", "", field))
                found = extractor.json_value(ctx)
                if found != recorded:
                    differences.append(Difference(field, ctx.event.num, recorded, found))
    return differences


def summary(differences: list[Difference], examples: int = 3) -> str:
    """Return a table of the differing fields with examples."""
    by_field: dict[str, list[Difference]] = {}
    for difference in differences:
        by_field.setdefault(difference.field, []).append(difference)
    lines: list[str] = []
    for field, items in sorted(by_field.items(), key=lambda entry: -len(entry[1])):
        lines.append(f"{len(items):6} {field}")
        lines += [
            f"          event {item.number}: recorded {item.recorded!r}, found {item.found!r}"
            for item in items[:examples]
        ]
    return "\n".join(lines)


def main() -> None:
    """Print the differences of the captures named on the command line, by default of all that were sampled."""
    registry = Registry.syscall()
    arguments = [word for word in sys.argv[1:] if word != "--json"]
    for name in arguments or ["py", "attack-container", "shop"]:
        if "--json" in sys.argv:
            differences = compare_json(name, ("default", "all", "fields"), registry)
        else:
            differences = compare_samples(name, registry)
        print(f"{name}: {len(differences)} values differ")
        print(summary(differences))


if __name__ == "__main__":
    main()
