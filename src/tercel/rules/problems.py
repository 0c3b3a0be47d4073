"""What can be wrong with a rules file: codes, places, and the result of reading one file as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mypy_extensions import i32

if TYPE_CHECKING:
    from tercel.rules.yamltree import YamlNode

# Of each file, this many errors and as many warnings are kept.
MAX_PROBLEMS: Final = 500
SNIPPET_WIDTH: Final = 160
_HALF: Final = SNIPPET_WIDTH // 2
_NAME_WIDTH: Final = 20

# Error codes and their short texts.
ERRORS: Final[dict[str, str]] = {
    "LOAD_ERR_FILE_READ": "File read error",
    "LOAD_ERR_YAML_PARSE": "YAML parse error",
    "LOAD_ERR_YAML_VALIDATE": "Error validating internal structure of YAML file",
    "LOAD_ERR_COMPILE_CONDITION": "Error compiling condition",
    "LOAD_ERR_COMPILE_OUTPUT": "Error compiling output",
    "LOAD_ERR_VALIDATE": "Error validating rule/macro/list/exception objects",
    "LOAD_ERR_EXTENSION": "Error in extension item",
}

# Warning codes: short text, and the sentence that JSON results carry.
WARNINGS: Final[dict[str, tuple[str, str]]] = {
    "LOAD_UNKNOWN_SOURCE": (
        "Unknown event source",
        "The rule is for an event source that is not loaded; it is left out.",
    ),
    "LOAD_UNSAFE_NA_CHECK": (
        "Unsafe <NA> comparison in condition",
        "A comparison with <NA> does not tell whether a field has a value; `exists` does.",
    ),
    "LOAD_NO_EVTTYPE": (
        "Condition has no event-type restriction",
        "The condition can match more than a hundred event types, so it is evaluated for nearly every event.",
    ),
    "LOAD_UNKNOWN_FILTER": (
        "Unknown field or event-type in condition or output",
        "The rule names a field or an event type that does not exist and asks to be skipped in that case.",
    ),
    "LOAD_UNUSED_MACRO": ("Unused macro", "No macro and no rule refers to this macro."),
    "LOAD_UNUSED_LIST": ("Unused list", "No list, macro or rule refers to this list."),
    "LOAD_UNKNOWN_ITEM": ("Unknown rules file item", "The item is of no known kind; it is left out."),
    "LOAD_DEPRECATED_ITEM": ("Used deprecated item", "Something is used that has a newer replacement."),
    "LOAD_WARNING_EXTENSION": ("Warning in extension item", "An extension has something to say about its item."),
    "LOAD_APPEND_NO_VALUES": (
        "Overriding/appending with no values",
        "An exception is appended to or overridden without any values.",
    ),
    "LOAD_EXCEPTION_NAME_NOT_UNIQUE": (
        "Multiple exceptions defined with the same name",
        "A rule has two exceptions of one name.",
    ),
    "LOAD_INVALID_MACRO_NAME": ("Invalid macro name", "No condition can refer to a macro of this name."),
    "LOAD_INVALID_LIST_NAME": ("Invalid list name", "No condition can refer to a list of this name."),
    "LOAD_COMPILE_CONDITION": ("Warning in rule condition", "The condition may not mean what it seems to."),
    "LOAD_UNKNOWN_KEY": (
        "Unknown key in item definition",
        "The key has no meaning in this kind of item and is ignored; it may be misspelt.",
    ),
}


class Location:
    """One step of the way to a problem: what kind of item, its name, and where it stands (counted from 0)."""

    __slots__ = ("column", "item_name", "item_type", "line", "name", "offset")

    def __init__(self, name: str, item_type: str, item_name: str, line: i32, column: i32, offset: i32) -> None:
        """Keep the values; `name` is the file, or the quoted beginning of a condition."""
        self.name: str = name
        self.item_type: str = item_type
        self.item_name: str = item_name
        self.line: i32 = line
        self.column: i32 = column
        self.offset: i32 = offset

    def text(self) -> str:
        """Return the location as the verbose text shows it."""
        name = f" '{self.item_name}'" if self.item_name else ""
        return f"{self.item_type}{name}: ({self.name}:{self.line}:{self.column})"

    def as_json(self) -> dict[str, object]:
        """Return the location as JSON results show it."""
        position = {"name": self.name, "line": self.line, "column": self.column, "offset": self.offset}
        return {"item_type": self.item_type, "item_name": self.item_name, "position": position}


class Place:
    """A place in a file as people count: line and column from 1, and the line's text."""

    __slots__ = ("column", "line", "line_text", "name")

    def __init__(self, name: str, content: str, offset: int) -> None:
        """Find the line that holds the offset."""
        offset = min(max(offset, 0), len(content))
        start = content.rfind("\n", 0, offset) + 1
        end = content.find("\n", offset)
        self.name = name
        self.line = content.count("\n", 0, offset) + 1
        self.column = offset - start + 1
        self.line_text = content[start : end if end >= 0 else len(content)].rstrip("\r")


