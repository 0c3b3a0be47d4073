"""The functions of values: each wraps an extractor and is one itself.

A transformer without a value to work on has none. On a list those of one value work element by element, `len` excepted.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from tercel.events.types import PF_DEC, PT_BYTEBUF, PT_CHARBUF, PT_FSPATH, PT_FSRELPATH, PT_UINT64
from tercel.fields import render
from tercel.fields.base import FF_LIST, SCOPE_PROCESS, Extractor, FieldSpec
from tercel.filters.patterns import as_bytes, ascii_lower
from tercel.state.context import Context

_TEXT: Final = frozenset({PT_CHARBUF, PT_FSPATH, PT_FSRELPATH})
_UPPER: Final[dict[int, int]] = {ord("a") + k: ord("A") + k for k in range(26)}
_BASE64: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")


class Transformed(Extractor):
    """An extractor whose value is made from another's, element by element."""

    def __init__(self, source: Extractor, kind: int, flags: int, text: str) -> None:
        """Work on `source`; the result has the type `kind`."""
        spec = source.spec
        super().__init__(FieldSpec(spec.name, kind, spec.scope, spec.doc, flags, spec.print_format), None, text)
        self.source: Extractor = source
        self.options = source.options
        _follow(self, [source])

    def one(self, value: object) -> object:
        """Return the result for one value, or None."""
        raise NotImplementedError

    def extract(self, ctx: Context) -> object:
        """Return the result for the event."""
        value = self.source.extract(ctx)
        if value is None:
            return None
        if isinstance(value, list):
            results = [self.one(item) for item in value if item is not None]
            return [result for result in results if result is not None]
        return self.one(value)


class ToLower(Transformed):
    """`tolower`: ASCII letters in lower case."""

    def one(self, value: object) -> object:
        """Return the text in lower case."""
        return ascii_lower(value) if isinstance(value, str) else None


class ToUpper(Transformed):
    """`toupper`: ASCII letters in upper case."""

    def one(self, value: object) -> object:
        """Return the text in upper case."""
        if not isinstance(value, str):
            return None
        return value.upper() if value.isascii() else value.translate(_UPPER)


class Base64(Transformed):
    """`b64`: what a base64 text encodes; padding may be missing, anything else wrong leaves no value."""

    def one(self, value: object) -> object:
        """Return the decoded text or buffer."""
        if isinstance(value, str):
            decoded = decode_base64(value)
            return None if decoded is None else decoded.split(b"\x00", 1)[0].decode("utf-8", "surrogateescape")
        return decode_base64(value.decode("latin-1")) if isinstance(value, bytes) else None


def decode_base64(text: str) -> bytes | None:
    """Return what a base64 text encodes, None when it is none."""
    import binascii

    body = text.rstrip("=")
    if len(text) - len(body) > 2 or len(body) % 4 == 1 or not _BASE64.issuperset(body):
        return None
    return binascii.a2b_base64(body + "=" * (-len(body) % 4))


class Basename(Transformed):
    """`basename`: what follows the last slash."""

    def one(self, value: object) -> object:
        """Return the last component of a path."""
        return value[value.rfind("/") + 1 :] if isinstance(value, str) else None


class Length(Transformed):
    """`len`: elements of a list, bytes of a text or buffer."""

    def extract(self, ctx: Context) -> object:
        """Return the length of the source's value."""
        value = self.source.extract(ctx)
        if isinstance(value, list | bytes):
            return len(value)
        if isinstance(value, str):
            text = value.split("\x00", 1)[0]
            return len(text) if text.isascii() else len(as_bytes(text))
        return None

    def print_format(self, ctx: Context) -> int:
        """Return PF_DEC: a length is a plain number whatever the source is."""
        return PF_DEC


class Literal(Extractor):
    """A constant among a transformer's arguments."""

    def __init__(self, value: str) -> None:
        """Keep the constant."""
        super().__init__(FieldSpec("", PT_CHARBUF, SCOPE_PROCESS, ""), None, value)
        self.value: str = value

    def extract(self, ctx: Context) -> object:
        """Return the constant."""
        return self.value


class Sequence(Extractor):
    """A parenthesised list among a transformer's arguments: its values, lists flattened."""

    def __init__(self, items: list[Extractor]) -> None:
        """Keep the elements."""
        super().__init__(FieldSpec("", PT_CHARBUF, SCOPE_PROCESS, "", FF_LIST), None, "")
        self.items: list[Extractor] = items
        _follow(self, items)

    def extract(self, ctx: Context) -> object:
        """Return the texts of all elements, None when one has no value."""
        found: list[object] = []
        for item in self.items:
            texts = texts_of(item, ctx)
            if texts is None:
                return None
            found.extend(texts)
        return found


class Join(Extractor):
    """`join`: the texts of a list with a separator between them."""

    def __init__(self, separator: Extractor, items: Extractor, text: str) -> None:
        """Join `items` with `separator`."""
        super().__init__(FieldSpec("join", PT_CHARBUF, SCOPE_PROCESS, ""), None, text)
        self.separator: Extractor = separator
        self.items: Extractor = items
        _follow(self, [separator, items])

    def extract(self, ctx: Context) -> object:
        """Return the joined text."""
        separator = self.separator.extract(ctx)
        texts = texts_of(self.items, ctx)
        return separator.join(texts) if isinstance(separator, str) and texts is not None else None


