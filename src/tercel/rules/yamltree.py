"""YAML text as a tree of nodes that know where they stand.

The tree is built from the parser's events, with a stack of its own: the C library's composer recurses and crashes on
depth, and it lets an alias bomb through. Depth, size and the number of nodes that aliases reach are counted here.
Scalars stay text: what a value means is decided where it is read (`tercel.rules.decode`).
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol

import yaml
from mypy_extensions import i32

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_BYTES: Final = 16 << 20
MAX_DEPTH: Final = 100
MAX_NODES: Final = 1_000_000

NULL: Final[i32] = 0
SCALAR: Final[i32] = 1
SEQUENCE: Final[i32] = 2
MAPPING: Final[i32] = 3

_SCALAR_EVENT: Final = yaml.ScalarEvent
_SEQUENCE_START: Final = yaml.SequenceStartEvent
_SEQUENCE_END: Final = yaml.SequenceEndEvent
_MAPPING_START: Final = yaml.MappingStartEvent
_MAPPING_END: Final = yaml.MappingEndEvent
_ALIAS_EVENT: Final = yaml.AliasEvent
_DOCUMENT_START: Final = yaml.DocumentStartEvent
_STREAM_END: Final = yaml.StreamEndEvent
_SHORT: Final = 48  # characters of a value that may be expected again

_NULL_WORDS: Final = frozenset(("", "~", "null", "Null", "NULL"))
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# The parser's complaints in the words in which Falco's users know them.
_PROBLEMS: Final[dict[str, str]] = {
    "mapping values are not allowed in this context": "illegal map value",
    "block sequence entries are not allowed in this context": "illegal block entry",
    "mapping keys are not allowed in this context": "illegal map key",
    "did not find expected key": "end of map not found",
    "did not find expected '-' indicator": "end of sequence not found",
    "did not find expected ',' or ']'": "end of sequence flow not found",
    "did not find expected ',' or '}'": "end of map flow not found",
    "found unknown escape character": "unknown escape character",
    "found unexpected end of stream": "end of stream within a quoted text",
}
_BOMS: Final[tuple[tuple[bytes, str], ...]] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class YamlError(ValueError):
    """The text is not YAML, or goes beyond a limit; line, column and offset count from 0."""

    def __init__(self, message: str, line: int, column: int, offset: int) -> None:
        """Keep what is wrong and where."""
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.offset = offset


class _Mark(Protocol):
    """Where an event begins."""

    line: int
    column: int
    index: int


# Shared by all nodes that have no children: there are many of them.
_NO_ITEMS: Final[list[YamlNode]] = []
_NO_PAIRS: Final[list[tuple[YamlNode, YamlNode]]] = []


class YamlNode:
    """A node: its kind, its place (from 0) and, by kind, its text, items or pairs.

    `size` counts the node and all below it, through aliases as well. `closed` is false while its children are read.
    """

    __slots__ = ("closed", "column", "items", "kind", "line", "offset", "pairs", "size", "text")

    def __init__(self, kind: i32, line: i32, column: i32, offset: i32, text: str = "") -> None:
        """Make a node without children."""
        self.kind: i32 = kind
        self.line: i32 = line
        self.column: i32 = column
        self.offset: i32 = offset
        self.text: str = text
        self.items: list[YamlNode] = [] if kind == SEQUENCE else _NO_ITEMS
        self.pairs: list[tuple[YamlNode, YamlNode]] = [] if kind == MAPPING else _NO_PAIRS
        self.size: i32 = 1
        self.closed: bool = kind < SEQUENCE

    def get(self, key: str) -> YamlNode | None:
        """Return the value of a key of a mapping, or None."""
        for name, value in self.pairs:
            if name.text == key and name.kind == SCALAR:
                return value
        return None


def decode(content: bytes | str) -> str:
    """Return the text of a file, or raise YamlError where it is too long or no text."""
    if isinstance(content, str):
        if len(content) > MAX_BYTES:
            _too_long()
        return content
    if len(content) > MAX_BYTES:
        _too_long()
    encoding = "utf-8"
    for mark, name in _BOMS:
        if content.startswith(mark):
            content = content[len(mark) :]
            encoding = name
            break
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        before = content[: error.start].decode(encoding, "replace")
        message = f"byte {error.start} is not {encoding.upper()} text: the file is not a text file"
        raise _error_at(before, len(before), message) from None


def documents(text: str) -> list[YamlNode]:
    """Return the root of each document of the text; raise YamlError where it cannot be read."""
    try:
        return _Composer(text).run()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = _PROBLEMS.get(error.problem or "", error.problem or "")
        if mark is None:
            raise YamlError(problem, 0, 0, 0) from None
        raise YamlError(_located(problem, mark.line, mark.column), mark.line, mark.column, mark.index) from None
    except yaml.YAMLError:
        raise _unreadable(text) from None
    except UnicodeEncodeError as error:
        raise _error_at(text, error.start, "character that no text may hold") from None


class _Composer:
    """Builds the tree of one text."""

    def __init__(self, text: str) -> None:
        self._loader = _LOADER(text)
        self._roots: list[YamlNode] = []
        self._open: list[YamlNode] = []
        self._keys: list[YamlNode | None] = []
        self._seen_keys: list[set[str]] = []
        self._anchors: dict[str, YamlNode] = {}
        self._nodes = 0
        # Keys and short values come again and again: each is kept once.
        self._texts: dict[str, str] = {}

    def run(self) -> list[YamlNode]:
        """Read all events and return the documents' roots."""
        next_event: Callable[[], Any] = self._loader.get_event
        while True:
            event = next_event()
            kind = type(event)
            if kind is _SCALAR_EVENT:
                self._scalar(event)
            elif kind is _SEQUENCE_START:
                self._enter(SEQUENCE, event)
            elif kind is _MAPPING_START:
                self._enter(MAPPING, event)
            elif kind is _SEQUENCE_END or kind is _MAPPING_END:
                self._close()
            elif kind is _ALIAS_EVENT:
                self._alias(event)
            elif kind is _DOCUMENT_START:
                self._anchors.clear()
            elif kind is _STREAM_END:
                return self._roots

    def _scalar(self, event: Any) -> None:  # noqa: ANN401 - what the parser gives
        mark = event.start_mark
        text: str = event.value
        kind = NULL if text in _NULL_WORDS and event.implicit[0] else SCALAR
        if len(text) <= _SHORT:
            text = self._texts.setdefault(text, text)
        self._add(YamlNode(kind, mark.line, mark.column, mark.index, text), event.anchor)

    def _enter(self, kind: i32, event: Any) -> None:  # noqa: ANN401 - what the parser gives
        mark = event.start_mark
        if len(self._open) >= MAX_DEPTH:
            _fail(f"nested more than {MAX_DEPTH} levels deep", mark)
        node = YamlNode(kind, mark.line, mark.column, mark.index)
        self._add(node, event.anchor)
        self._open.append(node)
        self._keys.append(None)
        self._seen_keys.append(set())

    def _close(self) -> None:
        node = self._open.pop()
        self._keys.pop()
        self._seen_keys.pop()
        node.closed = True
        size = node.size
        for child in node.items:
            size += child.size
        for key, value in node.pairs:
            size += key.size + value.size
        node.size = size

    def _alias(self, event: Any) -> None:  # noqa: ANN401 - what the parser gives
        anchor: str = event.anchor
        node = self._anchors.get(anchor)
        if node is None:
            _fail(f"the anchor '{anchor}' is not defined", event.start_mark)
        if not node.closed:
            _fail(f"the alias '{anchor}' stands within what it refers to", event.start_mark)
        self._count(node.size, event.start_mark)
        self._attach(node, event.start_mark)

    def _add(self, node: YamlNode, anchor: str | None) -> None:
        self._count(1, node)
        if anchor is not None:
            self._anchors[anchor] = node
        self._attach(node, node)

    def _count(self, size: int, place: _Mark | YamlNode) -> None:
        self._nodes += size
        if self._nodes > MAX_NODES:
            _fail(f"more than {MAX_NODES} values in the file, counting what aliases repeat", place)

    def _attach(self, node: YamlNode, place: _Mark | YamlNode) -> None:
        if not self._open:
            self._roots.append(node)
            return
        parent = self._open[-1]
        if parent.kind == SEQUENCE:
            parent.items.append(node)
            return
        key = self._keys[-1]
        if key is None:
            self._keys[-1] = node
            if node.kind == SCALAR:
                if node.text in self._seen_keys[-1]:
                    _fail(f"the key '{node.text}' appears twice in one mapping", place)
                self._seen_keys[-1].add(node.text)
            return
        parent.pairs.append((key, node))
        self._keys[-1] = None