class ProblemContext:
    """The chain of locations that leads to a problem, from the last one upwards, and the texts that it points into.

    `content` is the file's text. `condition` is set when the last location points into a condition, and `place` is
    the offset of what is meant, as exactly as it is known, in the file `place_file`: a rule of one file may fail for
    what another one appends to it.
    """

    __slots__ = (
        "_column",
        "_item_name",
        "_item_type",
        "_line",
        "_name",
        "_offset",
        "condition",
        "content",
        "file",
        "parent",
        "place",
        "place_content",
        "place_file",
    )

    def __init__(
        self,
        parent: ProblemContext | None,
        content: str,
        name: str,
        item_type: str,
        item_name: str,
        line: i32,
        column: i32,
        offset: i32,
    ) -> None:
        """Go one step on from the parent."""
        self.parent: ProblemContext | None = parent
        self._name: str = name
        self._item_type: str = item_type
        self._item_name: str = item_name
        self._line: i32 = line
        self._column: i32 = column
        self._offset: i32 = offset
        self.file: str = name if parent is None else parent.file
        self.content: str = content
        self.condition: str = ""
        self.place: i32 = offset
        self.place_file: str = self.file
        self.place_content: str = content

    @staticmethod
    def of_file(name: str, content: str) -> ProblemContext:
        """Return the context of a whole file."""
        return ProblemContext(None, content, name, "rules content", "", 0, 0, 0)

    @property
    def last(self) -> Location:
        """The last location."""
        return Location(self._name, self._item_type, self._item_name, self._line, self._column, self._offset)

    @property
    def locations(self) -> tuple[Location, ...]:
        """The locations from the file to the last one."""
        found: list[Location] = []
        step: ProblemContext | None = self
        while step is not None:
            found.append(step.last)
            step = step.parent
        return tuple(reversed(found))

    def within(self, node: YamlNode, item_type: str, item_name: str = "") -> ProblemContext:
        """Return the context of a node below this one."""
        return self.at(item_type, item_name, node.line, node.column, node.offset)

    def at(self, item_type: str, item_name: str, line: i32, column: i32, offset: i32) -> ProblemContext:
        """Return the context of a place below this one."""
        return ProblemContext(self, self.content, self.file, item_type, item_name, line, column, offset)

    def at_place(self, place: int) -> ProblemContext:
        """Return this context with another place in its file."""
        other = ProblemContext(
            self.parent,
            self.content,
            self._name,
            self._item_type,
            self._item_name,
            self._line,
            self._column,
            self._offset,
        )
        other.place = place
        return other

    def in_condition(self, condition: str, index: int, line: int, column: int, place: int) -> ProblemContext:
        """Return the context of a place in a condition's text (index from 0; line and column from 1)."""
        name = condition if len(condition) <= _NAME_WIDTH else condition[: _NAME_WIDTH - 3] + "..."
        name = '"' + name.replace("\n", " ").replace("\r", " ") + '"'
        other = ProblemContext(
            self,
            self.content,
            name,
            "condition expression",
            "",
            self._line + line,
            self._column + column,
            self._offset + index,
        )
        other.place = place
        other.condition = condition
        return other

    def snippet(self) -> str:
        """Return the line that holds the problem and, below it, a caret."""
        if self.condition and self.parent is not None:
            return snippet(self.condition, self._offset - self.parent._offset)  # noqa: SLF001 - of its own class
        return snippet(self.content, self._offset)

    def where(self) -> Place:
        """Return the place in the file, for people."""
        return Place(self.place_file, self.place_content, self.place)


def snippet(content: str, offset: int) -> str:
    """Return the line around an offset, cut to the snippet's width, and a caret line."""
    at = min(offset, len(content) - 1)
    while at > 0 and content[at] == "\n":
        at -= 1
    if at < 0:
        return "<No context available>\n"
    start = content.rfind("\n", 0, at + 1) + 1
    end = content.find("\n", at)
    if end < 0:
        end = len(content)
    before, after = "", ""
    if at - start >= _HALF:
        start, before = at - _HALF, "..."
    if end - at > _HALF:
        end, after = at + _HALF + 1, "..."
    line = content[start:end].rstrip("\r")
    if not line:
        return "<No context available>\n"
    if before:
        line = before + line[3:]
    if after:
        line = line[:-3] + after
    return f"{line}\n{' ' * (at - start)}^\n"


