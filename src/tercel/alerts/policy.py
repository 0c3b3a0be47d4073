"""What is added to rules' outputs: `append_output` entries, `-p` text, suggested fields, `%container.info`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from tercel.rules.outputs import CONTAINER_FIELDS, CONTAINER_INFO

if TYPE_CHECKING:
    from collections.abc import Iterable

# The short forms of -p and what they stand for.
PRINT_FORMS: Final[dict[str, str]] = {
    "c": (
        "container_id=%container.id container_image=%container.image.repository "
        "container_image_tag=%container.image.tag container_name=%container.name"
    ),
    "k": (
        "container_id=%container.id container_image=%container.image.repository "
        "container_image_tag=%container.image.tag container_name=%container.name "
        "k8s_ns=%k8s.ns.name k8s_pod_name=%k8s.pod.name"
    ),
    "m": "task=%mesos.task.name container=%container.id",
}
PRINT_FORMS["container"] = PRINT_FORMS["c"]
PRINT_FORMS["kubernetes"] = PRINT_FORMS["k"]
PRINT_FORMS["mesos"] = PRINT_FORMS["m"]


class RuleOutput(Protocol):
    """What deciding about a rule's output takes."""

    name: str
    source: str
    output: str
    tags: list[str]


@dataclass(frozen=True, slots=True)
class AppendEntry:
    """One entry of `append_output`: which rules it is for, and what it adds.

    `fields` maps a name to the format of its value, or to None when the name is a field whose plain value is meant.
    """

    source: str = ""
    rule: str = ""
    tags: frozenset[str] = frozenset()
    extra_output: str = ""
    fields: tuple[tuple[str, str | None], ...] = ()
    suggested_output: bool = False

    def applies(self, rule: RuleOutput) -> bool:
        """Return whether every condition that the entry names holds for the rule."""
        return (
            (not self.source or self.source == rule.source)
            and (not self.rule or self.rule == rule.name)
            and self.tags.issubset(rule.tags)
        )


class OutputPolicy:
    """The output and the extra fields that each rule ends up with."""

    def __init__(
        self,
        entries: Iterable[AppendEntry] = (),
        print_text: str = "",
        suggested: Iterable[str] = (),
    ) -> None:
        """Take the entries in order, the text of -p, and the names of the fields that suggest themselves."""
        self._entries = tuple(entries)
        self._print = PRINT_FORMS.get(print_text, print_text)
        self._suggested = "".join(f" {name.replace('.', '_')}=%{name}" for name in suggested)

    def output(self, rule: RuleOutput) -> str:
        """Return the rule's output as it will be formatted."""
        return self.complete(rule.output) + self.appended(rule)

    def complete(self, output: str) -> str:
        """Return an output with `%container.info` replaced and the text of -p in its place or at its end."""
        if CONTAINER_INFO in output:
            return output.replace(CONTAINER_INFO, self._print or CONTAINER_FIELDS)
        return f"{output} {self._print}" if self._print else output

    def appended(self, rule: RuleOutput) -> str:
        """Return what the entries add to the rule's output: empty, or text that starts with a blank."""
        added = ""
        for entry in self._entries:
            if entry.applies(rule):
                if entry.extra_output:
                    added += " " + entry.extra_output
                if entry.suggested_output:
                    added += self._suggested
        return added

    def extra_fields(self, rule: RuleOutput) -> dict[str, str | None]:
        """Return the fields that the entries add to the rule's structured output, in their order."""
        fields: dict[str, str | None] = {}
        for entry in self._entries:
            if entry.applies(rule):
                fields.update(entry.fields)
        return fields
