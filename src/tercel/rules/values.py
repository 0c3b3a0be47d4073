"""Values of fields as explanations show them: what a check compared, told apart from text that merely looks alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tercel.events import types
from tercel.events.event import MalformedEventError
from tercel.fields import render
from tercel.fields.base import FF_ANY, FF_EITHER, Extractor

if TYPE_CHECKING:
    from tercel.state.context import Context

MISSING: Final = "<NA>"
# Texts and numbers of these types look as they are; of other types the name helps to understand an answer.
_PLAIN: Final = frozenset({types.PT_CHARBUF, types.PT_FSPATH, types.PT_FSRELPATH, types.PT_BOOL})
_ESCAPES: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
_MOST_ITEMS: Final = 8
_MOST_CHARS: Final = 120


class FieldValue:
    """A field's value for one event.

    `json` is the value as JSON has it, None when it is missing; `text` is the same for people, texts in quotes;
    `printed` is what outputs show where that is another text. `note` says what else there is to know.
    """

    __slots__ = ("field", "json", "note", "printed", "text", "type_name", "unusual")

    def __init__(self, field: str, kind: int) -> None:
        """Start with a value that is missing."""
        self.field = field
        self.type_name = types.PARAM_TYPES[kind]
        self.unusual = kind not in _PLAIN
        self.json: object = None
        self.text = MISSING
        self.printed = ""
        self.note = ""

    @property
    def is_missing(self) -> bool:
        """Whether the event has no such value."""
        return self.json is None

    def sentence(self, *, with_type: bool) -> str:
        """Return the value in words; the type is named where it is asked for and not obvious."""
        if self.is_missing:
            return f"{self.field} is {MISSING}" + (f" ({self.note})" if self.note else "")
        remarks = [self.type_name] if with_type and self.unusual else []
        if self.printed:
            remarks.append(f"printed as {self.printed}")
        if self.note:
            remarks.append(self.note)
        return f"{self.field} is {self.text}" + (f" ({', '.join(remarks)})" if remarks else "")

    def as_json(self) -> dict[str, object]:
        """Return the value for programs."""
        value: dict[str, object] = {"field": self.field, "type": self.type_name, "value": self.json}
        if self.note:
            value["note"] = self.note
        return value


def field_value(extractor: Extractor, ctx: Context) -> FieldValue:
    """Return a field's value as a comparison sees it; the context stays as it is."""
    fd, named, malformed = ctx.fd, ctx.named_fd, ctx.malformed
    try:
        return _value(extractor, ctx)
    except MalformedEventError as error:
        value = FieldValue(extractor.text, extractor.spec.type)
        value.note = f"cannot be decoded: {error}"
        return value
    finally:
        # What is printed may turn the context to another descriptor.
        ctx.fd, ctx.named_fd, ctx.malformed = fd, named, malformed


def _value(extractor: Extractor, ctx: Context) -> FieldValue:
    compared = extractor.extract(ctx)
    kind = extractor.value_type(ctx)
    value = FieldValue(extractor.text, kind)
    if extractor.remembers:
        value.note = "depends on the events asked about before"
    if compared is None:
        return value
    print_format = extractor.print_format(ctx)
    shown = render.text(compared, kind, print_format, extractor.options)
    value.json = render.json_value(compared, kind, print_format, extractor.options)
    value.text = _item(compared, kind, print_format, extractor)
    is_candidates = bool(extractor.spec.flags & (FF_ANY | FF_EITHER)) and isinstance(compared, list)
    if is_candidates:
        value.text = f"any of {value.text}"
    printed = extractor.shown(ctx)
    if printed is not None and printed != shown and not is_candidates:
        value.printed = quoted(printed)
    return value


def _item(value: object, kind: int, print_format: int, extractor: Extractor) -> str:
    if isinstance(value, list):
        items = [_item(item, kind, print_format, extractor) for item in value[:_MOST_ITEMS]]
        if len(value) > _MOST_ITEMS:
            items.append(f"{len(value) - _MOST_ITEMS} more")
        return f"({', '.join(items)})"
    if value is None:
        return MISSING
    text = render.text(value, kind, print_format, extractor.options)
    return quoted(text) if isinstance(value, str) or kind == types.PT_BYTEBUF else text


def quoted(text: str) -> str:
    """Return a text in quotes, cut when it is long, blanks at its ends and control characters visible."""
    rest = len(text) - _MOST_CHARS
    if rest > 0:
        text = text[:_MOST_CHARS]
    inner = "".join([char if char.isprintable() and char not in _ESCAPES else _escaped(char) for char in text])
    return f'"{inner}"' + (f" and {rest} characters more" if rest > 0 else "")


def visible(text: str) -> str:
    """Return a text without anything that a terminal would obey."""
    return text if text.isprintable() else "".join([c if c.isprintable() else _escaped(c) for c in text])


def _escaped(char: str) -> str:
    known = _ESCAPES.get(char)
    if known is not None:
        return known
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
