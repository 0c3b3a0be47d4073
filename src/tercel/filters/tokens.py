"""The words of a condition: patterns, escapes, and places in the text.

The language has no token stream of its own: what a character means depends on what the grammar expects there (`in` may
be an operator, a macro or a constant). So the parser asks for one kind of word at a time, with these patterns.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final

from tercel.filters.ast import Position
from tercel.filters.errors import FilterError

_NAME = r"[a-zA-Z][a-zA-Z0-9_]*"
_SPACE = r" \t\n\v\f\r"

NOT: Final = re.compile(rf"not[{_SPACE}]+")
IDENTIFIER: Final = re.compile(_NAME)
FIELD: Final = re.compile(rf"{_NAME}(?:\.{_NAME})+")
ARGUMENT: Final = re.compile(rf"[^\[\]\"'{_SPACE}]+")
NUMBER: Final = re.compile(r"0[xX][0-9a-fA-F]+|[+-]?[0-9]+\.?[0-9]*(?:[eE][+-][0-9]+)?")
BARE: Final = re.compile(rf"[^()\"'{_SPACE}=,]+")
OPERATOR: Final = re.compile(
    r"exists|<=|<|>=|>|==|=|!="
    r"|(?:glob|iglob|contains|icontains|bcontains|startswith|bstartswith|endswith|regex)(?=[ \t\b\r\n])"
    r"|intersects|in|pmatch"
)
MODIFIER: Final = re.compile(
    rf"(?:oneof|anyof|allof)(?=[{_SPACE}(])[ \t\b\r\n]*(?=\(|(?!(?:and|or|not)(?:[{_SPACE}(]|$))[a-zA-Z])"
)
TRANSFORMER: Final = re.compile(r"(?:tolower|toupper|b64|basename|len|join|concat|getopt)(?=\()")
BLANKS: Final = " \t\b\r\n"
QUOTES: Final = "\"'"

# The checks that nearly all conditions consist of, each as a whole: a field, an operator and a plain constant or the
# beginning of a list. What is written in another way is read word by word. The groups have numbers below.
_WORDY: Final = r"(?:glob|iglob|contains|icontains|bcontains|startswith|bstartswith|endswith|regex)(?=[ \t\r\n])"
_END: Final = r"(?=[ \t\r\n)]|\Z)"
COMMON_CHECK: Final = re.compile(
    rf"([a-zA-Z][a-zA-Z0-9_]*+(?:\.[a-zA-Z][a-zA-Z0-9_]*+)++)(?:\[([^\[\]\"'{_SPACE}]+)\])?[ \t\r\n]*+(?:"
    rf"(==?|!=|{_WORDY})[ \t\r\n]*+(?!oneof|anyof|allof)(?:([^()\"'{_SPACE}=,]++){_END}|\"([^\"\\]*)\"|'([^'\\]*)')"
    r"|(intersects|in|pmatch)[ \t\r\n]*+(?=\()"
    rf"|(<=?|>=?)[ \t\r\n]*+([+-]?[0-9]++){_END}"
    r"|(exists))"
)
CHECK_FIELD: Final = 1
CHECK_ARGUMENT: Final = 2
CHECK_OPERATOR: Final = 3  # of a constant: bare, in one or the other kind of quotes
CHECK_BARE: Final = 4
CHECK_LIST_OPERATOR: Final = 7
CHECK_ORDER_OPERATOR: Final = 8
CHECK_NUMBER: Final = 9
CHECK_EXISTS: Final = 10

# What stands between the parentheses of a list of plain constants, and one of these.
COMMON_ITEM: Final = re.compile(rf"[^()\"'{_SPACE}=,\b]++|\"[^\"\\]*+\"|'[^'\\]*+'")
_ITEM: Final = rf"(?:{COMMON_ITEM.pattern})[ \t\r\n]*+"
COMMON_LIST: Final = re.compile(rf"[ \t\r\n]*+(?:{_ITEM}(?:,[ \t\r\n]*+{_ITEM})*+)?+")

_SIMPLE_ESCAPES: Final[dict[str, str]] = {
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    " ": "\\",
    "\\": "\\",
    "/": "/",
}
_OUTPUT_ESCAPES: Final[dict[str, str]] = {
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\\": "\\\\",
    '"': '\\"',
}
_LAST_CHAR: Final = 0x7F  # an escape that gives more than this is a byte of something longer
_BREAKS: Final = re.compile(r"[\r\n]")
_NEEDS_QUOTES: Final = re.compile(r"[\x00-\x20\x7f=\"'\\]")
_PUNCTUATION: Final = re.compile(r"[(),]")
_NEEDS_QUOTES_IN_BRACKETS: Final = re.compile(r"[\x00-\x20\x7f\"'\\\[\]]")


def closing_quote(text: str, start: int) -> int:
    """Return the index of the quote that closes the one at `start`, or -1; one behind a backslash never closes."""
    quote = text[start]
    end = text.find(quote, start + 1)
    while end > 0 and text[end - 1] == "\\":
        end = text.find(quote, end + 1)
    return end


def unescape(body: str, quote: str) -> str:
    """Return a quoted string's value; raise FilterError (its place still to be set) for an unknown escape."""
    if "\\" not in body:
        return body
    pieces: list[str] = []
    at = 0
    has_bytes = False
    while True:
        slash = body.find("\\", at)
        if slash < 0:
            pieces.append(body[at:])
            break
        pieces.append(body[at:slash])
        piece, at = _escape(body, slash + 1, quote)
        has_bytes = has_bytes or ord(piece) > _LAST_CHAR
        pieces.append(piece)
    value = "".join(pieces)
    # Bytes written one by one may together be UTF-8.
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape") if has_bytes else value


