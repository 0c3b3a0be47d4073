"""Output formats: text with `%field`, `%10field` and `%transformer(...)` in it, applied to event after event.

A field ends where the longest known name ends: `%proc.nameand` prints the name and then `and`. A number before the
name is a width: the value is padded with blanks, or cut. A leading `*` prints fields without a value as `<NA>`;
without it such an event prints nothing. There is no escape for a percent sign.
"""

from __future__ import annotations

import re
from typing import Final

from tercel.fields.base import Extractor, FieldError
from tercel.fields.registry import Registry
from tercel.filters.ast import TRANSFORMERS_MULTIPLE, TRANSFORMERS_SINGLE, Expression, fields_of
from tercel.filters.canonical import expression_text
from tercel.filters.errors import FilterError
from tercel.filters.expressions import compile_expression
from tercel.filters.parser import parse_expression
from tercel.state.context import Context

MISSING: Final = "<NA>"
MAX_WIDTH: Final = 10_000

_WIDTH: Final = re.compile(r"[0-9]+")
_TRANSFORMER: Final = re.compile(rf"(?:{'|'.join((*TRANSFORMERS_SINGLE, *TRANSFORMERS_MULTIPLE))})(?=\()")
# A field without a width and whatever else may be asked of it, up to where no name goes on.
_PLAIN_FIELD: Final = re.compile(r"%([a-z][a-z0-9_]*+(?:\.[a-z0-9_]++)*+(?:\[[0-9]++\])?+)(?![\w.\[])")
_MOST_MISTAKES: Final = 20
_TOKEN: Final = re.compile(r"[A-Za-z0-9_.]+(?:\[[^\]]*\])?")


class FormatError(ValueError):
    """A format that cannot be used: the message, where in the text, and the name that is unknown, if one is."""

    def __init__(self, message: str, index: int, name: str = "") -> None:
        """Keep the parts."""
        super().__init__(message)
        self.message: str = message
        self.index: int = index
        self.name: str = name


class FormatChecker:
    """Tells what is wrong with many formats; fields that are good in one of them are not looked into again."""

    def __init__(self, registry: Registry) -> None:
        """Check for the fields of a registry."""
        self._registry: Registry = registry
        self._good: set[str] = set()

    def mistakes(self, text: str) -> list[FormatError]:
        """Return what is wrong: a name that is unknown hides those behind it, so it is taken out for the next look."""
        found: list[FormatError] = []
        while len(found) < _MOST_MISTAKES and not self._is_good(text):
            try:
                OutputFormat(text, self._registry)
            except FormatError as error:
                found.append(error)
                percent = text.rfind("%", 0, error.index)
                if percent < 0 or not error.name:
                    break
                text = f"{text[:percent]} {text[percent + 1 :]}"
            else:
                break
        return found

    def _is_good(self, text: str) -> bool:
        """Return whether nothing but plain fields stands in the text, and all of them exist."""
        names = _PLAIN_FIELD.findall(text)
        if len(names) != text.count("%"):
            return False
        for name in names:
            if name not in self._good:
                try:
                    OutputFormat(f"*%{name}", self._registry)
                except FormatError:
                    return False
                self._good.add(name)
        return True


class Token:
    """A field or transformer in a format: what stands before it, what prints it, and what JSON shows of it."""

    def __init__(self, before: str, extractor: Extractor, width: int, fields: list[Extractor]) -> None:
        """Keep the parts; a width of 0 prints the whole value."""
        self.before: str = before
        self.extractor: Extractor = extractor
        self.width: int = width
        self.fields: list[Extractor] = fields


class OutputFormat:
    """A compiled format."""

    def __init__(self, text: str, registry: Registry) -> None:
        """Compile the text; raise FormatError where it names what the registry does not have."""
        self.prints_missing: bool = text.startswith("*")
        self.tokens: list[Token] = []
        self.rest: str = ""
        self._compile(text, registry, 1 if self.prints_missing else 0)

    def text(self, ctx: Context) -> str | None:
        """Return the text for an event; None when a value is missing and the format does not print such events."""
        pieces: list[str] = []
        for token in self.tokens:
            value = token.extractor.shown(ctx)
            if value is None:
                if not self.prints_missing:
                    return None
                value = MISSING
            if token.width:
                value = value[: token.width].ljust(token.width)
            pieces.append(token.before)
            pieces.append(value)
        pieces.append(self.rest)
        return "".join(pieces)

    def fields(self, ctx: Context) -> dict[str, object]:
        """Return the values of the fields by their text, in order, ready for JSON; also those inside transformers."""
        values: dict[str, object] = {}
        for token in self.tokens:
            for field in token.fields:
                values[field.text] = field.json_value(ctx)
        return values

    def names(self) -> list[str]:
        """Return the fields of the format, each once, in order."""
        return list(dict.fromkeys(field.text for token in self.tokens for field in token.fields))

    def _compile(self, text: str, registry: Registry, start: int) -> None:
        done = start
        at = text.find("%", start)
        while at >= 0:
            before = text[done:at]
            at += 1
            found = _WIDTH.match(text, at)
            width = 0
            if found is not None:
                width = _width(found[0], at)
                at = found.end()
            if at >= len(text):
                end = "a number" if width or found is not None else "a %"
                raise FormatError(f"invalid formatting syntax: formatting cannot end with {end}", at - 1)
            token, done = _token(text, at, registry, before, width)
            self.tokens.append(token)
            at = text.find("%", done)
        self.rest = text[done:]


def _width(digits: str, at: int) -> int:
    width = int(digits[:9])
    if width > MAX_WIDTH or len(digits) > 9:
        raise FormatError(f"invalid formatting syntax: a width is at most {MAX_WIDTH}", at)
    return width


def _token(text: str, at: int, registry: Registry, before: str, width: int) -> tuple[Token, int]:
    """Return the token that begins at `at` and where it ends."""
    if _TRANSFORMER.match(text, at) is not None:
        expression, end = _expression(text, at)
        extractor = _compiled(expression, registry, at)
        fields = [registry.bind(field.text) for field in fields_of(expression)]
        return Token(before, extractor, width, fields), end
    found = registry.longest_field(text, at)
    if found is None:
        token = _TOKEN.match(text, at)
        name = token[0] if token is not None else text[at : at + 1]
        raise FormatError(f"invalid formatting token {name}", at, name)
    name, end = found
    field = _bound(name, registry, at)
    # The key in JSON is the text that the field took, which is none where the name is printed as well.
    field.text = text[at:end]
    return Token(before, field, width, [field]), end


def _bound(name: str, registry: Registry, at: int) -> Extractor:
    try:
        return registry.bind(name)
    except FieldError:
        raise FormatError(f"invalid formatting token {name}", at, name) from None


def _expression(text: str, at: int) -> tuple[Expression, int]:
    try:
        return parse_expression(text, at)
    except FilterError as error:
        raise FormatError(f"invalid formatting token {text[at : error.index + 1]}: {error.message}", at) from None


def _compiled(expression: Expression, registry: Registry, at: int) -> Extractor:
    try:
        return compile_expression(expression, registry)
    except FilterError as error:
        text = expression_text(expression)
        raise FormatError(f"invalid formatting token {text}: {error.message}", at, error.name) from None