class Concat(Extractor):
    """`concat`: texts one behind the other."""

    def __init__(self, parts: list[Extractor], text: str) -> None:
        """Put `parts` together."""
        super().__init__(FieldSpec("concat", PT_CHARBUF, SCOPE_PROCESS, ""), None, text)
        self.parts: list[Extractor] = parts
        _follow(self, parts)

    def extract(self, ctx: Context) -> object:
        """Return the texts put together, None when one is missing."""
        pieces: list[str] = []
        for part in self.parts:
            value = part.extract(ctx)
            if not isinstance(value, str):
                return None
            pieces.append(value)
        return "".join(pieces)


class GetOpt(Extractor):
    """`getopt`: the short options of an argument list, or the value of one of them."""

    def __init__(self, argv: Extractor, options: Extractor, option: str | None, text: str) -> None:
        """Read `argv` as the option string `options` says; `option` is the one asked for, None for all."""
        flags = FF_LIST if option is None else 0
        super().__init__(FieldSpec("getopt", PT_CHARBUF, SCOPE_PROCESS, "", flags), option, text)
        self.argv: Extractor = argv
        self.accepted: Extractor = options
        _follow(self, [argv, options])

    def extract(self, ctx: Context) -> object:
        """Return letters and values in the order given, or the last value of the option asked for."""
        argv = texts_of(self.argv, ctx)
        accepted = self.accepted.extract(ctx)
        if argv is None or not isinstance(accepted, str):
            return None
        found = parse_options(argv, accepted)
        if self.arg is None:
            words: list[object] = []
            for letter, value in found:
                words.append(letter)
                if value is not None:
                    words.append(value)
            return words
        result: str | None = None
        for letter, value in found:
            if letter == self.arg:
                result = value or ""
        return result


def sources_of(made: Extractor) -> list[Extractor]:
    """Return what a transformer's value is made from; nothing for a field."""
    if isinstance(made, Transformed):
        return [made.source]
    if isinstance(made, Sequence):
        return made.items
    if isinstance(made, Join):
        return [made.separator, made.items]
    if isinstance(made, Concat):
        return made.parts
    return [made.argv, made.accepted] if isinstance(made, GetOpt) else []


def parse_options(argv: list[str], accepted: str) -> list[tuple[str, str | None]]:
    """Return the short options at the beginning of an argument list, with their values where they take one.

    Long options are passed over; `--` or the first word that is no option ends the list; an option that `accepted` does
    not name is given as `?`.
    """
    found: list[tuple[str, str | None]] = []
    at = 0
    while at < len(argv):
        word = argv[at]
        at += 1
        if len(word) < 2 or word[0] != "-" or word == "--":
            break
        if word[1] == "-":
            continue
        k = 1
        while k < len(word):
            letter = word[k]
            k += 1
            place = accepted.find(letter) if letter != ":" else -1
            if place < 0:
                found.append(("?", None))
            elif accepted[place + 1 : place + 2] != ":":
                found.append((letter, None))
            elif k < len(word):
                found.append((letter, word[k:]))
                break
            else:
                found.append((letter, argv[at] if at < len(argv) else ""))
                at += 1
    return found


def texts_of(source: Extractor, ctx: Context) -> list[str] | None:
    """Return the texts of a value, one per element; None when there is no value."""
    value = source.extract(ctx)
    if value is None:
        return None
    kind = source.value_type(ctx)
    texts: list[str] = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str):
            texts.append(item)
        elif item is not None:
            texts.append(render.text(item, kind, source.print_format(ctx), source.options))
    return texts


def _follow(made: Extractor, sources: list[Extractor]) -> None:
    """Give what is made from several sources the widest of their scopes, and a memory if one of them has one."""
    scope: i64 = SCOPE_PROCESS
    for source in sources:
        scope = max(scope, source.scope)
        made.remembers = made.remembers or source.remembers
    made.scope = scope
    made.spec.scope = scope


SINGLE: Final[dict[str, type[Transformed]]] = {
    "tolower": ToLower,
    "toupper": ToUpper,
    "b64": Base64,
    "basename": Basename,
    "len": Length,
}
_ACCEPTED: Final[dict[str, frozenset[int]]] = {
    "tolower": _TEXT,
    "toupper": _TEXT,
    "b64": frozenset({PT_CHARBUF, PT_BYTEBUF}),
    "basename": _TEXT,
    "len": _TEXT | {PT_BYTEBUF},
}


def accepts(name: str, source: Extractor) -> bool:
    """Return whether a transformer of one value works on an extractor's type; `len` takes every list."""
    return source.spec.type in _ACCEPTED[name] or (name == "len" and source.spec.is_list)


def single(name: str, source: Extractor) -> Transformed:
    """Return a transformer of one value."""
    text = f"{name}({source.text})"
    if name == "len":
        return Length(source, PT_UINT64, 0, text)
    return SINGLE[name](source, source.spec.type, source.spec.flags, text)
