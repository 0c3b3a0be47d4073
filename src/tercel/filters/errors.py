"""What can be wrong with a condition, and where."""

from __future__ import annotations

from typing import Final

# What kind of mistake a FilterError reports.
SYNTAX: Final = "syntax"  # the text is no condition
SEMANTIC: Final = "semantic"  # it is one, but a field, type, operator or constant does not fit
UNKNOWN_FIELD: Final = "field"  # `name` is no field
UNKNOWN_EVENT: Final = "event"  # `name` is no event type
UNKNOWN_MACRO: Final = "macro"  # `name` is no macro that is visible here
MACRO_LOOP: Final = "loop"  # the macro `name` uses itself


class FilterError(ValueError):
    """A condition that cannot be used: the message, the place in the text, the kind and the offending name.

    `index` counts characters from 0, `line` and `column` from 1. `str()` gives the message alone, `located()`
    the message behind its place, as a stand-alone filter reports it.
    """

    def __init__(
        self,
        message: str,
        index: int = 0,
        line: int = 1,
        column: int = 1,
        kind: str = SYNTAX,
        name: str = "",
    ) -> None:
        """Keep the parts; `name` is what a nearest-name hint would look up."""
        super().__init__(message)
        self.message: str = message
        self.index: int = index
        self.line: int = line
        self.column: int = column
        self.kind: str = kind
        self.name: str = name

    @property
    def is_syntax(self) -> bool:
        """Whether the text does not parse, rather than not fit."""
        return self.kind == SYNTAX

    def located(self) -> str:
        """Return the message with its place."""
        return f"filter error at index {self.index}, line {self.line}, column {self.column}: {self.message}"


class FilterWarning:
    """A condition that works, but probably not as its author meant."""

    def __init__(self, message: str, index: int, line: int, column: int) -> None:
        """Keep the message and its place."""
        self.message: str = message
        self.index: int = index
        self.line: int = line
        self.column: int = column

    def __repr__(self) -> str:
        """Return the place and the message, for test reports."""
        return f"FilterWarning({self.line}:{self.column} {self.message!r})"
