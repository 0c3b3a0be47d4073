"""All fields of a source by name, and the binding of field expressions such as `proc.aname[2]` or `evt.arg.flags`.

`Registry.syscall()` collects the groups that the class modules declare (see `tercel.fields.base`). The texts of the
errors are those that Falco's users know; conditions and output formats share them.
"""

from __future__ import annotations

import importlib
from typing import Final

from tercel.events.names import syscall_numbers
from tercel.events.table import EVENT_IDS, EVENTS
from tercel.fields.base import (
    FF_ANY,
    FF_ARG_ALLOWED,
    FF_ARG_DOTTED,
    FF_ARG_INDEX,
    FF_ARG_KEY,
    FF_ARG_REQUIRED,
    FF_WITHIN,
    Extractor,
    FieldError,
    FieldGroup,
    FieldSpec,
)
from tercel.fields.options import ALERT_OPTIONS, RenderOptions

MODULES: Final[tuple[str, ...]] = (
    "evt_meta",
    "evt",
    "process",
    "user",
    "fd",
    "fdlist",
    "fspath",
    "syslog",
    "container",
    "k8s",
    "legacy",
    "tracers",
)

_ANY_ARG: Final = FF_ARG_REQUIRED | FF_ARG_ALLOWED
_ANCESTORS: Final = FF_ANY | FF_ARG_ALLOWED
# Fields whose dotted argument is the name of an event parameter, and one that takes these words.
_PARAMETER_FIELDS: Final = frozenset({"evt.arg", "evt.rawarg"})
_DOTTED: Final[dict[str, tuple[str, ...]]] = {"evt.abspath": ("src", "dst")}
_INT32_MAX: Final = (1 << 31) - 1


