"""Constants that are probably a mistake: they work, but not as their author meant."""

from __future__ import annotations

import re
from typing import Final

from tercel.fields.base import FieldError
from tercel.fields.registry import Registry
from tercel.filters.ast import TRANSFORMERS_MULTIPLE, TRANSFORMERS_SINGLE, Position
from tercel.filters.errors import FilterWarning
from tercel.filters.tokens import FIELD

_SPECIAL: Final = frozenset(".+*?^$()[]{}|\\")
_BLANKS: Final = re.compile(r"\s+")
_TRANSFORMERS: Final = ("val", *TRANSFORMERS_SINGLE, *TRANSFORMERS_MULTIPLE)


class ConstantHints:
    """Looks at constants with the fields of a registry in mind."""

    def __init__(self, registry: Registry) -> None:
        """Know the classes of fields: most constants with a dot in them begin with no name of one."""
        self._registry: Registry = registry
        self._classes: set[str] = {spec.name[: spec.name.index(".")] for spec in registry.specs() if "." in spec.name}

    def of(self, operator: str, value: str, pos: Position) -> list[FilterWarning]:
        """Return what is suspicious about one constant."""
        if operator != "regex" and "." not in value and ")" not in value:
            return []
        messages: list[str] = []
        if operator == "regex" and _is_simple_pattern(value):
            messages.append(
                f"regex check with '{value}' may be optimized with simpler operators such as "
                "'=', 'contains', 'startswith', 'endswith'"
            )
        if "." in value and self._is_field(_BLANKS.sub("", value)):
            messages.append(f"'{value}' may be a valid field misused as a const string value")
        if ")" in value and _is_transformer(_BLANKS.sub("", value)):
            messages.append(f"'{value}' may be a valid field transformer misused as a const string value")
        return [FilterWarning(message, pos.index, pos.line, pos.column) for message in messages]

    def _is_field(self, text: str) -> bool:
        if text[: text.index(".")] not in self._classes or FIELD.match(text) is None:
            return False
        try:
            self._registry.bind(text)
        except FieldError:
            return False
        return True


def _is_simple_pattern(pattern: str) -> bool:
    """Return whether anchors and a `.*` at either end are all that is special about an expression."""
    last = len(pattern) - 1
    at = 0
    while at <= last:
        char = pattern[at]
        if (at == 0 and char == "^") or (at == last and char == "$"):
            at += 1
        elif char == "." and (at in {0, last - 1}) and at < last and pattern[at + 1] in "+*?":
            at += 2
        elif char in _SPECIAL:
            return False
        else:
            at += 1
    return True


def _is_transformer(text: str) -> bool:
    return text.endswith(")") and any(text.startswith(f"{name}(") for name in _TRANSFORMERS)
