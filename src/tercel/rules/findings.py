"""What an explanation consists of: the event, the answer of every part of the condition, the sentence that sums up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tercel.fields.times import clock_text, iso8601_zulu_text
from tercel.filters.ast import BinaryCheck

if TYPE_CHECKING:
    from tercel.rules.parts import Part
    from tercel.rules.problems import Place
    from tercel.rules.rule import Rule
    from tercel.rules.values import FieldValue
    from tercel.state.context import Context


class EventFacts:
    """What names an event: kept when the event itself is gone."""

    __slots__ = ("direction", "num", "pid", "process", "tid", "ts", "type")

    def __init__(self, ctx: Context, kind: str) -> None:
        """Take the facts out of a context."""
        thread = ctx.thread
        self.num: int = ctx.event.num
        self.ts: int = ctx.event.ts
        self.type = kind
        self.direction = ctx.event.info.direction
        self.tid: int = ctx.event.tid
        self.pid: int = -1 if thread is None else thread.pid
        self.process = "" if thread is None else thread.comm

    def text(self) -> str:
        """Return the facts in one line."""
        end = "entry" if self.direction == ">" else "exit"
        who = f", {self.process} (pid {self.pid}, tid {self.tid})" if self.pid >= 0 else f", tid {self.tid}"
        return f"event {self.num}: {self.type} ({end}), {clock_text(self.ts)}{who}"

    def as_json(self) -> dict[str, object]:
        """Return the facts for programs."""
        return {
            "num": self.num,
            "time": iso8601_zulu_text(self.ts),
            "type": self.type,
            "direction": self.direction,
            "process": self.process,
            "pid": self.pid,
            "tid": self.tid,
        }


class Finding:
    """The answer of one part.

    `asked` tells whether evaluating the condition gets to the part, `decides` whether the answer of the whole rests on
    it: with another answer of a part that decides, the next one would be asked or the whole be answered otherwise.
    """

    __slots__ = ("asked", "children", "decides", "holds", "part", "values")

    def __init__(self, part: Part, holds: bool, asked: bool, decides: bool) -> None:
        """Start without values and parts."""
        self.part = part
        self.holds = holds
        self.asked = asked
        self.decides = decides
        self.values: list[FieldValue] = []
        self.children: list[Finding] = []

    @property
    def is_missing(self) -> bool:
        """Whether a comparison does not hold because there is no value to compare."""
        is_comparison = isinstance(self.part.node, BinaryCheck)
        return is_comparison and not self.holds and any(value.is_missing for value in self.values)

    def as_json(self) -> dict[str, object]:
        """Return the answer for programs, parts within parts."""
        part = self.part
        place = part.place
        value: dict[str, object] = {
            "kind": part.kind,
            "text": part.text,
            "result": self.holds,
            "asked": self.asked,
            "decides": self.decides,
            "macros": list(part.macros),
            "lists": list(part.lists),
            "exception": part.exception,
            "place": None if place is None else place_json(place),
            "values": [found.as_json() for found in self.values],
            "parts": [child.as_json() for child in self.children],
        }
        if part.folded:
            value["folded"] = True
        return value


class Explanation:
    """One rule and one event.

    `root` is None where the rule is not asked about the event at all; `reason` then says why. `shadowed_by` names the
    earlier rule that is reported in this one's stead when only the first match counts.
    """

    __slots__ = ("event", "place", "reason", "root", "rule", "shadowed_by")

    def __init__(self, rule: Rule, place: Place, event: EventFacts, root: Finding | None, reason: str) -> None:
        """Keep the parts."""
        self.rule = rule
        self.place = place
        self.event = event
        self.root = root
        self.reason = reason
        self.shadowed_by = ""

    @property
    def matches(self) -> bool:
        """Whether the rule's condition holds for the event."""
        return self.root is not None and self.root.holds

    def as_json(self) -> dict[str, object]:
        """Return the explanation for programs."""
        return {
            "rule": self.rule.name,
            "place": place_json(self.place),
            "enabled": self.rule.enabled,
            "event": self.event.as_json(),
            "matches": self.matches,
            "reason": self.reason,
            "shadowed_by": self.shadowed_by or None,
            "condition": None if self.root is None else self.root.as_json(),
        }

    def short_json(self) -> dict[str, object]:
        """Return the verdict without the tree."""
        return {
            "rule": self.rule.name,
            "matches": self.matches,
            "reason": self.reason,
            "shadowed_by": self.shadowed_by or None,
        }


def place_json(place: Place) -> dict[str, object]:
    """Return a place for programs."""
    return {"file": place.name, "line": place.line, "column": place.column}