def number(text: str) -> int:
    """Return a field argument's number, or raise FieldError: decimal digits with an optional minus, 32 bits."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 10 or int(digits) > _INT32_MAX:
        msg = f"{text} is not a valid number"
        raise FieldError(msg)
    return int(text)


def is_event_name(text: str) -> bool:
    """Return whether `text` names an event type or a system call that generic events report."""
    return text in EVENT_IDS or text in syscall_numbers()


class Registry:
    """The fields that conditions and formats may name."""

    def __init__(self, groups: list[FieldGroup], options: RenderOptions = ALERT_OPTIONS) -> None:
        """Index the groups' rows; a later group's row replaces an earlier one of the same name."""
        self.options: RenderOptions = options
        self._groups: list[FieldGroup] = []
        self._rows: dict[str, tuple[FieldSpec, type[Extractor]]] = {}
        self._param_names: list[str] | None = None
        self._exit_only: Registry | None = None
        for group in groups:
            self.add(group)

    @staticmethod
    def syscall(options: RenderOptions = ALERT_OPTIONS) -> Registry:
        """Return a registry of all built-in classes of the syscall source; the options say how values are shown."""
        groups: list[FieldGroup] = []
        for name in MODULES:
            groups.extend(importlib.import_module(f"tercel.fields.{name}").GROUPS)
        return Registry(groups, options)

    def add(self, group: FieldGroup) -> None:
        """Add a class of fields."""
        self._groups.append(group)
        self._exit_only = None
        for row in group.rows:
            self._rows[row[0].name] = row

    def exit_only(self) -> Registry:
        """Return the registry for rules that know exits only: there these have all parameters of their calls."""
        other = self._exit_only
        if other is None:
            other = Registry(self._groups, self.options.with_present_exits())
            self._exit_only = other
        return other

    def groups(self) -> list[FieldGroup]:
        """Return the classes in the order in which they were added."""
        return list(self._groups)

    def specs(self) -> list[FieldSpec]:
        """Return the declarations of all fields."""
        return [row[0] for row in self._rows.values()]

    def spec(self, name: str) -> FieldSpec | None:
        """Return the declaration of a field given without argument, or None."""
        row = self._rows.get(name)
        return None if row is None else row[0]

    def bind(self, text: str) -> Extractor:
        """Return the extractor of a field expression: `name`, `name[arg]` (quotes around arg allowed), `name.arg`."""
        bracket = text.find("[")
        if bracket < 0:
            return self.bind_parts(text, None)
        if not text.endswith("]"):
            msg = f"filter_check called with nonexistent field {text}"
            raise FieldError(msg)
        return self.bind_parts(text[:bracket], _unquoted(text[bracket + 1 : -1]))

    def bind_parts(self, name: str, arg: str | None) -> Extractor:
        """Return the extractor of a field whose bracketed argument, if any, is already apart."""
        text = name if arg is None else f"{name}[{arg}]"
        row = self._rows.get(name)
        if row is None and arg is None:
            return self._bind_dotted(text)
        if row is None or (arg is not None and not row[0].flags & _ANY_ARG):
            raise _nonexistent(text)
        spec = row[0]
        if arg is None:
            if spec.flags & FF_ARG_REQUIRED:
                msg = f"filter syntax error: {text}"
                raise FieldError(msg)
        elif not spec.flags & (FF_ARG_INDEX | FF_ARG_KEY):
            msg = f"filter syntax error: {text}"
            raise FieldError(msg)
        elif not spec.flags & (FF_ARG_KEY | FF_WITHIN):
            number(arg)
        return self._make(row, arg, text)

    def longest_field(self, text: str, start: int) -> tuple[str, int] | None:
        """Return the longest field expression that begins at `start` and where it ends, or None.

        Output formats have no mark for the end of a field: `%proc.nameand` prints the name followed by `and`, and
        brackets belong to the field only where it takes an argument. A field that stands for all ancestors
        (`%proc.aname`) ends where it begins unless it ends the text: Falco prints its value, then its name.
        """
        end = _word_end(text, start)
        while end > start:
            row = self._rows.get(text[start:end])
            if row is not None:
                stop = self._argument_end(text, end, row[0])
                if stop == end < len(text) and row[0].flags & _ANCESTORS == _ANCESTORS:
                    return text[start:end], start
                return text[start:stop], stop
            end -= 1
        return None

    def nearest(self, name: str) -> str | None:
        """Return the known field name most like `name`, or None when none is near."""
        import difflib  # only a mistake pays for it

        base = name.split("[", 1)[0]
        found = difflib.get_close_matches(base, self._rows, n=1, cutoff=0.7)
        return found[0] if found else None

    def _make(self, row: tuple[FieldSpec, type[Extractor]], arg: str | None, text: str) -> Extractor:
        extractor = row[1](row[0], arg, text)
        extractor.options = self.options
        return extractor

    def _bind_dotted(self, text: str) -> Extractor:
        dot = text.rfind(".")
        while dot > 0:
            row = self._rows.get(text[:dot])
            if row is not None:
                if not row[0].flags & FF_ARG_DOTTED or dot + 1 == len(text):
                    break
                return self._make(row, text[dot + 1 :], text)
            dot = text.rfind(".", 0, dot)
        raise _nonexistent(text)

    def _argument_end(self, text: str, end: int, spec: FieldSpec) -> int:
        if end >= len(text):
            return end
        if text[end] == "[" and spec.flags & (FF_ARG_INDEX | FF_ARG_KEY):
            return _bracket_end(text, end)
        if text[end] == "." and spec.flags & FF_ARG_DOTTED:
            return self._dotted_end(text, end, spec)
        return end

    def _dotted_end(self, text: str, end: int, spec: FieldSpec) -> int:
        """Return where a dotted argument ends: after the longest name that the field knows, else after the word."""
        known = _DOTTED.get(spec.name)
        if known is None and spec.name not in _PARAMETER_FIELDS:
            stop = _word_end(text, end + 1)
            return stop if stop > end + 1 else end
        best = end
        for name in self._parameter_names() if known is None else known:
            if end + 1 + len(name) > best and text.startswith(name, end + 1):
                best = end + 1 + len(name)
        return best if best > end or known is not None else _word_end(text, end)

    def _parameter_names(self) -> list[str]:
        names = self._param_names
        if names is None:
            names = sorted({param.name for info in EVENTS for param in info.params})
            self._param_names = names
        return names


def _nonexistent(text: str) -> FieldError:
    return FieldError(f"filter_check called with nonexistent field {text}")


def _unquoted(arg: str) -> str:
    if len(arg) >= 2 and arg[0] in "'\"" and arg[-1] == arg[0]:
        return arg[1:-1]
    return arg


def _word_end(text: str, start: int) -> int:
    end = start
    while end < len(text) and (text[end].isalnum() or text[end] in "._"):
        end += 1
    return end


def _bracket_end(text: str, start: int) -> int:
    """Return the offset after the bracketed argument that begins at `start`, or `start` when it never closes."""
    at = start + 1
    if at < len(text) and text[at] in "'\"":
        closing = text.find(text[at] + "]", at + 1)
        return closing + 2 if closing >= 0 else start
    closing = text.find("]", at)
    return closing + 1 if closing >= 0 else start