def _located(problem: str, line: int, column: int) -> str:
    return f"yaml-cpp: error at line {line + 1}, column {column + 1}: {problem}"


def _fail(problem: str, place: _Mark | YamlNode) -> NoReturn:
    offset = place.offset if isinstance(place, YamlNode) else place.index
    raise YamlError(_located(problem, place.line, place.column), place.line, place.column, offset)


def _too_long() -> NoReturn:
    raise YamlError(f"the file is longer than {MAX_BYTES >> 20} MiB", 0, 0, 0)


def _error_at(text: str, offset: int, problem: str) -> YamlError:
    line = text.count("\n", 0, offset)
    column = offset - (text.rfind("\n", 0, offset) + 1)
    return YamlError(_located(problem, line, column), line, column, offset)


def _unreadable(text: str) -> YamlError:
    """Return the error for the first character that YAML does not allow."""
    for offset, char in enumerate(text):
        if not (char.isprintable() or char in "\t\n\r\x85\xa0\u2028\u2029\ufeff") and (char < " " or char == "\x7f"):
            return _error_at(text, offset, f"control character U+{ord(char):04X} is not allowed")
    for offset, char in enumerate(text):
        if "\x80" <= char <= "\x9f" or 0xD800 <= ord(char) <= 0xDFFF or char in "\ufffe\uffff":
            return _error_at(text, offset, f"character U+{ord(char):04X} is not allowed")
    return YamlError("the text is not YAML", 0, 0, 0)