def _escape(body: str, at: int, quote: str) -> tuple[str, int]:
    letter = body[at : at + 1]
    simple = _SIMPLE_ESCAPES.get(letter)
    if simple is not None:
        return simple, at + 1
    if letter in {"'", '"'}:
        if letter != quote:
            msg = f"invalid \\{letter} escape in {quote}-quoted string"
            raise FilterError(msg)
        return letter, at + 1
    if letter == "x":
        return _hex_escape(body, at + 1)
    msg = f"unsupported string escape sequence: \\{letter}"
    raise FilterError(msg)


def _hex_escape(body: str, at: int) -> tuple[str, int]:
    digits = body[at : at + 2]
    if len(digits) < 2:
        msg = "truncated hex char escape sequence"
        raise FilterError(msg)
    if not all(digit in "0123456789abcdefABCDEF" for digit in digits):
        msg = f"invalid hex char escape sequence: {digits}"
        raise FilterError(msg)
    return bytes.fromhex(digits).decode("utf-8", "surrogateescape"), at + 2


def quoted(value: str) -> str:
    """Return a constant in double quotes."""
    pieces = [
        _OUTPUT_ESCAPES.get(char) or (f"\\x{ord(char):02x}" if char < " " or char == "\x7f" else char) for char in value
    ]
    if value.endswith("\\"):
        # A quote behind a backslash does not close the string, so the last backslash is written as its number.
        pieces[-1] = "\\x5c"
    return '"' + "".join(pieces) + '"'


def constant_text(value: str, *, parsable: bool = False) -> str:
    """Return a constant as a condition shows it: in quotes only where it has to be."""
    if parsable and (not value or _PUNCTUATION.search(value)):
        return quoted(value)
    return quoted(value) if _NEEDS_QUOTES.search(value) else value


def argument_text(value: str) -> str:
    """Return a field's argument as it stands between the brackets."""
    return value if value and not _NEEDS_QUOTES_IN_BRACKETS.search(value) else quoted(value)


class Lines:
    """Turns indexes of a text into lines and columns."""

    def __init__(self, text: str) -> None:
        """Note where the text's lines begin; newline and carriage return each end a line."""
        self._starts: list[int] = [0]
        self._starts.extend([found.end() for found in _BREAKS.finditer(text)])

    def position(self, index: int) -> Position:
        """Return the place of a character."""
        starts = self._starts
        line = bisect_right(starts, index)
        return Position(index, line, index - starts[line - 1] + 1)
