"""Where a character of a scalar's value stands in the file that it was read from.

Folding, indentation and line breaks change nothing but blanks, so value and file are walked side by side, taking what
is no blank one by one. Only quoted scalars have longer ways to write a character.
"""

from __future__ import annotations

import re
from typing import Final

_BLANKS: Final = " \t\r\n"
_BLANK_RUN: Final = re.compile(r"[ \t\r\n]*")
# One character of a value as it is written in double and in single quotes.
_ESCAPED: Final = re.compile(r"(?:\\\r?\n[ \t]*)*(?:\\(?:x..|u....|U........|.)|.)", re.DOTALL)
_DOUBLED: Final = re.compile(r"''|.", re.DOTALL)
_PLAIN: Final = re.compile(r".", re.DOTALL)
_WAYS: Final = {'"': _ESCAPED, "'": _DOUBLED}


def offset_in_file(content: str, start: int, value: str, index: int) -> int:
    """Return the offset of `value[index]` in `content`, whose scalar begins at `start`."""
    first = content[start : start + 1]
    at = _text_begin(content, start, first)
    one_char = _WAYS.get(first, _PLAIN)
    for char in value[:index]:
        if char in _BLANKS:
            continue
        found = one_char.match(content, _after_blanks(content, at))
        if found is None:
            return len(content)
        at = found.end()
    if value[index : index + 1].strip(_BLANKS):
        at = _after_blanks(content, at)
    return min(at, len(content))


def _after_blanks(content: str, at: int) -> int:
    run = _BLANK_RUN.match(content, at)
    return at if run is None else run.end()


def _text_begin(content: str, start: int, first: str) -> int:
    """Return where the scalar's text begins: behind a quote, or behind the line of a block's mark."""
    if first in _WAYS:
        return start + 1
    if first in ("|", ">"):
        end = content.find("\n", start)
        return len(content) if end < 0 else end + 1
    return start