class Problem:
    """One error or warning, with the nearest known name where a name is unknown."""

    __slots__ = ("code", "context", "deprecated_field", "hint", "message")

    def __init__(self, code: str, message: str, context: ProblemContext, hint: str = "") -> None:
        """Keep the values."""
        self.code = code
        self.message = message
        self.context = context
        self.hint = hint
        self.deprecated_field = ""

    @property
    def is_error(self) -> bool:
        """Whether the file cannot be loaded because of this."""
        return self.code in ERRORS

    @property
    def short(self) -> str:
        """The code's short text."""
        return ERRORS[self.code] if self.is_error else WARNINGS[self.code][0]

    def items(self) -> list[Location]:
        """Return the named items that the problem is in, from the inner to the outer."""
        named = [place for place in self.context.locations if place.item_name and place.item_type != "value for"]
        return named[::-1]

    @property
    def item(self) -> Location:
        """The innermost named item that the problem is in, else the last location."""
        return (self.items() or [self.context.last])[0]

    def key(self) -> tuple[str, str, str, int, str]:
        """Return what tells this problem from others, so that none is reported twice."""
        return self.code, self.message, self.context.place_file, self.context.place, self.item.item_name

    def text(self) -> str:
        """Return the verbose text of the problem."""
        steps = "\n    ".join(location.text() for location in self.context.locations)
        hint = f"\nhint: {self.hint}" if self.hint else ""
        return f"In {steps}\n------\n{self.context.snippet()}------\n{self.code} ({self.short}): {self.message}{hint}\n"

    def as_json(self) -> dict[str, object]:
        """Return the problem as JSON results show it."""
        where = self.context.where()
        result: dict[str, object] = {
            "code": self.code,
            "codedesc": self.short if self.is_error else WARNINGS[self.code][1],
            "message": self.message,
            "context": {
                "locations": [location.as_json() for location in self.context.locations],
                "snippet": self.context.snippet(),
            },
            "place": {"file": where.name, "line": where.line, "column": where.column},
        }
        if self.hint:
            result["hint"] = self.hint
        if self.deprecated_field:
            result["deprecated_field"] = self.deprecated_field
        return result


class ProblemError(Exception):
    """Carries a problem out of the reading of one item."""

    def __init__(self, problem: Problem) -> None:
        """Keep the problem."""
        super().__init__(problem.message)
        self.problem = problem


class FileResult:
    """What came of loading one file."""

    def __init__(self, name: str) -> None:
        """Start without problems."""
        self.name = name
        self.errors: list[Problem] = []
        self.warnings: list[Problem] = []
        self.omitted = 0

    @property
    def successful(self) -> bool:
        """Whether the file has no error."""
        return not self.errors

    def add(self, problem: Problem) -> None:
        """Take a problem in; those beyond the limit are only counted."""
        problems = self.errors if problem.is_error else self.warnings
        if len(problems) < MAX_PROBLEMS:
            problems.append(problem)
        else:
            self.omitted += 1

    def heading(self) -> str:
        """Return the file's name and its verdict."""
        if self.errors:
            return f"{self.name}: Invalid"
        return f"{self.name}: Ok, with warnings" if self.warnings else f"{self.name}: Ok"

    def summary(self) -> str:
        """Return the verdict and the codes."""
        text = self.heading()
        for kind, problems in (("errors", self.errors), ("warnings", self.warnings)):
            if problems:
                codes = " ".join(f"{problem.code} ({problem.short})" for problem in problems)
                text += f"\n {len(problems)} {kind}: [{codes}]"
        return text

    def verbose(self) -> str:
        """Return the verdict and every problem with its context."""
        text = self.heading()
        for kind, problems in (("Errors", self.errors), ("Warnings", self.warnings)):
            if problems:
                text += f"\n{len(problems)} {kind}:\n" + "".join(problem.text() for problem in problems)
        return text

    def as_json(self) -> dict[str, object]:
        """Return the result as an entry of `falco_load_results`."""
        return {
            "name": self.name,
            "successful": self.successful,
            "errors": [problem.as_json() for problem in self.errors],
            "warnings": [problem.as_json() for problem in self.warnings],
        }
