"""Lists, macros, rules and exceptions as the files define them, before anything is compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tercel.rules.priorities import DEBUG

if TYPE_CHECKING:
    from tercel.rules.problems import ProblemContext

SYSCALL: Final = "syscall"


class TextPart:
    """A piece of a condition's text, and the context of the YAML value that it was written in."""

    __slots__ = ("context", "length", "start")

    def __init__(self, start: int, length: int, context: ProblemContext) -> None:
        """Keep the values."""
        self.start = start
        self.length = length
        self.context = context


class SourceText:
    """A text put together from values in files; appending keeps in mind where each piece came from.

    The pieces are joined when the text is asked for: a file may append to one condition a hundred thousand times.
    """

    __slots__ = ("_length", "_pieces", "parts")

    def __init__(self, text: str, context: ProblemContext) -> None:
        """Start with one value."""
        self._pieces = [text]
        self._length = len(text)
        self.parts = [TextPart(0, len(text), context)]

    @property
    def text(self) -> str:
        """The whole text."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0]

    def append(self, other: SourceText, joint: str = " ") -> None:
        """Add another text after `joint`."""
        shift = self._length + len(joint)
        text = other.text
        self._pieces += (joint, text)
        self._length = shift + len(text)
        self.parts += [TextPart(shift + part.start, part.length, part.context) for part in other.parts]

    def wrapped(self, before: str, after: str) -> SourceText:
        """Return this text between two texts that no file holds."""
        result = SourceText(before + self.text + after, self.parts[0].context)
        result.parts = [TextPart(len(before) + part.start, part.length, part.context) for part in self.parts]
        return result

    def part_at(self, index: int) -> TextPart:
        """Return the piece that holds an index, else the last one that begins before it."""
        found = self.parts[0]
        for part in self.parts:
            if part.start > index:
                break
            found = part
        return found


class ListDef:
    """A list: its items as written, and its place in the order of definitions."""

    __slots__ = ("context", "index", "items", "name", "visibility")

    def __init__(self, name: str, items: list[str], context: ProblemContext) -> None:
        """Keep the values; the collection sets the order."""
        self.name = name
        self.items = items
        self.context = context
        self.index = 0
        self.visibility = 0


class MacroDef:
    """A macro: its condition, and its place in the order of definitions."""

    __slots__ = ("condition", "condition_context", "context", "index", "name", "visibility")

    def __init__(self, name: str, condition: SourceText, context: ProblemContext) -> None:
        """Keep the values; the collection sets the order."""
        self.name = name
        self.condition = condition
        self.context = context
        self.condition_context = condition.parts[0].context
        self.index = 0
        self.visibility = 0


# Shared by all entries that are no lists.
_NO_ENTRIES: Final[list[ExceptionEntry]] = []


class ExceptionEntry:
    """A scalar or a sequence of entries, as the parts of exceptions are."""

    __slots__ = ("is_list", "item", "items")

    def __init__(self, item: str = "", items: list[ExceptionEntry] | None = None) -> None:
        """Make a list when `items` is given."""
        self.item = item
        self.is_list = items is not None
        self.items: list[ExceptionEntry] = items if items is not None else _NO_ENTRIES

    @property
    def is_valid(self) -> bool:
        """Whether there is anything in it."""
        return bool(self.items) if self.is_list else bool(self.item)


class ExceptionDef:
    """An exception of a rule: fields, operators and the values that are excepted."""

    __slots__ = ("comps", "context", "fields", "name", "values")

    def __init__(self, name: str, context: ProblemContext) -> None:
        """Make an exception without content."""
        self.name = name
        self.context = context
        self.fields = ExceptionEntry()
        self.comps = ExceptionEntry()
        self.values: list[ExceptionEntry] = []


class RuleDef:
    """A rule as the files define it."""

    def __init__(self, name: str, context: ProblemContext) -> None:
        """Make a rule with the defaults of a full definition."""
        self.name = name
        self.context = context
        self.condition = SourceText("", context)
        self.condition_context = context
        self.output = ""
        self.output_context = context
        self.desc = ""
        self.priority = DEBUG
        self.source = SYSCALL
        self.enabled = True
        self.tags: list[str] = []  # sorted, each once
        self.exceptions: list[ExceptionDef] = []
        self.warn_evttypes = True
        self.skip_if_unknown_filter = False
        self.capture = False
        self.capture_duration = 0
        self.unknown_source = False
        self.exit_only = False
        self.index = 0
        self.visibility = 0


class RuleUpdate:
    """What an append or an override changes; None is what it leaves alone."""

    def __init__(self, name: str, context: ProblemContext) -> None:
        """Start with no change."""
        self.name = name
        self.context = context
        self.source = ""
        self.condition: SourceText | None = None
        self.output: str | None = None
        self.output_context: ProblemContext | None = None
        self.desc: str | None = None
        self.priority: int | None = None
        self.tags: list[str] | None = None
        self.exceptions: list[ExceptionDef] | None = None
        self.enabled: bool | None = None
        self.warn_evttypes: bool | None = None
        self.skip_if_unknown_filter: bool | None = None
        self.capture: bool | None = None
        self.capture_duration: int | None = None

    # What a replacement sets in the rule as it is; conditions and outputs also change what problems refer to.
    PLAIN: Final = (
        "desc",
        "priority",
        "tags",
        "exceptions",
        "enabled",
        "warn_evttypes",
        "skip_if_unknown_filter",
        "capture",
        "capture_duration",
    )

    @property
    def is_empty(self) -> bool:
        """Whether nothing is changed."""
        return (
            self.condition is None and self.output is None and all(getattr(self, name) is None for name in self.PLAIN)
        )
